#include "harness/replays.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "harness/harness_test_bed.h"
#include "harness/race_reports.h"

namespace walkrace {
namespace {

constexpr char kScenario[] = "map 0 rw\ncpu 0\n pin 0\n unpin\ncpu 1\n write 0\n";

// A run of its own for each: the engine holds the trace, the report is as the test says.
class Tally : public testing::Test {
 protected:
  void Add(const char* scenario, const char* oracle = nullptr) {
    const auto input = std::make_unique<Input>();
    input->scenario = ScenarioOf(scenario);
    Report report = Runner::Get().Replay(*input, context_.run);
    report.violation.oracle = oracle;
    tally_.Add(Runner::Get().engine(), report);
  }

  const ResolvedContext context_ = ContextOf("arm64");
  ReplayTally tally_;
};

// One CPU less: the same events from the start on, and then none.
constexpr char kShorter[] = "map 0 rw\ncpu 0\n pin 0\n unpin\n";

TEST_F(Tally, RunsThatAreTheSameAreAlike) {
  for (int i = 0; i < 3; ++i) Add(kScenario);
  EXPECT_TRUE(tally_.alike());
  EXPECT_EQ(tally_.replays(), 3u);
  EXPECT_EQ(tally_.distinct_traces(), 1u);
  EXPECT_EQ(tally_.first_violation_at(), 0u);
  EXPECT_TRUE(tally_.report().clean());
}

TEST_F(Tally, ADataRaceMayCutSomeOfThemShort) {
  for (const bool race_first : {false, true}) {
    tally_ = ReplayTally();
    if (race_first) Add(kShorter, "data-race");
    Add(kScenario);
    Add(kShorter, "data-race");
    Add(kScenario);
    EXPECT_TRUE(tally_.alike());
    EXPECT_EQ(tally_.distinct_traces(), 1u);
    EXPECT_EQ(tally_.races(), race_first ? 2u : 1u);
    EXPECT_EQ(tally_.ended_like_report(), tally_.races());
    EXPECT_EQ(tally_.first_violation_at(), race_first ? 1u : 2u);
    EXPECT_EQ(OracleOf(tally_.report()), "data-race");
  }
}

TEST_F(Tally, NothingElseMayCutOneShort) {
  Add(kScenario);
  Add(kShorter);
  EXPECT_FALSE(tally_.alike());
  EXPECT_EQ(tally_.distinct_traces(), 2u);
  tally_ = ReplayTally();
  Add(kShorter, "no-stale-page");
  Add(kScenario, "no-stale-page");
  EXPECT_FALSE(tally_.alike());
}

TEST_F(Tally, ADataRaceDoesNotExcuseOtherEvents) {
  Add(kScenario);
  Add("map 0 rw\ncpu 0\n get 0\ncpu 1\n write 0\n", "data-race");
  EXPECT_FALSE(tally_.alike());
}

TEST_F(Tally, AnInvariantIsViolatedEachTimeOrNever) {
  Add(kScenario, "no-stale-page");
  Add(kScenario);
  EXPECT_FALSE(tally_.alike());
}

TEST_F(Tally, AnInvariantWinsOverADataRace) {
  Add(kShorter, "data-race");
  Add(kScenario, "no-stale-page");
  Add(kShorter, "data-race");
  EXPECT_TRUE(tally_.alike());
  EXPECT_EQ(OracleOf(tally_.report()), "no-stale-page");
  EXPECT_EQ(tally_.ended_like_report(), 1u);
  EXPECT_EQ(tally_.races(), 2u);
}

TEST(MissedByChance, IsForThreadSanitizerAlone) {
  Report clean = {}, race = {}, stale = {};
  race.violation.oracle = "data-race";
  stale.violation.oracle = "no-stale-page";
  const bool tsan = RaceDetectorPresent();
  EXPECT_EQ(MissedByChance(clean, "data-race"), tsan);
  EXPECT_EQ(MissedByChance(clean, ""), tsan);
  EXPECT_EQ(MissedByChance(stale, "data-race"), tsan);
  EXPECT_EQ(MissedByChance(race, "no-stale-page"), tsan);
  EXPECT_FALSE(MissedByChance(race, "data-race"));
  EXPECT_FALSE(MissedByChance(race, ""));
  EXPECT_FALSE(MissedByChance(stale, ""));
  EXPECT_FALSE(MissedByChance(stale, "no-stale-page"));
  EXPECT_FALSE(MissedByChance(clean, "no-stale-page"));
}

}  // namespace
}  // namespace walkrace
