#include "harness/hunt.h"

#include <chrono>
#include <memory>

#include "base/random.h"
#include "harness/confirm.h"
#include "harness/describe.h"
#include "harness/distinct_counter.h"
#include "harness/interrupt.h"
#include "harness/known_rereads.h"
#include "scenario/mutate.h"

namespace walkrace {
namespace {

constexpr double kProgressSeconds = 2;
// Reading the clock is also where ThreadSanitizer delivers Ctrl-C.
constexpr uint64_t kSchedulesPerClock = 32;

class Stopwatch {
 public:
  double Seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

HuntResult Hunt(const HuntOptions& options) {
  Runner& runner = Runner::Get();
  SetStrictRereads(options.strict);
  const std::unique_ptr<Strategy> strategy = options.strategy->make(options.strategy_options);
  HuntResult result;
  DistinctCounter traces;
  Scenario scenario;
  if (options.scenario != nullptr) scenario = *options.scenario;
  // Scenarios and schedules draw from seeds of their own.
  const uint64_t scenario_seed = SplitSeed(options.seed, 1);
  const uint64_t schedule_seed = SplitSeed(options.seed, 2);

  Watchdog watchdog;
  const Stopwatch watch;
  double next_progress = kProgressSeconds;
  for (uint64_t i = 0; i < options.schedules_max; ++i) {
    if (i % kSchedulesPerClock == 0) {
      result.seconds = watch.Seconds();
      result.interrupted = Interrupted();
      if (result.interrupted || result.seconds >= options.seconds_max) break;
      if (options.progress && result.seconds >= next_progress) {
        options.progress(i, result.seconds);
        next_progress = result.seconds + kProgressSeconds;
      }
    }
    if (options.scenario == nullptr && i % kSchedulesPerScenario == 0) {
      DrawScenario(options.context.target->mix, SplitSeed(scenario_seed, i / kSchedulesPerScenario),
                   scenario);
    }
    result.report =
        runner.Run(scenario, options.context.run, *strategy, SplitSeed(schedule_seed, i));
    watchdog.Pat();
    ++result.schedules;
    result.events += result.report.run.steps;
    result.hand_overs += result.report.run.hand_overs;
    traces.Add(result.report.run.trace_hash);
    if (result.report.clean()) continue;
    const std::string signature = SignatureOf(runner.engine(), result.report.violation);
    const KnownExposure* exposure =
        options.strict ? nullptr : FindKnownExposure(options.context.run, signature);
    if (exposure != nullptr) {
      ++result.known_exposed;
      result.exposure = exposure;
      continue;
    }
    result.first_violation_at = i + 1;
    result.file = FileOfLastRun(runner, scenario, options.context, result.report);
    result.signature = signature;
    result.asked = &runner.engine().backend() != options.confirm_on;
    result.confirmed = !result.asked || ConfirmLastRun(result.file.input, options.context.run,
                                                       result.report, *options.confirm_on);
    break;
  }
  if (result.first_violation_at == 0) result.report.violation = Violation();
  result.seconds = watch.Seconds();
  result.distinct_traces = traces.Count();
  return result;
}

}  // namespace walkrace
