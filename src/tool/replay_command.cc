#include <chrono>
#include <cstdio>

#include "harness/describe.h"
#include "harness/distinct_counter.h"
#include "tool/commands.h"
#include "tool/common.h"

namespace walkrace {
namespace {

struct ReplayArguments {
  std::string path;
  ContextOptions context;
  uint64_t repeat = 1;
  bool json = false;
};

struct Replays {
  Report report;  // the first violating one, or the last
  std::string signature;
  std::string drift;
  uint64_t schedules = 0;
  uint64_t first_violation_at = 0;
  uint64_t distinct_traces = 0;
  double seconds = 0;
  bool interrupted = false;
};

Replays ReplayAll(const LoadedInput& loaded, uint64_t repeat) {
  Runner& runner = Runner::Get();
  Replays replays;
  DistinctCounter traces;
  Watchdog watchdog;
  const auto start = std::chrono::steady_clock::now();
  auto now = start;
  for (uint64_t i = 0; i < repeat; ++i) {
    const Report report = runner.Replay(loaded.file.input, loaded.context.run);
    watchdog.Pat();
    traces.Add(report.run.trace_hash);
    ++replays.schedules;
    if (i == 0) replays.drift = DriftOfLastReplay(runner, loaded.file);
    if (replays.first_violation_at == 0) {
      replays.report = report;
      if (!report.clean()) {
        replays.first_violation_at = i + 1;
        replays.signature = SignatureOf(runner.engine(), report.violation);
      }
    }
    now = std::chrono::steady_clock::now();
    replays.interrupted = Interrupted();
    if (replays.interrupted) break;
  }
  replays.seconds = std::chrono::duration<double>(now - start).count();
  replays.distinct_traces = traces.Count();
  return replays;
}

int RunReplay(const ReplayArguments& arguments) {
  auto loaded = LoadInput(arguments.path, arguments.context);
  if (!loaded.ok()) return UsageError(loaded.status());
  WarnWhereBlind(loaded->context);
  const Replays replays = ReplayAll(*loaded, arguments.repeat);

  const std::string& expect = loaded->file.expect;
  const std::string found = replays.report.clean() ? "clean" : replays.report.violation.oracle;
  const bool met = expect.empty() || expect == found;
  if (!replays.drift.empty()) {
    std::fprintf(stderr, "walkrace: %s: the code has changed since this schedule was recorded:\n%s",
                 arguments.path.c_str(), replays.drift.c_str());
  }
  if (!met) {
    std::fprintf(stderr, "walkrace: %s: expected %s, found %s\n", arguments.path.c_str(),
                 expect.c_str(), found.c_str());
  }
  if (replays.distinct_traces > 1) {
    std::fprintf(stderr,
                 "walkrace: %s: %llu different traces in %llu replays of one input: a defect of "
                 "walkrace or of the code under test (it depends on something outside the run)\n",
                 arguments.path.c_str(), static_cast<unsigned long long>(replays.distinct_traces),
                 static_cast<unsigned long long>(replays.schedules));
  }
  if (arguments.json) {
    nlohmann::ordered_json json = VerdictJson(loaded->context, replays.report, replays.signature);
    json["schedules"] = replays.schedules;
    json["seconds"] = replays.seconds;
    json["first_violation_at"] = nullptr;
    if (replays.first_violation_at != 0) json["first_violation_at"] = replays.first_violation_at;
    json["file"] = arguments.path;
    json["distinct_traces"] = replays.distinct_traces;
    json["expect"] = nullptr;
    if (!expect.empty()) json["expect"] = expect;
    json["expect_met"] = met;
    json["drifted"] = !replays.drift.empty();
    std::printf("%s\n", json.dump().c_str());
  } else {
    std::printf("%s\n  %s: %llu replays, %llu distinct traces, %u events, %u preemptions\n",
                VerdictText(replays.report, replays.signature).c_str(), arguments.path.c_str(),
                static_cast<unsigned long long>(replays.schedules),
                static_cast<unsigned long long>(replays.distinct_traces), replays.report.run.steps,
                replays.report.run.preemptions);
  }
  if (replays.distinct_traces > 1) return kExitInfrastructure;
  if (replays.interrupted && replays.report.clean()) return kExitInterrupted;
  return ExitCodeOf(replays.report);
}

}  // namespace

void AddReplayCommand(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<ReplayArguments>();
  CLI::App* command = app.add_subcommand("replay", "run the schedule of a file");
  command->add_option("FILE", arguments->path, "text or bytes")->required();
  arguments->context.AddTo(*command);
  command->add_option("--repeat", arguments->repeat, "how many times")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1} << 40))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "one object on one line");
  command->callback([arguments, &exit_code] { exit_code = RunReplay(*arguments); });
}

}  // namespace walkrace
