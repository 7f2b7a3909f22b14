// Schedules and events (steps) per second, one core, oracles on, on each back end. One run of it is
// the table:
//   BM_SeedScenario   the seed's race, by strategy
//   BM_Growth         what a schedule costs by CPUs (first argument) and operations (second): the
//                     time of an event should stay the same
//   BM_Memory         resident memory before and after as many schedules as the row says
// events/CPU-s is events by CPU time, which a busy machine does not change as much.
#include <benchmark/benchmark.h>

#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

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

int64_t ResidentKilobytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  int64_t kilobytes = 0;
  while (status >> word && word != "VmRSS:") continue;
  status >> kilobytes;
  return kilobytes;
}

// Runs the scenario under schedules of a strategy, one by one, and keeps the sums.
class Series {
 public:
  Series(const Scenario& scenario, const char* backend, const char* strategy, const char* profile)
      : scenario_(scenario),
        context_{FindProfile(profile), {}},
        strategy_(FindStrategy(strategy)->make({.depth = 3})) {
    Runner::Get().set_backend(FindBackend(backend)->get());
  }

  void RunOne() {
    const Report report =
        Runner::Get().Run(scenario_, context_, *strategy_, SplitSeed(1, schedules_));
    WR_CHECK(report.clean());
    ++schedules_;
    events_ += report.run.steps;
    hand_overs_ += report.run.hand_overs;
  }

  void Count(benchmark::State& state) const {
    using benchmark::Counter;
    const auto events = static_cast<double>(events_);
    const auto schedules = static_cast<double>(schedules_);
    state.counters["schedules/s"] = Counter(schedules, Counter::kIsRate);
    state.counters["events/s"] = Counter(events, Counter::kIsRate);
    state.counters["events/CPU-s"] = events / (CpuSeconds() - cpu_start_);
    state.counters["events/schedule"] = events / schedules;
    state.counters["hand_overs/schedule"] = static_cast<double>(hand_overs_) / schedules;
  }

 private:
  const Scenario scenario_;
  const RunContext context_;
  const std::unique_ptr<Strategy> strategy_;
  const double cpu_start_ = CpuSeconds();
  uint64_t schedules_ = 0, events_ = 0, hand_overs_ = 0;
};

void BM_SeedScenario(benchmark::State& state, const char* backend, const char* strategy,
                     const char* profile) {
  Series series(SeedScenario(), backend, strategy, profile);
  for (auto _ : state) series.RunOne();
  series.Count(state);
}

BENCHMARK_CAPTURE(BM_SeedScenario, threads_random, "threads", "random", "arm64")->UseRealTime();
BENCHMARK_CAPTURE(BM_SeedScenario, fibers_random, "fibers", "random", "arm64")->UseRealTime();
BENCHMARK_CAPTURE(BM_SeedScenario, threads_pct, "threads", "pct", "arm64")->UseRealTime();
BENCHMARK_CAPTURE(BM_SeedScenario, fibers_pct, "fibers", "pct", "arm64")->UseRealTime();
BENCHMARK_CAPTURE(BM_SeedScenario, threads_pct_x86_64, "threads", "pct", "x86-64")->UseRealTime();
BENCHMARK_CAPTURE(BM_SeedScenario, fibers_pct_x86_64, "fibers", "pct", "x86-64")->UseRealTime();

constexpr int kCpusOfGrowth[] = {2, 3, 4};
constexpr int kOperationsOfGrowth[] = {1, 2, 4, 8, 16, 32, 64};

// That many operations over all CPUs, dealt in turn, as far as they have room: GUP, use and unpin
// against collapse.
Scenario ScenarioOf(int cpu_count, int operation_count) {
  constexpr Operation kPinner[] = {
      {OperationKind::kGup, 0, 2, kGupPin | kGupWrite},
      {OperationKind::kWritePinned},
      {OperationKind::kUnpin},
      {OperationKind::kRead},
  };
  constexpr Operation kCollapse = {OperationKind::kCollapse};
  Scenario scenario;
  scenario.cpu_count = static_cast<uint8_t>(cpu_count);
  for (int i = 0; i < operation_count; ++i) {
    OperationList& list = scenario.cpus[i % cpu_count];
    const bool collapses = i % cpu_count == 1;
    WR_CHECK(list.push_back(collapses ? kCollapse : kPinner[list.size() % std::size(kPinner)]));
  }
  return scenario;
}

void BM_Growth(benchmark::State& state, const char* backend) {
  const auto cpu_count = static_cast<int>(state.range(0));
  Series series(ScenarioOf(cpu_count, static_cast<int>(state.range(1))), backend, "random",
                "arm64");
  for (auto _ : state) series.RunOne();
  series.Count(state);
}

void RowsOfGrowth(benchmark::internal::Benchmark* rows) {
  rows->ArgNames({"cpus", "operations"})->UseRealTime();
  for (const int cpus : kCpusOfGrowth) {
    for (const int operations : kOperationsOfGrowth) {
      if (operations <= cpus * kOperationsMax) rows->Args({cpus, operations});
    }
  }
}

BENCHMARK_CAPTURE(BM_Growth, fibers, "fibers")->Apply(RowsOfGrowth);
BENCHMARK_CAPTURE(BM_Growth, threads, "threads")->Apply(RowsOfGrowth);

// Flat: the two counters are the same, whatever the number of schedules.
void BM_Memory(benchmark::State& state) {
  Series series(SeedScenario(), "fibers", "random", "arm64");
  for (int i = 0; i < 1000; ++i) series.RunOne();
  state.counters["kB_before"] = static_cast<double>(ResidentKilobytes());
  for (auto _ : state) {
    for (int64_t i = 0; i < state.range(0); ++i) series.RunOne();
  }
  state.counters["kB_after"] = static_cast<double>(ResidentKilobytes());
}
BENCHMARK(BM_Memory)->Arg(100'000)->Arg(1'000'000)->Iterations(1)->Unit(benchmark::kSecond);

}  // namespace
}  // namespace walkrace
