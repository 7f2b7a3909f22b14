// `walkrace exhaust` from outside: how it ends, what it says, what it leaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <string>

#include "tool/tool_test_bed.h"

namespace walkrace {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Exhaust : public Tool {
 protected:
  std::string OnePage(const std::string& variant = "") const {
    return Put("one.walk", "walkrace 1\ntarget gup_vs_collapse\n" +
                               (variant.empty() ? "" : "variant " + variant + "\n") +
                               "profile x86-64\nmap 0 rw\ncpu 0\n  pin 0 write\n  unpin\n"
                               "cpu 1\n  collapse 0-7\n");
  }
};

TEST_F(Exhaust, ProvesAScenarioAndSaysHowMuchThatWas) {
  const Finished finished = Run({"exhaust", "--scenario", OnePage()});
  EXPECT_EQ(finished.exit_code, 0) << finished.Paste();
  EXPECT_THAT(finished.out, StartsWith("complete: "));
  EXPECT_THAT(finished.out, HasSubstr(" equivalence classes, "));
  EXPECT_THAT(finished.out, HasSubstr("0 violations"));
  const Json json = RunJson({"exhaust", "--scenario", OnePage()}, 0);
  EXPECT_EQ(json["result"], "complete");
  EXPECT_EQ(json["verdict"], "clean");
  EXPECT_GT(json["classes"], 1);
  EXPECT_GE(json["schedules"], json["classes"]);
  EXPECT_GT(json["seconds"], 0);
}

TEST_F(Exhaust, TakesTheSeedScenarioOfTheTargetWithoutAFile) {
  const std::vector<std::string> bound = {"--preemptions", "0", "--profile", "arm64"};
  std::vector<std::string> of_target = {"exhaust", "--target", "gup_vs_collapse"};
  of_target.insert(of_target.end(), bound.begin(), bound.end());
  std::vector<std::string> of_file = {"exhaust", "--scenario",
                                      Corpus("gup_vs_collapse/seed/collapse_race.walk")};
  of_file.insert(of_file.end(), bound.begin(), bound.end());
  Json a = RunJson(of_target, 0);
  Json b = RunJson(of_file, 0);
  a.erase("seconds");
  b.erase("seconds");
  EXPECT_EQ(a, b);
}

TEST_F(Exhaust, FindsTheSeedsRaceAndSavesItAsHuntWould) {
  const std::string saved = PathOf("found.walk");
  const Json json = RunJson({"exhaust", "--target", "gup_vs_collapse", "--variant", "collapse-race",
                             "--profile", "arm64", "--save", saved},
                            77);
  EXPECT_EQ(json["result"], "violation");
  EXPECT_EQ(json["oracle"], "no-pinned-page-freed");
  EXPECT_EQ(json["preemptions"], 2);
  EXPECT_EQ(json["confirmed"], true);
  EXPECT_EQ(Run({"replay", saved, "--repeat", "10"}).exit_code, 77);
}

TEST_F(Exhaust, IsNotGreenWhereABoundLeftSomethingOut) {
  const Finished finished = Run({"exhaust", "--target", "gup_vs_collapse", "--variant",
                                 "collapse-race", "--profile", "arm64", "--preemptions", "1"});
  EXPECT_EQ(finished.exit_code, 0) << finished.Paste();
  EXPECT_THAT(finished.out, StartsWith("complete to 1 preemption: "));
  EXPECT_THAT(finished.out, HasSubstr("nothing is proved"));
  const Json json = RunJson({"exhaust", "--target", "gup_vs_collapse", "--variant", "collapse-race",
                             "--profile", "arm64", "--preemptions", "1"},
                            0);
  EXPECT_EQ(json["result"], "bounded");
  EXPECT_EQ(json["verdict"], nullptr);
  EXPECT_EQ(json["preemption_bound"], 1);
}

TEST_F(Exhaust, StopsWithSeventyAndGoesOn) {
  const std::string kept = PathOf("kept.json");
  const std::string walk =
      Put("large.walk",
          "walkrace 1\ntarget gup_vs_mm\nprofile arm64\ncpu 0\n  pin 0-3 write\n  unpin\n"
          "cpu 1\n  collapse 0-7\ncpu 2\n  get 0-3\n  unpin\ncpu 3\n  write 0\n  zap 0-3\n");
  const std::vector<std::string> arguments = {"exhaust", "--scenario", walk, "--max-seconds",
                                              "2",       "--resume",   kept};
  const Json first = RunJson(arguments, 70);
  EXPECT_EQ(first["result"], "stopped");
  EXPECT_EQ(first["verdict"], nullptr);
  ASSERT_TRUE(Exists(kept));
  const Json second = RunJson(arguments, 70);
  EXPECT_GT(second["seconds"], 3);  // of both
  const Finished text = Run(arguments);
  EXPECT_THAT(text.out, StartsWith("stopped at "));
  EXPECT_THAT(text.out, HasSubstr("nothing is proved of the rest"));
  // Of another scenario it is refused.
  const Finished other = Run({"exhaust", "--scenario", OnePage(), "--resume", kept});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("of another scenario"));
}

