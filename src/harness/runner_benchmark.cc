// Schedules and events (steps) per second on the seed scenario, one core, oracles on, on each back
// end. Counters: events and hand-overs per schedule; and events per second of CPU time, which a
// busy machine does not change as much.
#include <benchmark/benchmark.h>

#include <ctime>

#include "base/check.h"
#include "base/random.h"
#include "harness/context.h"
#include "harness/runner.h"

namespace walkrace {
namespace {

const Scenario& SeedScenario() {
  static const absl::StatusOr<WalkFile> file =
      ReadWalkFile(WALKRACE_CORPUS_DIR "/gup_vs_collapse/seed/collapse_race.walk");
  WR_CHECK(file.ok());
  return file->input.scenario;
}

// Of all threads of the process.
double CpuSeconds() {
  struct timespec now;
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void BM_SeedScenario(benchmark::State& state, const char* backend, const char* strategy_name,
                     const char* profile) {
  Runner::Get().set_backend(FindBackend(backend)->get());
  const RunContext context = {FindProfile(profile), {}};
  const auto strategy = FindStrategy(strategy_name)->make({.depth = 3});
  const double cpu_start = CpuSeconds();
  uint64_t schedules = 0, events = 0, hand_overs = 0;
  for (auto _ : state) {
    const Report report =
        Runner::Get().Run(SeedScenario(), context, *strategy, SplitSeed(1, schedules));
    WR_CHECK(report.clean());
    ++schedules;
    events += report.run.steps;
    hand_overs += report.run.hand_overs;
  }
  state.counters["schedules/s"] = benchmark::Counter(schedules, benchmark::Counter::kIsRate);
  state.counters["events/s"] = benchmark::Counter(events, benchmark::Counter::kIsRate);
  state.counters["events/CPU-s"] = static_cast<double>(events) / (CpuSeconds() - cpu_start);
  state.counters["events/schedule"] = static_cast<double>(events) / schedules;
  state.counters["hand_overs/schedule"] = static_cast<double>(hand_overs) / schedules;
}

BENCHMARK_CAPTURE(BM_SeedScenario, threads_random, "threads", "random", "arm64")->UseRealTime();
BENCHMARK_CAPTURE(BM_SeedScenario, fibers_random, "fibers", "random", "arm64")->UseRealTime();
BENCHMARK_CAPTURE(BM_SeedScenario, threads_pct, "threads", "pct", "arm64")->UseRealTime();
BENCHMARK_CAPTURE(BM_SeedScenario, fibers_pct, "fibers", "pct", "arm64")->UseRealTime();
BENCHMARK_CAPTURE(BM_SeedScenario, threads_pct_x86_64, "threads", "pct", "x86-64")->UseRealTime();
BENCHMARK_CAPTURE(BM_SeedScenario, fibers_pct_x86_64, "fibers", "pct", "x86-64")->UseRealTime();

}  // namespace
}  // namespace walkrace
