// The one place where everything is put together: same input, same run, whatever ran before.
#include "harness/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "base/random.h"
#include "harness/harness_test_bed.h"
#include "scenario/mutate.h"

namespace walkrace {
namespace {

// One to four CPUs, each of which does something that the others notice.
Scenario ScenarioFor(int cpu_count) {
  static constexpr const char* kPrograms[] = {
      "cpu 0\n pin 0-2 write\n write-pinned\n unpin\n collapse 0-7\n",
      "cpu 1\n collapse 0-7\n zap 0-7\n fault 1\n",
      "cpu 2\n write 1\n read 1\n get 0-1\n",
      "cpu 3\n zap 0-1\n fault 0\n read 9\n",
  };
  std::string text;
  for (int cpu = 0; cpu < cpu_count; ++cpu) text += kPrograms[cpu];
  return ScenarioOf(text);
}

KeptRun RunKept(const Scenario& scenario, const RunContext& context, Strategy& strategy,
                uint64_t seed) {
  return KeptRun::Last(Runner::Get().Run(scenario, context, strategy, seed));
}

KeptRun ReplayKept(const Input& input, const RunContext& context) {
  return KeptRun::Last(Runner::Get().Replay(input, context));
}

// --- Same input, same run ----------------------------------------------------------------------

TEST(Runner, SameInputSameEventsByteForByteAThousandTimes) {
  const ResolvedContext context = ContextOf("arm64");
  const Scenario scenario = ScenarioFor(3);
  const auto strategy = MakeRandomStrategy();
  const KeptRun first = RunKept(scenario, context.run, *strategy, 7);
  EXPECT_GT(first.report.run.preemptions, 2u);
  EXPECT_GT(first.events.size(), 100u);
  for (int i = 0; i < 1000; ++i) {
    const KeptRun again = RunKept(scenario, context.run, *strategy, 7);
    ASSERT_TRUE(SameRun(first, again)) << "run " << i << Paste(scenario, context, again.report);
  }
}

class RunnerOn : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Profiles, RunnerOn,
                         ::testing::Values("x86-64", "x86-64-paravirt", "arm64", "powerpc-hash"),
                         [](const auto& info) { return TestNameOf(info.param); });

// Each run, by either strategy, is the sparse schedule that it leaves behind.
TEST_P(RunnerOn, WhatARunTookReplaysIt) {
  const ResolvedContext context = ContextOf(GetParam());
  for (int cpu_count = 1; cpu_count <= kCpusMax; ++cpu_count) {
    const Scenario scenario = ScenarioFor(cpu_count);
    for (const auto& strategy : {MakeRandomStrategy(), MakePctStrategy(3)}) {
      for (uint64_t seed = 0; seed < 50; ++seed) {
        const KeptRun run = RunKept(scenario, context.run, *strategy, seed);
        ASSERT_TRUE(run.report.clean()) << Paste(scenario, context, run.report);
        Input input = {scenario, Runner::Get().engine().taken()};
        const KeptRun replay = ReplayKept(input, context.run);
        ASSERT_TRUE(SameRun(run, replay)) << Paste(scenario, context, replay.report);
      }
    }
  }
}

// The same with what a variant violates: the verdict, its step and its sentence are the run's.
TEST_P(RunnerOn, WhatAViolatingRunTookReplaysIt) {
  const ResolvedContext context = ContextOf(GetParam(), "count-before-clear");
  const Scenario scenario = ScenarioOf(kSeedScenario);
  const auto strategy = MakeRandomStrategy();
  int violations = 0;
  for (uint64_t seed = 0; violations < 20 && seed < 10'000; ++seed) {
    const KeptRun run = RunKept(scenario, context.run, *strategy, seed);
    if (run.report.clean()) continue;
    ++violations;
    Input input = {scenario, Runner::Get().engine().taken()};
    const KeptRun replay = ReplayKept(input, context.run);
    ASSERT_TRUE(SameRun(run, replay)) << Paste(scenario, context, replay.report);
  }
  EXPECT_EQ(violations, 20);
}

TEST_P(RunnerOn, OneCpuHasNoChoice) {
  const ResolvedContext context = ContextOf(GetParam());
  const Scenario scenario = ScenarioFor(1);
  const auto strategy = MakeRandomStrategy();
  const KeptRun first = RunKept(scenario, context.run, *strategy, 1);
  const KeptRun second = RunKept(scenario, context.run, *strategy, 2);
  EXPECT_TRUE(SameRun(first, second));
  EXPECT_EQ(first.report.run.hand_overs, 0u);
  EXPECT_TRUE(first.taken.empty());
}

TEST(Runner, ProfilesGiveDifferentRuns) {
  const Scenario scenario = ScenarioOf(kSeedScenario);
  std::vector<uint64_t> hashes;
  for (const char* profile : {"x86-64", "x86-64-paravirt", "arm64", "powerpc-hash"}) {
    Input input = {scenario, {}};
    hashes.push_back(ReplayKept(input, ContextOf(profile).run).report.run.trace_hash);
  }
  std::sort(hashes.begin(), hashes.end());
  EXPECT_EQ(std::unique(hashes.begin(), hashes.end()), hashes.end());
}

TEST(Runner, AnEmptyScenarioIsClean) {
  for (int cpu_count = 1; cpu_count <= kCpusMax; ++cpu_count) {
    Input input;
    input.scenario.cpu_count = cpu_count;
    const KeptRun run = ReplayKept(input, ContextOf("arm64").run);
    EXPECT_EQ(run.report.run.outcome, Outcome::kFinished);
    EXPECT_TRUE(run.report.clean());
    EXPECT_EQ(run.report.run.steps, 0u);
  }
}

TEST(Runner, EntriesThatCannotTakeEffectChangeNothing) {
  const ResolvedContext context = ContextOf("arm64");
  Input plain = {ScenarioOf(kSeedScenario), {}};
  const KeptRun expected = ReplayKept(plain, context.run);
  Input odd = plain;
  ASSERT_TRUE(odd.schedule.push_back({5000, 0, 1}));  // never reached
  ASSERT_TRUE(odd.schedule.push_back({3, 1, 0}));     // CPU 0 has ended by then
  EXPECT_TRUE(SameRun(expected, ReplayKept(odd, context.run)));
  EXPECT_FALSE(Runner::Get().replayed().used(0));
  EXPECT_FALSE(Runner::Get().replayed().used(1));
}

// --- Whatever ran before -----------------------------------------------------------------------

// Runs something else between two equal runs.
class RunnerAfter : public ::testing::Test {
 protected:
  void SetUp() override { before_ = Canary(); }
  void TearDown() override { EXPECT_TRUE(SameRun(before_, Canary())); }

