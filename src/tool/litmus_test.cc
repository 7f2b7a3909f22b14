// `walkrace litmus` from outside: what it says of the corpus, and how it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tool/tool_test_bed.h"

namespace walkrace {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// What the model of Linux 6.1 allows and --memory lkmm, which runs programs in time, does not do.
const std::set<std::string> kNotDone = {
    // A store that others see before a load before it has its value.
    "3.LB+rcusync+rcureader+rcureader",
    "FOLD+once+addrolder+data",
    "FOLD+once+ctrlolderstore+data",
    "LB+dataonceonce+onceonce",
    "LB+onceonces",
    "LB+rcusync+onceonce",
    "LB+rmbonceonce+data",
    "S+wmbonceonce+onceonce",
    // A read-modify-write of another CPU that breaks the chain; the model of Linux 6.12 forbids it.
    "MP+releaseonce+fetchinc+acquireonce",
    "MP+releaseonce+fetchincrelaxed+acquireonce",
    "MP+wmbonceonce+fetchincrelaxed+fetchincrelaxed+acquireonce",
    // A barrier that has nothing to be a barrier for.
    "SB+mbafteratomic-without-rmw",
};

class Litmus : public Tool {
 protected:
  static std::string CorpusTest(const std::string& name) {
    return Corpus("litmus/" + name + ".litmus");
  }
  // All but what takes more than a second.
  static std::vector<std::string> QuickCorpus() {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(Corpus("litmus"))) {
      const std::string name = entry.path().filename().string();
      if (name.ends_with(".litmus") && !name.starts_with("4.SB")) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
  }
  static std::vector<Json> JsonLines(const Finished& finished) {
    std::vector<Json> lines;
    std::istringstream stream(finished.out);
    for (std::string line; std::getline(stream, line);) {
      lines.push_back(Json::parse(line, nullptr, false));
      EXPECT_TRUE(lines.back().is_object()) << finished.Paste();
    }
    return lines;
  }
  // Takes longer than anybody waits.
  std::string Endless() const {
    std::string text = "C endless\n{}\n";
    for (int i = 0; i < 4; ++i) {
      text += "P" + std::to_string(i) + "(int *x, int *y)\n{\n  int r0;\n";
      for (int j = 0; j < 5; ++j) {
        text +=
            "  r0 = xchg_relaxed(x, " + std::to_string(5 * i + j) + ");\n  WRITE_ONCE(*y, r0);\n";
      }
      text += "}\n";
    }
    return Put("endless.litmus", text + "exists (x=1 /\\ x=2)\n");
  }
};

TEST_F(Litmus, PrintsWhatHerdPrints) {
  const Finished finished = Run({"litmus", CorpusTest("SB+onceonces")});
  EXPECT_EQ(finished.exit_code, 0) << finished.Paste();
  EXPECT_THAT(finished.out,
              StartsWith("Test SB+onceonces Allowed\nStates 4\n0:r0=0; 1:r0=0;\n0:r0=0; 1:r0=1;\n"
                         "0:r0=1; 1:r0=0;\n0:r0=1; 1:r0=1;\nOk\nWitnesses\nPositive: "));
  EXPECT_THAT(finished.out, HasSubstr("\nCondition exists (0:r0=0 /\\ 1:r0=0)\nObservation "
                                      "SB+onceonces Sometimes "));
  EXPECT_EQ(finished.err, "");
}

TEST_F(Litmus, AgreesWithTheResultsOfTheCorpus) {
  std::vector<std::string> arguments = {"litmus", "--json", "--check"};
  const std::vector<std::string> files = QuickCorpus();
  ASSERT_GE(files.size(), 45u);
  arguments.insert(arguments.end(), files.begin(), files.end());
  const Finished finished = Run(arguments);
  std::set<std::string> differing;
  const std::vector<Json> lines = JsonLines(finished);
  EXPECT_EQ(lines.size(), files.size());
  for (const Json& json : lines) {
    EXPECT_EQ(json["complete"], true);
    if (json["verdict"] == json["expected"]) continue;
    // Never the other way round: what is forbidden is not done.
    EXPECT_EQ(json["verdict"], "Never") << json;
    differing.insert(json["name"]);
  }
  EXPECT_EQ(differing, kNotDone);
  EXPECT_EQ(finished.exit_code, 77);
  for (const std::string& name : kNotDone) {
    EXPECT_THAT(finished.err,
                HasSubstr("differs: " + CorpusTest(name) + ": Never, documented: Sometimes"));
  }
}

TEST_F(Litmus, TheModelDecides) {
  const auto verdict = [this](const std::string& name, const std::string& memory) {
    return RunJson({"litmus", CorpusTest(name), "--memory", memory}, 0)["verdict"];
  };
  for (const auto& [name, sc, tso, mca, lkmm] :
       {std::tuple{"SB+onceonces", "Never", "Sometimes", "Sometimes", "Sometimes"},
        {"MP+onceonces", "Never", "Never", "Sometimes", "Sometimes"},
        {"IRIW+acquires", "Never", "Never", "Never", "Sometimes"},
        {"SB+mbonceonces", "Never", "Never", "Never", "Never"}}) {
    EXPECT_EQ(verdict(name, "sc"), sc) << name;
    EXPECT_EQ(verdict(name, "tso"), tso) << name;
    EXPECT_EQ(verdict(name, "mca"), mca) << name;
    EXPECT_EQ(verdict(name, "lkmm"), lkmm) << name;
  }
}

TEST_F(Litmus, JsonHasTheStates) {
  const std::string file = Put("p.litmus",
                               "C p\n(* Result: Always *)\n{ p=&x; }\nP0(int **p)\n{\n  int *r0 = "
                               "READ_ONCE(*p);\n  int r1 = READ_ONCE(*r0);\n}\nlocations [p;]\n"
                               "exists (0:r0=&x /\\ 0:r1=0)\n");
  const Json json = RunJson({"litmus", file}, 0);
  EXPECT_EQ(json["name"], "p");
  EXPECT_EQ(json["file"], file);
  EXPECT_EQ(json["verdict"], "Always");
  EXPECT_EQ(json["expected"], "Always");
  EXPECT_EQ(json["model"], "lkmm");
  EXPECT_EQ(json["complete"], true);
  EXPECT_EQ(json["states"],
            Json::parse(R"([{"state": {"0:r0": "&x", "0:r1": 0, "p": "&x"}, "count": 1}])"));
}

TEST_F(Litmus, TakesFoldersAndFilesInTheirOrder) {
  const std::string test = "\n{}\nP0(int *x) { WRITE_ONCE(*x, 1); }\nexists (x=1)\n";
  std::filesystem::create_directory(PathOf("folder"));
  Put("folder/b.litmus", "C b" + test);
  Put("folder/a.litmus", "C a" + test);
  Put("folder/notes.txt", "no litmus test");
  const std::string last = Put("c.txt", "C c" + test);
  const Finished finished = Run({"litmus", "--json", last, PathOf("folder")});
  EXPECT_EQ(finished.exit_code, 0) << finished.Paste();
  std::string names;
  for (const Json& json : JsonLines(finished)) names += json["name"].get<std::string>();
  EXPECT_EQ(names, "cab");
  std::filesystem::create_directory(PathOf("empty"));
  const Finished empty = Run({"litmus", PathOf("empty")});
  EXPECT_EQ(empty.exit_code, 2);
  EXPECT_THAT(empty.err, HasSubstr(PathOf("empty")));
}

TEST_F(Litmus, WhatCannotBeReadDoesNotHinderTheRest) {
  const std::string bad = Put("bad.litmus", "C bad\n{}\nP0(int *x)\n{\n  while (1) ;\n}\n");
  const Finished finished =
      Run({"litmus", bad, PathOf("missing.litmus"), CorpusTest("CoRR+onceonce+once")});
  EXPECT_EQ(finished.exit_code, 2) << finished.Paste();
  EXPECT_THAT(finished.err,
              HasSubstr("walkrace: " + bad + ":5:3: found 'while': loops are not supported"));
  EXPECT_THAT(finished.err, HasSubstr("missing.litmus: "));
  EXPECT_THAT(finished.out, HasSubstr("Observation CoRR+onceonce+once Never "));
}

TEST_F(Litmus, CheckSaysWhatHasNoResult) {
  const std::string file =
      Put("a.litmus", "C a\n{}\nP0(int *x) { WRITE_ONCE(*x, 1); }\nexists (x=1)\n");
  const Finished none = Run({"litmus", "--check", file, CorpusTest("MP+onceonces")});
  EXPECT_EQ(none.exit_code, 0) << none.Paste();
  EXPECT_THAT(none.err, AllOf(HasSubstr("no Result: " + file), Not(HasSubstr("differs")),
                              HasSubstr("2 tests, 0 differ, 1 without a documented result")));
  const Finished wrong = Run({"litmus", "--check", "--memory", "sc", CorpusTest("MP+onceonces")});
  EXPECT_EQ(wrong.exit_code, 77) << wrong.Paste();
  EXPECT_THAT(wrong.err, HasSubstr(": Never, documented: Sometimes"));
}

TEST_F(Litmus, ABoundIsNoVerdict) {
  const Json json = RunJson({"litmus", Endless(), "--executions-max", "100"}, 70);
  EXPECT_EQ(json["verdict"], nullptr);
  EXPECT_EQ(json["complete"], false);
  EXPECT_GT(json["negative"], 0);
  EXPECT_LE(json["negative"], 100);
  const Finished text = Run({"litmus", Endless(), "--executions-max", "100", "--states-max", "1"});
  EXPECT_THAT(text.out, HasSubstr("Incomplete"));
  EXPECT_THAT(text.out, HasSubstr("Observation endless Unknown 0 "));
  EXPECT_THAT(text.out, Not(HasSubstr("No\n")));
  EXPECT_EQ(
      RunJson({"litmus", CorpusTest("SB+onceonces"), "--states-max", "2"}, 0)["states"].size(), 2);
}

TEST_F(Litmus, EndsAtCtrlCWithWhatItHas) {
  for (const int signal : {SIGINT, SIGTERM}) {
    Process process(folder(), {"litmus", "--json", Endless(), CorpusTest("SB+onceonces")});
    usleep(700'000);
    process.Send(signal);
    const Finished finished = process.Wait(10);
    EXPECT_EQ(finished.exit_code, 130) << finished.Paste();
    const std::vector<Json> lines = JsonLines(finished);
    ASSERT_EQ(lines.size(), 1u);  // the next file was not begun
    EXPECT_EQ(lines[0]["complete"], false);
    EXPECT_EQ(lines[0]["verdict"], nullptr);
    EXPECT_GT(lines[0]["negative"], 0);
  }
}

TEST_F(Litmus, TellsHowFarItIs) {
  Process process(folder(), {"litmus", Endless()});
  usleep(3'000'000);
  process.Send(SIGINT);
  const Finished finished = process.Wait(10);
  EXPECT_THAT(finished.err, HasSubstr("walkrace: 1 of 1 endless: for 2 s"));
}

TEST_F(Litmus, RefusesWhatItDoesNotKnow) {
  const Finished memory = Run({"litmus", CorpusTest("SB+onceonces"), "--memory", "alpha"});
  EXPECT_EQ(memory.exit_code, 2);
  EXPECT_THAT(memory.err, HasSubstr("unknown memory model 'alpha'; known are: sc, tso, "));
  EXPECT_EQ(Run({"litmus"}).exit_code, 2);
  EXPECT_EQ(Run({"litmus", CorpusTest("SB+onceonces"), "--executions-max", "-1"}).exit_code, 2);
  const Finished device = Run({"litmus", "/dev/zero"});
  EXPECT_EQ(device.exit_code, 2);
  EXPECT_THAT(device.out, IsEmpty());
  EXPECT_THAT(Run({"litmus", "--help"}).out, HasSubstr("Sometimes"));
}

}  // namespace
}  // namespace walkrace
