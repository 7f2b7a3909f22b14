#include "harness/hunt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "harness/harness_test_bed.h"
#include "scenario/mutate.h"

namespace walkrace {
namespace {

using ::testing::ElementsAre;

HuntOptions OptionsFor(const char* profile, const char* variants = "",
                       const char* strategy = "random") {
  HuntOptions options;
  options.context = ContextOf(profile, variants);
  options.strategy = FindStrategy(strategy);
  return options;
}

// All but the time that it took.
bool SameResult(const HuntResult& a, const HuntResult& b) {
  return a.report.run.trace_hash == b.report.run.trace_hash &&
         OracleOf(a.report) == OracleOf(b.report) && a.file == b.file &&
         a.signature == b.signature && a.schedules == b.schedules &&
         a.first_violation_at == b.first_violation_at && a.events == b.events &&
         a.hand_overs == b.hand_overs && a.distinct_traces == b.distinct_traces;
}

// --- Bounds ------------------------------------------------------------------------------------

TEST(Hunt, StopsAfterTheSchedulesThatItWasGiven) {
  for (uint64_t bound : {0, 1, 31, 32, 33, 250}) {
    HuntOptions options = OptionsFor("arm64");
    options.schedules_max = bound;
    const HuntResult result = Hunt(options);
    EXPECT_EQ(result.schedules, bound);
    EXPECT_EQ(result.first_violation_at, 0u);
    EXPECT_TRUE(result.report.clean());
    EXPECT_FALSE(result.interrupted);
    EXPECT_LE(result.distinct_traces, bound);
  }
}

TEST(Hunt, StopsWhenItsTimeIsUp) {
  HuntOptions options = OptionsFor("arm64");
  options.seconds_max = 0.2;
  const HuntResult result = Hunt(options);
  EXPECT_GT(result.schedules, 0u);
  EXPECT_GE(result.seconds, 0.2);
  EXPECT_LT(result.seconds, 10);
  options.seconds_max = 0;
  EXPECT_EQ(Hunt(options).schedules, 0u);
}

TEST(Hunt, StopsAtTheFirstBoundOfTwo) {
  HuntOptions options = OptionsFor("arm64");
  options.seconds_max = 3600;
  options.schedules_max = 100;
  EXPECT_EQ(Hunt(options).schedules, 100u);
}

TEST(Hunt, SaysHowFarItIs) {
  HuntOptions options = OptionsFor("arm64");
  options.seconds_max = 2.5;
  int calls = 0;
  options.progress = [&calls](uint64_t schedules, double seconds) {
    ++calls;
    EXPECT_GT(schedules, 0u);
    EXPECT_GE(seconds, 2);
  };
  (void)Hunt(options);
  EXPECT_EQ(calls, 1);
}

// --- Seeds -------------------------------------------------------------------------------------

TEST(Hunt, TheSeedDecidesTheResult) {
  for (const char* strategy : {"random", "pct"}) {
    HuntOptions options = OptionsFor("arm64", "", strategy);
    options.schedules_max = 500;
    options.seed = 5;
    const HuntResult first = Hunt(options);
    EXPECT_TRUE(SameResult(first, Hunt(options))) << strategy;
    EXPECT_GT(first.distinct_traces, 50u) << strategy;
    EXPECT_GT(first.events, first.schedules);
    EXPECT_GT(first.hand_overs, first.schedules);
    options.seed = 6;
    EXPECT_FALSE(SameResult(first, Hunt(options))) << strategy;
  }
}

TEST(Hunt, TheSeedDecidesWhatIsFound) {
  for (const char* strategy : {"random", "pct"}) {
    HuntOptions options = OptionsFor("arm64", "collapse-race", strategy);
    options.schedules_max = 200'000;
    const HuntResult first = Hunt(options);
    ASSERT_NE(first.first_violation_at, 0u) << strategy;
    EXPECT_TRUE(SameResult(first, Hunt(options))) << strategy;
  }
}

// --- Findings ----------------------------------------------------------------------------------

class HuntFinds : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Strategies, HuntFinds, ::testing::Values("random", "pct"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(HuntFinds, TheScheduleOfTheFirstViolationAndNoEarlier) {
  const Scenario scenario = ScenarioOf(kSeedScenario);
  HuntOptions options = OptionsFor("arm64", "collapse-race", GetParam());
  options.scenario = &scenario;
  options.schedules_max = 200'000;
  const HuntResult found = Hunt(options);
  ASSERT_EQ(OracleOf(found.report), "no-pinned-page-freed");
  EXPECT_EQ(found.schedules, found.first_violation_at);

  options.schedules_max = found.first_violation_at;
  EXPECT_TRUE(SameResult(found, Hunt(options)));
  options.schedules_max = found.first_violation_at - 1;
  EXPECT_EQ(Hunt(options).first_violation_at, 0u);
}

TEST_P(HuntFinds, AFileThatReplaysIt) {
  const Scenario scenario = ScenarioOf(kSeedScenario);
  HuntOptions options = OptionsFor("arm64", "collapse-race", GetParam());
  options.scenario = &scenario;
  options.schedules_max = 200'000;
  const HuntResult found = Hunt(options);
  ASSERT_NE(found.first_violation_at, 0u);
  EXPECT_EQ(found.file.expect, "no-pinned-page-freed");
  EXPECT_THAT(found.file.variants, ElementsAre("collapse-race"));
  Scenario in_file = found.file.input.scenario;
  EXPECT_EQ(in_file.profile, walkrace::IndexOf(*FindProfile("arm64")));
  in_file.profile = kNoProfile;
  EXPECT_EQ(in_file, scenario);

  const auto parsed = ParseText(PrintText(found.file));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const auto context = ResolveContext({}, &*parsed);
  ASSERT_TRUE(context.ok()) << context.status();
  const Report replay = Runner::Get().Replay(parsed->input, context->run);
  EXPECT_EQ(OracleOf(replay), "no-pinned-page-freed");
  EXPECT_EQ(replay.run.trace_hash, found.report.run.trace_hash);
  EXPECT_STREQ(replay.violation.message, found.report.violation.message);
  EXPECT_EQ(DriftOfLastReplay(Runner::Get(), *parsed), "");
}

// --- Scenarios ---------------------------------------------------------------------------------

TEST(Hunt, DrawsScenariosFromTheSeed) {
  std::set<std::string> scenarios;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    HuntOptions options = OptionsFor("arm64", "collapse-race");
    options.seed = seed;
    options.schedules_max = 200'000;
    const HuntResult found = Hunt(options);
    ASSERT_NE(found.first_violation_at, 0u) << "seed " << seed;
    WalkFile file = found.file;
    file.input.schedule.clear();
    file.preemption_names.clear();
    scenarios.insert(PrintText(file));
    EXPECT_GE(file.input.scenario.cpu_count, 2);
  }
  EXPECT_GT(scenarios.size(), 1u);
}

// One CPU has one trace: nothing else was run.
TEST(Hunt, KeepsToTheScenarioThatItIsGiven) {
  const Scenario one_cpu = ScenarioOf("cpu 0\n pin 0\n unpin\n");
  HuntOptions options = OptionsFor("arm64");
  options.scenario = &one_cpu;
  options.schedules_max = 3 * kSchedulesPerScenario;
  EXPECT_EQ(Hunt(options).distinct_traces, 1u);
}

}  // namespace
}  // namespace walkrace