  static KeptRun Canary() {
    const auto strategy = MakeRandomStrategy();
    return RunKept(ScenarioFor(4), ContextOf("x86-64-paravirt").run, *strategy, 3);
  }

  // Runs until `oracle` fires.
  static Report Violate(const char* variant, const char* scenario_text, const char* oracle) {
    const Scenario scenario = ScenarioOf(scenario_text);
    const ResolvedContext context = ContextOf("arm64", variant);
    const auto strategy = MakeRandomStrategy();
    for (uint64_t seed = 0; seed < 100'000; ++seed) {
      const Report report = Runner::Get().Run(scenario, context.run, *strategy, seed);
      if (OracleOf(report) == oracle) return report;
    }
    ADD_FAILURE() << variant << " never violated " << oracle;
    return {};
  }

 private:
  KeptRun before_;
};

TEST_F(RunnerAfter, AViolationThatCutTheRunShort) {
  const Report report = Violate("collapse-race", kSeedScenario, "no-pinned-page-freed");
  EXPECT_EQ(report.run.outcome, Outcome::kStopped);
  EXPECT_EQ(report.violation.step, report.run.steps);
}

TEST_F(RunnerAfter, AViolationAtTheEnd) {
  const Report report = Violate("no-put-on-failed-recheck",
                                "cpu 0\n get 0\n unpin\ncpu 1\n zap 0\n", "counts-conserved");
  EXPECT_EQ(report.run.outcome, Outcome::kFinished);
  EXPECT_EQ(report.violation.cpu, kNoCpu);
}

TEST_F(RunnerAfter, ADeadlock) {
  const Report report =
      Violate("fallback-with-irqs-off", "cpu 0\n get 0-2\ncpu 1\n collapse 0-7\n", "progress");
  EXPECT_EQ(report.run.outcome, Outcome::kDeadlock);
}

TEST_F(RunnerAfter, AUseAfterFree) {
  Violate("no-table-sync", "cpu 0\n get 0-1\ncpu 1\n collapse 0-7\n zap 0-7\n",
          "no-table-use-after-free");
}

TEST_F(RunnerAfter, ReferencesThatNobodyPutBack) {
  Input input = {ScenarioOf("map 0-15 rw\ncpu 0\n pin 0-15 write\n pin 0-15\n get 0-15\n"), {}};
  EXPECT_TRUE(ReplayKept(input, ContextOf("x86-64").run).report.clean());
}

TEST_F(RunnerAfter, MemoryThatRanOut) {
  Input input = {ScenarioOf("map none\ncpu 0\n pin 0-15\n zap 0-15\n pin 0-15\n zap 0-15\n"
                            " pin 0-15\n write 0\n collapse 0-7\n"),
                 {}};
  const KeptRun run = ReplayKept(input, ContextOf("x86-64").run);
  EXPECT_TRUE(run.report.clean()) << run.report.violation.message;
}

TEST_F(RunnerAfter, AnotherLayout) {
  Input input = {ScenarioOf("levels 5\nmap-huge 0-7 ro\nmap 8-15 rw\n"
                            "cpu 0\n pin 0-15 write\ncpu 1\n collapse 8-15\n zap 0-15\n"),
                 {}};
  EXPECT_TRUE(ReplayKept(input, ContextOf("powerpc-hash").run).report.clean());
}

// A run that a schedule would keep going for ever does not exist; one that hands over at each
// event comes nearest to the bound.
class RoundRobin final : public Strategy {
 public:
  void Begin(int, uint64_t) override {}
  CpuId Pick(const Choice& choice) override {
    CpuId next = choice.current;
    do {
      next = (next + 1) % choice.cpu_count;
    } while ((choice.runnable >> next & 1) == 0);
    return next;
  }
};

TEST_F(RunnerAfter, TheLongestRunStaysWithinTheStepBound) {
  std::string text = "map none\n";
  for (int cpu = 0; cpu < kCpusMax; ++cpu) {
    text += "cpu " + std::to_string(cpu) + "\n";
    for (int i = 0; i < kOperationsMax / 2; ++i) {
      text += cpu == 0 && i >= 2 ? " zap 0-15\n zap 0-15\n" : " pin 0-15 write\n unpin\n";
    }
  }
  const Scenario scenario = ScenarioOf(text);
  RoundRobin each_event;
  for (const char* profile : {"x86-64", "arm64"}) {
    const ResolvedContext context = ContextOf(profile);
    const Report report = Runner::Get().Run(scenario, context.run, each_event, 0);
    EXPECT_EQ(report.run.outcome, Outcome::kFinished);
    EXPECT_TRUE(report.clean()) << Paste(scenario, context, report);
    EXPECT_GT(report.run.steps, kStepsMax / 2);
  }
}

// --- What surrounds a scenario -----------------------------------------------------------------

TEST(Runner, CutsAreInForceForTheirRunAlone) {
  Input input = {ScenarioOf(kSeedScenario), {}};
  const KeptRun unmodified = ReplayKept(input, ContextOf("arm64").run);
  const KeptRun cut = ReplayKept(input, ContextOf("arm64", "no-pmd-recheck").run);
  EXPECT_NE(unmodified.report.run.trace_hash, cut.report.run.trace_hash);
  EXPECT_TRUE(SameRun(unmodified, ReplayKept(input, ContextOf("arm64").run)));
}

TEST(Runner, TheProfileIsTheContextsAndNotTheScenarios) {
  Input input = {ScenarioOf(std::string("profile arm64\n") + kSeedScenario), {}};
  const KeptRun x86 = ReplayKept(input, ContextOf("x86-64").run);
  input.scenario.profile = kNoProfile;
  EXPECT_TRUE(SameRun(x86, ReplayKept(input, ContextOf("x86-64").run)));
}

}  // namespace
}  // namespace walkrace
