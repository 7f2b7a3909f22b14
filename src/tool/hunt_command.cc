#include <cmath>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "base/duration.h"
#include "harness/hunt.h"
#include "harness/known_rereads.h"
#include "tool/commands.h"
#include "tool/common.h"

namespace walkrace {
namespace {

struct HuntArguments {
  ContextOptions context;
  std::string strategy = "portfolio";
  int depth = 3;
  bool depth_given = false;
  uint64_t seed = 1;
  uint64_t schedules = 0;
  std::string seconds;
  std::string scenario;
  std::string save;
  bool strict = false;
  bool json = false;
};

void PrintProgress(uint64_t schedules, double seconds) {
  std::fprintf(stderr, "walkrace: %llu schedules, %.0f/s, nothing found yet\n",
               static_cast<unsigned long long>(schedules), schedules / seconds);
}

void PrintText(const HuntArguments& arguments, const HuntOptions& options, const HuntResult& result,
               bool saved) {
  std::printf("%s\n", VerdictText(result.report, result.signature).c_str());
  std::printf("  %s%s: %llu schedules in %.1f s (%.0f/s), %llu distinct traces\n",
              options.strategy->name, ContextFlags(options.context).c_str(),
              static_cast<unsigned long long>(result.schedules), result.seconds,
              result.schedules / std::fmax(result.seconds, 1e-9),
              static_cast<unsigned long long>(result.distinct_traces));
  if (result.known_exposed != 0) {
    std::printf("  known exposed: %s, %llu times (--strict makes it a violation)\n",
                result.exposure->name, static_cast<unsigned long long>(result.known_exposed));
  }
  std::printf("%s", KnownRereadLines("  ").c_str());
  if (result.report.clean()) return;
  if (result.asked && result.confirmed) std::printf("  confirmed on threads\n");
  PrintFinding(result.file, options.context, arguments.save, saved);
}

absl::Status Check(const HuntArguments& arguments, HuntOptions& options) {
  options.strategy = FindStrategy(arguments.strategy.c_str());
  if (options.strategy == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("unknown strategy '", arguments.strategy,
                                                   "'; walkrace list names the strategies"));
  }
  if (arguments.depth_given && !options.strategy->has_depth) {
    return absl::InvalidArgumentError(
        absl::StrCat("--depth is of pct, delay and portfolio, not of ", arguments.strategy,
                     "; leave it out, or add --strategy pct"));
  }
  if (arguments.strategy == "schedule" && arguments.scenario.empty()) {
    return absl::InvalidArgumentError(
        "--strategy schedule follows the schedule of a file; add --scenario FILE, or leave "
        "--strategy out");
  }
  options.strategy_options.depth = arguments.depth;
  options.seed = arguments.seed;
  options.strict = arguments.strict;
  if (arguments.schedules == 0 && arguments.seconds.empty()) {
    return absl::InvalidArgumentError("hunt needs a bound: add --schedules N or --seconds N");
  }
  if (arguments.schedules != 0) options.schedules_max = arguments.schedules;
  if (!arguments.seconds.empty()) {
    options.seconds_max = ParseDuration(arguments.seconds);
    if (options.seconds_max == 0) {
      return absl::InvalidArgumentError("--seconds 0 runs nothing; say how long, or --schedules N");
    }
    if (options.seconds_max < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", arguments.seconds, "' is no duration; say 90, 90s, 15m or 8h"));
    }
  }
  return arguments.save.empty() ? absl::OkStatus() : CheckWritable(arguments.save);
}

// Returns whether there is a file now. Where there should be one and is none, nothing is lost.
bool Save(const HuntArguments& arguments, const HuntResult& result) {
  if (result.first_violation_at == 0 || arguments.save.empty()) return false;
  return WriteOrPrint(arguments.save, PrintText(result.file), "The finding");
}

int RunHunt(const HuntArguments& arguments) {
  HuntOptions options;
  options.progress = PrintProgress;
  if (absl::Status status = Check(arguments, options); !status.ok()) return UsageError(status);

  LoadedInput loaded;
  if (arguments.scenario.empty()) {
    auto names = arguments.context.Names();
    if (!names.ok()) return UsageError(names.status());
    auto context = ResolveContext(*names, nullptr);
    if (!context.ok()) return UsageError(context.status());
    loaded.context = *std::move(context);
  } else {
    auto input = LoadInput(arguments.scenario, arguments.context);
    if (!input.ok()) return UsageError(input.status());
    loaded = *std::move(input);
    options.scenario = &loaded.file.input.scenario;
    options.strategy_options.schedule = &loaded.file.input.schedule;
  }
  options.context = loaded.context;

  WarnWhereBlind(options.context);

  const HuntResult result = Hunt(options);
  const bool saved = Save(arguments, result);
  if (arguments.json) {
    nlohmann::ordered_json json = VerdictJson(options.context, result.report, result.signature);
    json["strategy"] = options.strategy->name;
    json["seed"] = options.seed;
    json["schedules"] = result.schedules;
    json["seconds"] = result.seconds;
    json["first_violation_at"] = nullptr;
    if (result.first_violation_at != 0) json["first_violation_at"] = result.first_violation_at;
    json["file"] = nullptr;
    if (saved) json["file"] = arguments.save;
    json["known_exposed"] = result.known_exposed;
    json["known_rereads"] = nlohmann::ordered_json::object();
    for (const KnownReread& reread : KnownRereads()) {
      json["known_rereads"][reread.place] = reread.times;
    }
    json["events_total"] = result.events;
    json["distinct_traces"] = result.distinct_traces;
    json["confirmed"] = nullptr;
    if (result.asked) json["confirmed"] = result.confirmed;
    json["interrupted"] = result.interrupted;
    std::printf("%s\n", json.dump().c_str());
  } else {
    PrintText(arguments, options, result, saved);
  }
  if (!result.confirmed) {
    std::fprintf(stderr,
                 "walkrace: the finding does not come out the same on OS threads: a defect of "
                 "walkrace or of the code under test (it depends on something outside the run)\n");
    return kExitInfrastructure;
  }
  if (result.interrupted && result.report.clean()) return kExitInterrupted;
  return ExitCodeOf(result.report);
}

}  // namespace

