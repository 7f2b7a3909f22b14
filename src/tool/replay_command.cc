#include <chrono>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "harness/describe.h"
#include "harness/known_exposures.h"
#include "harness/race_reports.h"
#include "harness/recorded_trace.h"
#include "harness/replays.h"
#include "oracle/data_race_oracle.h"
#include "tool/commands.h"
#include "tool/common.h"

namespace walkrace {
namespace {

struct ReplayArguments {
  std::string path;
  ContextOptions context;
  uint64_t repeat = 1;
  bool repeat_given = false;
  bool json = false;
  bool record = false;
};

struct Replays {
  ReplayTally tally;
  std::string drift;
  Parting parting;
  double seconds = 0;
  bool interrupted = false;
};

// A run that a data race cut short is no other run.
bool HasTraceToCompare(const WalkFile& file, const Report& report) {
  return !file.trace.empty() && !IsDataRace(report);
}

// `until_found`: only as often as it takes to find anything.
void ReplayAll(const LoadedInput& loaded, uint64_t repeat, bool until_found, Replays& replays) {
  Runner& runner = Runner::Get();
  Watchdog watchdog;
  const auto start = std::chrono::steady_clock::now();
  auto now = start;
  for (uint64_t i = 0; i < repeat; ++i) {
    const Report report = runner.Replay(loaded.file.input, loaded.context.run);
    watchdog.Pat();
    replays.tally.Add(runner.engine(), report);
    if (i == 0) {
      replays.drift = DriftOfLastReplay(runner, loaded.file);
      if (HasTraceToCompare(loaded.file, report)) {
        replays.parting = PartingFrom(loaded.file.trace, runner.engine());
      }
    }
    now = std::chrono::steady_clock::now();
    replays.interrupted = Interrupted();
    if (replays.interrupted || (until_found && !report.clean())) break;
  }
  replays.seconds = std::chrono::duration<double>(now - start).count();
}

// A race that only some runs show is as real as any.
std::string RaceLine(const ReplayTally& tally) {
  if (!tally.alike() || tally.races() == 0 || tally.races() == tally.replays()) return "";
  return absl::StrCat("  data race reported in ", tally.races(), " of ", tally.replays(),
                      " replays: ThreadSanitizer keeps four accesses of a word, and evicts one by "
                      "chance\n  when a fifth comes; up to its report all runs are the same\n");
}

// Beside the verdict, and no other verdict: a recorded one is what is replayed. Null where none is.
const KnownExposure* ExposureOf(const ResolvedContext& context, const ReplayTally& tally) {
  return FindKnownExposure(context.run, tally.signature());
}

std::string ExposureLine(const KnownExposure* exposure) {
  if (exposure == nullptr) return "";
  return absl::StrCat("  known exposed: ", exposure->name, ": ", exposure->account, "\n");
}

// What is said beside a verdict that is not the expected one.
std::string PartingWords(const Replays& replays, const WalkFile& file) {
  if (replays.parting.event != 0) {
    return absl::StrCat("the run parts from the recording at ", replays.parting.words);
  }
  if (!HasTraceToCompare(file, replays.tally.report())) {
    return "the file has no trace to compare this run with";
  }
  return "the run is the recorded one, event for event: what judges it has changed";
}

// Writes the names of the preemptions and the trace of the last run into the file that it is from.
absl::Status Record(const std::string& path, WalkFile file, const Report& report) {
  NamePreemptions(Runner::Get().engine(), file);
  file.trace = IsDataRace(report) ? "" : TraceOf(Runner::Get().engine());
  return WriteFileAtomically(path, PrintText(file));
}

int RunReplay(const ReplayArguments& arguments) {
  if (arguments.record && !arguments.path.ends_with(".walk")) {
    return UsageError(absl::InvalidArgumentError(absl::StrCat(
        arguments.path, " keeps no trace: make a .walk file of it first (walkrace convert)")));
  }
  auto loaded = LoadInput(arguments.path, arguments.context);
  if (!loaded.ok()) return UsageError(loaded.status());
  WarnWhereBlind(loaded->context);
  Replays replays;
  const bool by_chance = loaded->file.expect == kDataRaceName && RaceDetectorPresent();
  const bool until_found = by_chance && !arguments.repeat_given;
  ReplayAll(*loaded, until_found ? kReplaysToSeeARace : arguments.repeat, until_found, replays);
  const ReplayTally& tally = replays.tally;
  const Report& report = tally.report();
  const KnownExposure* exposure = ExposureOf(loaded->context, tally);

  const std::string& expect = loaded->file.expect;
  const std::string found = report.clean() ? "clean" : report.violation.oracle;
  const bool met = expect.empty() || expect == found;
  if (!replays.drift.empty()) {
    std::fprintf(stderr, "walkrace: %s: the code has changed since this schedule was recorded:\n%s",
                 arguments.path.c_str(), replays.drift.c_str());
  }
  if (!met) {
    std::fprintf(stderr, "walkrace: %s: expected %s, found %s; %s\n", arguments.path.c_str(),
                 expect.c_str(), found.c_str(), PartingWords(replays, loaded->file).c_str());
  } else if (replays.parting.event != 0 && !arguments.record) {
    std::fprintf(stderr,
                 "walkrace: %s: the verdict is the expected one, but the run parts from the "
                 "recording at %s; walkrace replay --record records it anew\n",
                 arguments.path.c_str(), replays.parting.words.c_str());
  }
  if (!tally.alike()) {
    std::fprintf(stderr,
                 "walkrace: %s: %llu different traces in %llu replays of one input: a defect of "
                 "walkrace or of the code under test (it depends on something outside the run)\n",
                 arguments.path.c_str(), static_cast<unsigned long long>(tally.distinct_traces()),
                 static_cast<unsigned long long>(tally.replays()));
  }
  if (arguments.json) {
    nlohmann::ordered_json json = VerdictJson(loaded->context, report, tally.signature());
    json["schedules"] = tally.replays();
    json["seconds"] = replays.seconds;
    json["first_violation_at"] = nullptr;
    if (tally.first_violation_at() != 0) json["first_violation_at"] = tally.first_violation_at();
    json["known_exposed"] = nullptr;
    if (exposure != nullptr) json["known_exposed"] = exposure->name;
    json["file"] = arguments.path;
    json["distinct_traces"] = tally.distinct_traces();
    json["data_races"] = tally.races();
    json["expect"] = nullptr;
    if (!expect.empty()) json["expect"] = expect;
    json["expect_met"] = met;
    json["drifted"] = !replays.drift.empty();
    json["parted_at"] = nullptr;
    if (replays.parting.event != 0) json["parted_at"] = replays.parting.event;
    json["parting"] = nullptr;
    if (!met) json["parting"] = PartingWords(replays, loaded->file);
    std::printf("%s\n", json.dump().c_str());
  } else {
    std::printf("%s\n%s  %s: %llu replays, %llu distinct traces, %u events, %u preemptions\n%s",
                VerdictText(report, tally.signature()).c_str(), ExposureLine(exposure).c_str(),
                arguments.path.c_str(), static_cast<unsigned long long>(tally.replays()),
                static_cast<unsigned long long>(tally.distinct_traces()), report.run.steps,
                report.run.preemptions, RaceLine(tally).c_str());
  }
  if (!tally.alike()) return kExitInfrastructure;
  if (arguments.record && !met) {
    return UsageError(absl::FailedPreconditionError(
        absl::StrCat(arguments.path, " is not recorded: its verdict is not the expected one")));
  }
  if (arguments.record) {
    const absl::Status written = Record(arguments.path, loaded->file, report);
    if (!written.ok()) return InfrastructureError(written);
  }
  if (replays.interrupted && report.clean()) return kExitInterrupted;
  return ExitCodeOf(report);
}

}  // namespace

void AddReplayCommand(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<ReplayArguments>();
  CLI::App* command = app.add_subcommand("replay", "run the schedule of a file");
  command->add_option("FILE", arguments->path, "text or bytes")->required();
  arguments->context.AddTo(*command);
  CLI::Option* repeat =
      command->add_option("--repeat", arguments->repeat,
                          "how many times; without it once, and a file that expects data-race "
                          "until it is seen, 20 times at most");
  repeat->check(CLI::Range(uint64_t{1}, uint64_t{1} << 40))->capture_default_str();
  command->add_flag("--json", arguments->json, "one object on one line");
  CLI::Option* record = command->add_flag(
      "--record", arguments->record,
      "writes the run's trace into FILE, a .walk file whose verdict is the expected one, so that "
      "later replays can say at which event the code parts from it");
  for (const char* other : {"--variant", "--kernel", "--profile", "--profile-file"}) {
    record->excludes(command->get_option(other));
  }
  command->callback([arguments, repeat, &exit_code] {
    arguments->repeat_given = repeat->count() != 0;
    exit_code = RunReplay(*arguments);
  });
}

}  // namespace walkrace
