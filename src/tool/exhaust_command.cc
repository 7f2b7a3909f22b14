#include <cmath>
#include <cstdio>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/duration.h"
#include "harness/exhaust.h"
#include "tool/commands.h"
#include "tool/common.h"

namespace walkrace {
namespace {

struct ExhaustArguments {
  ContextOptions context;
  std::string scenario;
  uint64_t preemptions = 0;
  bool preemptions_given = false;
  std::string seconds;
  std::string resume;
  std::string save;
  bool strict = false;
  bool json = false;
};

bool IsWeak(const ExhaustOptions& options) { return options.context.run.memory != MemoryKind::kSc; }

std::string SayBound(uint32_t bound, bool weak) {
  return absl::StrCat(bound, weak ? " exception" : " preemption", bound == 1 ? "" : "s");
}

std::string SayDelays(const char* between, const char* last) {
  std::string text;
  for (size_t i = 0; i < std::size(WeakSearch::kDelays); ++i) {
    const bool is_last = i + 1 == std::size(WeakSearch::kDelays);
    absl::StrAppend(&text, i == 0 ? "" : (is_last ? last : between), WeakSearch::kDelays[i]);
  }
  return text;
}

// What no bound of a weak memory model covers.
std::string SayWeakLimits() {
  return absl::StrCat(
      "delays of a store tried: ", SayDelays(", ", " and "),
      " further events of its CPU; no store is put below one that took effect before it, no "
      "read-modify-write is late, at most 8 stores of a CPU wait at once, no load runs after a "
      "later store of its CPU");
}

// "273 equivalence classes, 273 schedules": schedules alone where equivalent ones are not told
// apart.
std::string SayCounts(const ExhaustResult& result, bool weak) {
  const std::string classes = weak ? "" : absl::StrCat(result.classes, " equivalence classes, ");
  return absl::StrCat(classes, result.schedules, " schedules run");
}

std::string SayTime(double seconds) {
  if (seconds < 120) return absl::StrFormat("%.0f s", seconds);
  if (seconds < 7200) return absl::StrFormat("%.0f min", seconds / 60);
  return absl::StrFormat("%.0f h", seconds / 3600);
}

void TellProgress(const ExhaustProgress& progress, bool weak) {
  constexpr double kTellsOfTheRest = 0.01;
  std::string left;
  if (progress.covered > kTellsOfTheRest && progress.covered < 1) {
    left = absl::StrCat(", some ",
                        SayTime(progress.seconds / progress.covered * (1 - progress.covered)),
                        " to go if the rest is alike");
  }
  const std::string classes = weak ? "" : absl::StrCat(", ", progress.classes, " classes");
  std::fprintf(
      stderr, "walkrace: %s: %llu schedules%s, about %.1f%% covered%s\n",
      progress.bound.has_value() ? SayBound(*progress.bound, weak).c_str() : "all schedules",
      static_cast<unsigned long long>(progress.schedules), classes.c_str(), progress.covered * 100,
      left.c_str());
}

const char* WordOf(ExhaustEnd end) {
  switch (end) {
    case ExhaustEnd::kComplete:
      return "complete";
    case ExhaustEnd::kBounded:
      return "bounded";
    case ExhaustEnd::kViolation:
      return "violation";
    case ExhaustEnd::kStopped:
    case ExhaustEnd::kStale:
      break;
  }
  return "stopped";
}

std::string Certificate(const ExhaustResult& result, bool weak) {
  switch (result.end) {
    case ExhaustEnd::kComplete:
      return absl::StrCat(
          "complete", weak ? ", every schedule, every old value and every delay that is tried" : "",
          ": ", SayCounts(result, weak), ", 0 violations");
    case ExhaustEnd::kBounded:
      return absl::StrCat("complete to ", SayBound(result.bound.value_or(0), weak), ": ",
                          SayCounts(result, weak), ", 0 violations; of more ",
                          weak ? "exceptions" : "preemptions", " nothing is proved");
    case ExhaustEnd::kViolation:
      return VerdictText(result.report, result.signature);
    case ExhaustEnd::kStopped:
    case ExhaustEnd::kStale:
      break;
  }
  const std::string classes =
      weak ? "" : absl::StrCat(", ", result.classes, " equivalence classes");
  std::string text = absl::StrCat(
      "stopped at ", result.schedules, " schedules", classes, ": covered about ",
      absl::StrFormat("%.1f%%", result.covered * 100),
      result.covered_bound.has_value()
          ? absl::StrCat(" of those with at most ", SayBound(*result.covered_bound, weak))
          : "",
      ", no violation so far");
  if (result.bound.has_value()) {
    absl::StrAppend(&text, "; complete to ", SayBound(*result.bound, weak));
  }
  return absl::StrCat(text, "; nothing is proved of the rest");
}

void PrintText(const ExhaustArguments& arguments, const ExhaustOptions& options,
               const ExhaustResult& result, bool saved, bool kept) {
  const bool weak = IsWeak(options);
  std::printf("%s\n", Certificate(result, weak).c_str());
  if (weak && result.end != ExhaustEnd::kViolation) {
    std::printf("  an exception: a preemption, a load of an older value, or a late store; %s\n",
                SayWeakLimits().c_str());
  }
  const uint64_t schedules = result.schedules + result.schedules_before;
  std::string before;
  if (result.schedules_before != 0) {
    before = absl::StrCat(" (", result.schedules_before, " before, of few ",
                          weak ? "exceptions)" : "preemptions)");
  }
  std::printf("  exhaust%s: %llu schedules%s in %.1f s (%.0f/s)\n",
              ContextFlags(options.context).c_str(), static_cast<unsigned long long>(schedules),
              before.c_str(), result.seconds, schedules / std::fmax(result.seconds, 1e-9));
  if (result.known_exposed != 0) {
    std::printf("  known exposed: %s, %llu times (--strict makes it a violation)\n",
                result.exposure == nullptr ? "before it was resumed" : result.exposure->name,
                static_cast<unsigned long long>(result.known_exposed));
  }
  if (kept) {
    std::printf("  kept in %s: --resume %s goes on %s\n", arguments.resume.c_str(),
                arguments.resume.c_str(),
                result.covered_bound.has_value()
                    ? absl::StrCat("with those of ", SayBound(*result.covered_bound, weak),
                                   ", from their beginning")
                          .c_str()
                    : "from there");
  }
  if (result.end != ExhaustEnd::kViolation) return;
  if (result.asked && result.confirmed) std::printf("  confirmed on threads\n");
  PrintFinding(result.file, options.context, arguments.save, saved);
}

void PrintJson(const ExhaustArguments& arguments, const ExhaustOptions& options,
               const ExhaustResult& result, bool saved) {
  nlohmann::ordered_json json = VerdictJson(options.context, result.report, result.signature);
  // Of the last run, which says something only where it is the violating one.
  if (result.end != ExhaustEnd::kViolation) {
    for (const char* key : {"preemptions", "events", "trace_hash"}) json.erase(key);
    if (result.end != ExhaustEnd::kComplete) json["verdict"] = nullptr;
  }
  json["result"] = WordOf(result.end);
  const bool weak = IsWeak(options);
  json["classes"] = nullptr;  // not told apart
  if (!weak) json["classes"] = result.classes;
  json["schedules"] = result.schedules;
  json["schedules_before"] = result.schedules_before;
  json["seconds"] = result.seconds;
  const char* const bound_key = weak ? "exception_bound" : "preemption_bound";
  json[bound_key] = nullptr;
  if (result.bound.has_value() && result.end != ExhaustEnd::kComplete) {
    json[bound_key] = *result.bound;
  }
  if (weak) {
    json["delays"] = WeakSearch::kDelays;
    json["limits"] = SayWeakLimits();
  }
  json["covered"] = result.covered;
  json["covered_bound"] = nullptr;
  if (result.covered_bound.has_value()) json["covered_bound"] = *result.covered_bound;
  json["file"] = nullptr;
  if (saved) json["file"] = arguments.save;
  json["known_exposed"] = result.known_exposed;
  json["confirmed"] = nullptr;
  if (result.asked) json["confirmed"] = result.confirmed;
  json["interrupted"] = result.interrupted;
  std::printf("%s\n", json.dump().c_str());
}

absl::Status Check(const ExhaustArguments& arguments, ExhaustOptions& options) {
  options.strict = arguments.strict;
  if (arguments.preemptions_given) {
    if (arguments.preemptions > kStepsMax) {
      return absl::InvalidArgumentError(absl::StrCat("--preemptions ", arguments.preemptions,
                                                     ": a run has at most ", kStepsMax, " steps"));
    }
    options.preemptions = static_cast<uint32_t>(arguments.preemptions);
  }
  if (!arguments.seconds.empty()) {
    options.seconds_max = ParseDuration(arguments.seconds);
    if (options.seconds_max <= 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("--max-seconds ", arguments.seconds, ": say 90, 90s, 15m or 8h"));
    }
  }
  for (const std::string& path : {arguments.save, arguments.resume}) {
    if (path.empty()) continue;
    if (absl::Status status = CheckWritable(path); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// What a tree's own memory has beside the machine's is in no footprint: a proof would not be one.
absl::Status CheckNoTree(const ResolvedContext& context) {
  if (context.run.tree == nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "exhaust proves walkrace's own paths alone, not the code of a kernel tree; leave --tree out, "
      "or "
      "hunt");
}

// Of the file, or of the target.
absl::Status Load(const ExhaustArguments& arguments, ExhaustOptions& options) {
  if (!arguments.scenario.empty()) {
    auto input = LoadInput(arguments.scenario, arguments.context);
    if (!input.ok()) return input.status();
    options.context = input->context;
    options.scenario = input->file.input.scenario;
    return CheckNoTree(options.context);
  }
  auto names = arguments.context.Names();
  if (!names.ok()) return names.status();
  auto context = ResolveContext(*names, nullptr);
  if (!context.ok()) return context.status();
  options.context = *std::move(context);
  if (options.context.target->seed == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("target ", options.context.target->name, " runs no scenarios"));
  }
  const auto file = ParseText(absl::StrCat("walkrace 1\n", options.context.target->seed));
  if (!file.ok()) return file.status();
  options.scenario = file->input.scenario;
  return CheckNoTree(options.context);
}

// A search to go on from, where the file is there already.
absl::Status LoadState(const std::string& path, std::optional<ExhaustState>& state) {
  if (path.empty()) return absl::OkStatus();
  constexpr size_t kStateBytesMax = size_t{1} << 28;
  auto text = ReadFile(path, kStateBytesMax);
  if (absl::IsNotFound(text.status())) return absl::OkStatus();
  if (!text.ok()) return text.status();
  auto parsed = ParseState(*text);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", parsed.status().message()));
  }
  state = *std::move(parsed);
  return absl::OkStatus();
}

int ExitCode(const ExhaustResult& result) {
  switch (result.end) {
    case ExhaustEnd::kComplete:
    case ExhaustEnd::kBounded:  // only where it was asked for
      return kExitClean;
    case ExhaustEnd::kViolation:
      return ExitCodeOf(result.report);
    case ExhaustEnd::kStopped:
    case ExhaustEnd::kStale:
      break;
  }
  return result.interrupted ? kExitInterrupted : kExitTimeout;
}

absl::Status CheckNoResume(const ExhaustArguments& arguments, const ExhaustOptions& options) {
  if (arguments.resume.empty() || !IsWeak(options)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--resume keeps searches of sequential consistency alone, not of --memory ",
                   MemoryRowOf(options.context.run.memory).name, "; leave it out"));
}

int RunExhaust(const ExhaustArguments& arguments) {
  ExhaustOptions options;
  options.progress = [&options](const ExhaustProgress& progress) {
    TellProgress(progress, IsWeak(options));
  };
  if (absl::Status status = Check(arguments, options); !status.ok()) return UsageError(status);
  if (absl::Status status = Load(arguments, options); !status.ok()) return UsageError(status);
  if (absl::Status status = CheckNoResume(arguments, options); !status.ok()) {
    return UsageError(status);
  }
  std::optional<ExhaustState> resumed;
  if (absl::Status status = LoadState(arguments.resume, resumed); !status.ok()) {
    return UsageError(status);
  }
  if (resumed.has_value()) options.resumed = &*resumed;
  if (!arguments.resume.empty()) {
    options.keep = [&arguments](const ExhaustState& state) {
      const absl::Status status = WriteFileAtomically(arguments.resume, PrintState(state));
      if (!status.ok()) {
        std::fprintf(stderr, "walkrace: %s\n", std::string(status.message()).c_str());
      }
    };
  }
  WarnWhereBlind(options.context);

  const ExhaustResult result = Exhaust(options);
  if (result.end == ExhaustEnd::kStale) {
    return UsageError(absl::InvalidArgumentError(absl::StrCat(
        arguments.resume,
        ": of another scenario, context, --preemptions, --strict or build; say another --resume "
        "FILE")));
  }
  bool kept = false;
  if (result.end == ExhaustEnd::kStopped && !arguments.resume.empty()) {
    kept = WriteOrPrint(arguments.resume, PrintState(result.state), "The search");
  }
  const bool saved = result.end == ExhaustEnd::kViolation && !arguments.save.empty() &&
                     WriteOrPrint(arguments.save, PrintText(result.file), "The finding");
  if (arguments.json) {
    PrintJson(arguments, options, result, saved);
  } else {
    PrintText(arguments, options, result, saved, kept);
  }
  if (!result.confirmed) {
    std::fprintf(stderr,
                 "walkrace: the finding does not come out the same on OS threads: a defect of "
                 "walkrace or of the code under test (it depends on something outside the run)\n");
    return kExitInfrastructure;
  }
  return ExitCode(result);
}

}  // namespace