void AddHuntCommand(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<HuntArguments>();
  CLI::App* command =
      app.add_subcommand("hunt", "search for a schedule that violates an invariant");
  arguments->context.AddTo(*command);
  command
      ->add_option("--strategy", arguments->strategy,
                   "random, pct, pos, surw, delay; portfolio: all of them in turn; schedule: that "
                   "of the file, in each run")
      ->capture_default_str();
  CLI::Option* depth = command->add_option(
      "--depth", arguments->depth, "of pct, of delay, which delays once less, and of portfolio");
  depth->check(CLI::Range(1, kDepthMax))->capture_default_str();
  command->add_option("--seed", arguments->seed, "of the search")
      ->check(WholeNumber())
      ->capture_default_str();
  command->add_option("--schedules", arguments->schedules, "stop after N schedules")
      ->check(WholeNumber());
  command->add_option("--seconds", arguments->seconds, "stop after this time (90, 90s, 15m, 8h)");
  command->add_option(
      "--scenario", arguments->scenario,
      "keep to the scenario of this file; its schedule is ignored, but for --strategy "
      "schedule");
  command->add_option("--save", arguments->save, "where to write the violating schedule");
  command->add_flag("--strict", arguments->strict,
                    "known exposures of the profile are violations, too");
  command->add_flag("--json", arguments->json, "one object on one line");
  command->callback([arguments, depth, &exit_code] {
    arguments->depth_given = depth->count() != 0;
    exit_code = RunHunt(*arguments);
  });
}

}  // namespace walkrace
