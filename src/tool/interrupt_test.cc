// Ctrl-C and termination end every long command in every flavour, with what was found kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <string>

#include "tool/tool_test_bed.h"

namespace walkrace {
namespace {

using ::testing::HasSubstr;

// ThreadSanitizer delivers a signal at the next intercepted call, and the machine may be busy.
constexpr double kSecondsMax = 10;
constexpr useconds_t kHeadStart = 700'000;

class Interrupt : public Tool, public ::testing::WithParamInterface<int> {
 protected:
  // Starts, interrupts, and expects the end with 130.
  Finished RunInterrupted(const std::vector<std::string>& arguments) const {
    Process process(folder(), arguments);
    usleep(kHeadStart);
    process.Send(GetParam());
    const Finished finished = process.Wait(kSecondsMax);
    EXPECT_FALSE(finished.timed_out) << finished.Paste();
    EXPECT_EQ(finished.exit_code, 130) << finished.Paste();
    return finished;
  }
};
INSTANTIATE_TEST_SUITE_P(Signals, Interrupt, ::testing::Values(SIGINT, SIGTERM),
                         [](const auto& info) { return info.param == SIGINT ? "Int" : "Term"; });

TEST_P(Interrupt, EndsAHuntAndTellsHowFarItCame) {
  const Finished finished = RunInterrupted(
      {"hunt", "--target", "gup_vs_collapse", "--profile", "arm64", "--seconds", "60", "--json"});
  const Json json = Json::parse(finished.out, nullptr, false);
  ASSERT_TRUE(json.is_object()) << finished.Paste();
  EXPECT_EQ(json["verdict"], "clean");
  EXPECT_EQ(json["interrupted"], true);
  EXPECT_GT(json["schedules"], 0);
}

TEST_P(Interrupt, EndsAHuntOnFibers) {
  const Finished finished = RunInterrupted({"hunt", "--target", "gup_vs_collapse", "--profile",
                                            "arm64", "--seconds", "60", "--backend", "fibers"});
  EXPECT_THAT(finished.out, HasSubstr("clean"));
}

TEST_P(Interrupt, EndsAHuntByPctOverOneScenario) {
  const Finished finished = RunInterrupted(
      {"hunt", "--target", "gup_vs_collapse", "--profile", "x86-64", "--strategy", "pct",
       "--scenario", Corpus("gup_vs_collapse/seed/collapse_race.walk"), "--seconds", "60"});
  EXPECT_THAT(finished.out, HasSubstr("clean"));
}

TEST_P(Interrupt, EndsAReplay) {
  const Finished finished =
      RunInterrupted({"replay", Corpus("gup_vs_collapse/seed/collapse_race.walk"), "--profile",
                      "arm64", "--repeat", "1000000000", "--json"});
  const Json json = Json::parse(finished.out, nullptr, false);
  ASSERT_TRUE(json.is_object()) << finished.Paste();
  EXPECT_EQ(json["distinct_traces"], 1);
}

// The row that was under way is no row: half of a search is neither caught nor clean.
TEST_P(Interrupt, EndsTheControlsWithoutAnUnfinishedRow) {
  Process process(folder(), {"controls", "--json"});
  usleep(kHeadStart);
  process.Send(GetParam());
  const Finished finished = process.Wait(kSecondsMax);
  EXPECT_FALSE(finished.timed_out) << finished.Paste();
  const Json json = Json::parse(finished.out, nullptr, false);
  ASSERT_TRUE(json.is_object()) << finished.Paste();
  EXPECT_EQ(json["failed"], 0) << finished.Paste();
  EXPECT_EQ(finished.exit_code, json["interrupted"] == true ? 130 : 0) << finished.Paste();
}

// A result was written: not nothing, and so not 130. Where the machine was quicker, all the more.
TEST_P(Interrupt, LeavesWhatIsMinimisedSoFar) {
  const std::string in = HuntedRace(), out = PathOf("min.walk");
  Process process(folder(), {"minimize", in, "-o", out});
  usleep(kHeadStart / 3);
  process.Send(GetParam());
  const Finished finished = process.Wait(kSecondsMax);
  EXPECT_EQ(finished.exit_code, 0) << finished.Paste();
  EXPECT_THAT(finished.out, HasSubstr("written to " + out));
  EXPECT_EQ(Run({"replay", out}).exit_code, 77);
}

// A replay that has its violation keeps it.
TEST_P(Interrupt, DoesNotTakeAFindingAway) {
  Process process(folder(), {"replay", Corpus("gup_vs_collapse/regression/collapse-race.walk"),
                             "--repeat", "1000000000", "--json"});
  usleep(kHeadStart);
  process.Send(GetParam());
  const Finished finished = process.Wait(kSecondsMax);
  EXPECT_EQ(finished.exit_code, 77) << finished.Paste();
  EXPECT_THAT(finished.out, HasSubstr("no-pinned-page-freed"));
}

// Two in a row: whatever it does, it ends.
TEST_P(Interrupt, TwiceEndsAtOnce) {
  Process process(folder(),
                  {"hunt", "--target", "gup_vs_collapse", "--profile", "arm64", "--seconds", "60"});
  usleep(kHeadStart);
  process.Send(GetParam());
  usleep(1000);
  process.Send(GetParam());
  const Finished finished = process.Wait(kSecondsMax);
  EXPECT_EQ(finished.exit_code, 130) << finished.Paste();
}

}  // namespace
}  // namespace walkrace