void AddExhaustCommand(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<ExhaustArguments>();
  CLI::App* command = app.add_subcommand(
      "exhaust", "run every schedule of one scenario, up to equivalence: a bounded proof");
  arguments->context.AddTo(*command);
  command->add_option("--scenario", arguments->scenario,
                      "the scenario of this file; without it, the seed scenario of the target");
  CLI::Option* preemptions = command
                                 ->add_option("--preemptions", arguments->preemptions,
                                              "only schedules of at most so many preemptions; "
                                              "under weak memory: of so many preemptions, old "
                                              "loads and late stores together")
                                 ->check(WholeNumber());
  command->add_option("--max-seconds", arguments->seconds,
                      "stop after this time (90, 90s, 15m, 8h), with exit code 70");
  command->add_option("--resume", arguments->resume,
                      "where a search that is stopped is kept, and gone on from; not under weak "
                      "memory");
  command->add_option("--save", arguments->save, "where to write the violating schedule");
  command->add_flag("--strict", arguments->strict,
                    "known exposures of the profile are violations, too");
  command->add_flag("--json", arguments->json, "one object on one line");
  command->footer(
      "Two schedules are equivalent where only steps change places that do not touch the same\n"
      "things: each oracle judges them alike. Runs on fibers, unless --backend says otherwise.\n"
      "Data races, which ThreadSanitizer alone sees, are no part of the proof.\n"
      "Under a weak --memory nothing is left out as equivalent: it goes on from few exceptions\n"
      "(preemptions, loads of older values, late stores) to more, each bound a proof of its own.");
  command->callback([arguments, preemptions, command, &exit_code] {
    arguments->preemptions_given = preemptions->count() != 0;
    if (command->get_option("--backend")->count() == 0) Runner::Get().set_backend(Fibers());
    exit_code = RunExhaust(*arguments);
  });
}

}  // namespace walkrace