TEST_F(Exhaust, EndsAtCtrlCAndKeepsWhereItWas) {
  const std::string kept = PathOf("kept.json");
  const std::string walk =
      Put("large.walk",
          "walkrace 1\ntarget gup_vs_mm\nprofile arm64\ncpu 0\n  pin 0-3 write\n  unpin\n"
          "cpu 1\n  collapse 0-7\ncpu 2\n  get 0-3\n  unpin\n");
  Process process(folder(), {"exhaust", "--scenario", walk, "--resume", kept, "--json"});
  usleep(700'000);
  process.Send(SIGINT);
  const Finished finished = process.Wait(10);
  EXPECT_EQ(finished.exit_code, 130) << finished.Paste();
  const Json json = Json::parse(finished.out, nullptr, false);
  ASSERT_TRUE(json.is_object()) << finished.Paste();
  EXPECT_EQ(json["result"], "stopped");
  EXPECT_EQ(json["interrupted"], true);
  EXPECT_TRUE(Exists(kept));
}

TEST_F(Exhaust, ExploresWhatWeakMemoryLeavesOpen) {
  const std::string walk = Put("get.walk",
                               "walkrace 1\ntarget gup_vs_collapse\nprofile arm64\nmap 0 rw\n"
                               "cpu 0\n  get 0\ncpu 1\n  collapse 0-7\n");
  const std::string saved = PathOf("found.walk");
  const std::vector<std::string> broken = {
      "exhaust", "--scenario", walk, "--variant", "reference-relaxed-no-sync", "--memory"};
  std::vector<std::string> arguments = broken;
  arguments.push_back("sc");
  EXPECT_EQ(RunJson(arguments, 0)["result"], "complete");
  arguments = broken;
  arguments.insert(arguments.end(), {"lkmm", "--preemptions", "3", "--save", saved});
  const Json found = RunJson(arguments, 77);
  EXPECT_EQ(found["result"], "violation");
  EXPECT_EQ(found["memory"], "lkmm");
  EXPECT_EQ(found["oracle"], "no-pinned-page-freed");
  EXPECT_EQ(found["confirmed"], true);
  EXPECT_EQ(Run({"replay", saved, "--repeat", "10"}).exit_code, 77);

  const std::vector<std::string> bounded = {"exhaust",  "--scenario",    walk, "--memory",
                                            "hardware", "--preemptions", "1"};
  const Json json = RunJson(bounded, 0);
  EXPECT_EQ(json["result"], "bounded");
  EXPECT_EQ(json["memory"], "mca");
  EXPECT_EQ(json["exception_bound"], 1);
  EXPECT_EQ(json["classes"], nullptr);
  EXPECT_EQ(json["verdict"], nullptr);
  EXPECT_EQ(json["delays"], Json({1, 2, 3, 4, 8, 16}));
  const Finished text = Run(bounded);
  EXPECT_THAT(text.out, StartsWith("complete to 1 exception: "));
  EXPECT_THAT(text.out, HasSubstr("of more exceptions nothing is proved"));
  EXPECT_THAT(text.out, HasSubstr("no read-modify-write is late"));

  const Json stopped =
      RunJson({"exhaust", "--scenario", walk, "--memory", "lkmm", "--max-seconds", "1"}, 70);
  EXPECT_EQ(stopped["result"], "stopped");
  EXPECT_EQ(stopped["covered_bound"], stopped["exception_bound"].get<int>() + 1);
  const Finished resumed =
      Run({"exhaust", "--scenario", walk, "--memory", "lkmm", "--resume", PathOf("kept.json")});
  EXPECT_EQ(resumed.exit_code, 2);
  EXPECT_THAT(resumed.err, HasSubstr("sequential consistency alone"));
}

TEST_F(Exhaust, RefusesWhatItCannotUse) {
  EXPECT_EQ(Run({"exhaust", "--target", "codec", "--profile", "arm64"}).exit_code, 2);
  EXPECT_EQ(Run({"exhaust", "--target", "gup_vs_collapse"}).exit_code, 2);
  EXPECT_EQ(Run({"exhaust", "--scenario", OnePage(), "--max-seconds", "soon"}).exit_code, 2);
  EXPECT_EQ(Run({"exhaust", "--scenario", OnePage(), "--preemptions", "-1"}).exit_code, 2);
  const Finished finished =
      Run({"exhaust", "--scenario", OnePage(), "--resume", Put("no.json", "{\"format\":1}")});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("no search that exhaust has stopped"));
}

}  // namespace
}  // namespace walkrace
