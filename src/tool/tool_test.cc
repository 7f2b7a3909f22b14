// End to end: the real binary, its exit codes, files, standard output and messages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "tool/tool_test_bed.h"

namespace walkrace {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAreArray;

using List = Tool;
using Hunt = Tool;
using Confirm = Tool;
using Replay = Tool;
using Minimize = Tool;
using Explain = Tool;
using Convert = Tool;
using Controls = Tool;
using CommandLine = Tool;

const std::vector<std::string> kContext = {"--target", "gup_vs_collapse", "--profile", "arm64"};

std::vector<std::string> With(std::vector<std::string> head, const std::vector<std::string>& tail) {
  head.insert(head.end(), tail.begin(), tail.end());
  return head;
}

std::vector<std::string> NamesOf(const Json& rows) {
  std::vector<std::string> names;
  for (const Json& row : rows) names.push_back(row.value("name", ""));
  return names;
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::set<std::string> FirstGroups(const std::string& text, const std::regex& pattern) {
  std::set<std::string> groups;
  for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match) {
    groups.insert((*match)[1]);
  }
  return groups;
}

// --- The command line itself -------------------------------------------------------------------

TEST_F(CommandLine, HelpAndVersion) {
  const Finished help = Run({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const char* command : {"list", "hunt", "replay", "explain", "minimize", "convert",
                              "controls", "matrix", "coverage", "confirm"}) {
    EXPECT_THAT(help.out, HasSubstr(command));
    EXPECT_EQ(Run({command, "--help"}).exit_code, 0);
  }
  const Finished version = Run({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_THAT(version.out, AllOf(StartsWith("walkrace "), HasSubstr("(" + Flavour() + ")")));
}

TEST_F(CommandLine, WhatItDoesNotUnderstandIsUsage) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"dance"},
                                             {"list", "--dance"},
                                             {"hunt", "--schedules", "many"},
                                             {"hunt", "--schedules", "-1"},
                                             {"replay"},
                                             {"replay", "a", "b"},
                                             {"replay", "a", "--repeat", "0"},
                                             {"minimize", "a"},
                                             {"convert", "a"}}) {
    const Finished finished = Run(arguments);
    EXPECT_EQ(finished.exit_code, 2) << finished.Paste();
    EXPECT_THAT(finished.out, IsEmpty());
    EXPECT_THAT(finished.err, Not(IsEmpty()));
  }
}

// A full disk must not look like success.
TEST_F(CommandLine, OutputThatCannotBeWrittenIsAFailure) {
  Process::Options full;
  full.standard_output = "/dev/full";
  Process process(folder(), {"list", "--json"}, full);
  const Finished finished = process.Wait();
  EXPECT_EQ(finished.exit_code, 3) << finished.Paste();
  EXPECT_THAT(finished.err, HasSubstr("cannot write to standard output"));
}

TEST_F(CommandLine, MemoryThatRunsOutIsSaidSo) {
  if (Flavour() != "plain") GTEST_SKIP() << "sanitizers need more address space than any bound";
  const std::string path = Put("large", "");
  std::filesystem::resize_file(path, 60 << 20);
  Process::Options small;
  small.address_space_max = 90 << 20;
  Process process(folder(), With({"replay", path}, kContext), small);
  const Finished finished = process.Wait();
  EXPECT_EQ(finished.exit_code, 71) << finished.Paste();
  EXPECT_THAT(finished.err, HasSubstr("out of memory"));
}

TEST_F(CommandLine, ThreadsThatCannotBeStartedAreSaidSo) {
  Process::Options alone;
  alone.as_nobody = alone.no_threads = true;
  Process version(folder(), {"--version"}, alone);
  if (version.Wait().exit_code != 0) GTEST_SKIP() << "nobody may not run the binary here";
  Process process(folder(), With({"hunt", "--schedules", "10"}, kContext), alone);
  const Finished finished = process.Wait();
  EXPECT_EQ(finished.exit_code, 3) << finished.Paste();
  EXPECT_THAT(finished.err, AllOf(HasSubstr("cannot start a thread"), HasSubstr("ulimit -u")));
}

// `ulimit -f 0`: as a full disk, and no signal.
TEST_F(CommandLine, AFileThatMayNotGrowIsAFullDisk) {
  if (Flavour() == "tsan") GTEST_SKIP() << "ThreadSanitizer writes a file itself, before main()";
  const std::string in = HuntedRace(), out = PathOf("limited.walk");
  const auto run = [&](const std::vector<std::string>& arguments, const char* option) {
    Process::Options options;
    options.standard_output = "/dev/null";
    options.no_file_content = true;
    Process process(folder(), With(arguments, {option, out}), options);
    const Finished finished = process.Wait();
    EXPECT_EQ(finished.signal, 0) << arguments[0];
    for (const auto& entry : std::filesystem::directory_iterator(folder())) {
      EXPECT_THAT(entry.path().filename().string(), Not(StartsWith("limited.walk")));
    }
    return finished.exit_code;
  };
  EXPECT_EQ(run({"hunt", "--scenario", in, "--schedules", "200000"}, "--save"), 77);
  EXPECT_EQ(run({"minimize", in}, "-o"), 3);
  EXPECT_EQ(run({"convert", in}, "--bytes"), 3);
}

// --- A profile of one's own --------------------------------------------------------------------

TEST_F(Hunt, KnowsTheProfileOfAFile) {
  const std::string mine = Put("mine", "name = mine\nlike = arm64\ncollapse-flush = mm-cpumask\n");
  const std::string found = PathOf("found.walk");
  const Finished hunt = Run({"hunt", "--target", "gup_vs_collapse", "--variant", "no-pte-recheck",
                             "--profile-file", mine, "--schedules", "100000", "--save", found});
  EXPECT_EQ(hunt.exit_code, 77) << hunt.Paste();
  EXPECT_THAT(hunt.out, HasSubstr("--profile mine --profile-file " + mine));
  EXPECT_EQ(Run({"replay", found, "--profile-file", mine}).exit_code, 77);
  const Finished without = Run({"replay", found});
  EXPECT_EQ(without.exit_code, 2);
  EXPECT_THAT(without.err, HasSubstr("'mine'"));
  const Json list = RunJson({"list", "--profile-file", mine}, 0);
  EXPECT_EQ(list["profiles"].back()["name"], "mine");
}

TEST_F(Hunt, TheCellsOfAProfileFileAreNotThoseOfAnother) {
  const std::string text = "name = mine\nlike = arm64\n";
  const std::string mine = Put("mine", text), kept = PathOf("kept");
  const auto matrix = [&] {
    return Run({"matrix", "--variants", "collapse-race", "--profiles", "mine", "--profile-file",
                mine, "--resume", kept});
  };
  const Finished first = matrix();
  EXPECT_EQ(first.exit_code, 0) << first.Paste();
  EXPECT_EQ(matrix().out, first.out);
  Put("mine", text + "collapse-flush = mm-cpumask\n");
  const Finished other = matrix();
  EXPECT_EQ(other.exit_code, 2) << other.Paste();
  EXPECT_THAT(other.err, HasSubstr(kept + ": its cells of mine are of a profile file that said"));
}

TEST_F(Hunt, SaysWhereAProfileFileIsWrong) {
  const std::string bad = Put("bad", "name = bad\nlike = vax\n");
  for (const char* command : {"list", "controls"}) {
    const Finished finished = Run({command, "--profile-file", bad});
    EXPECT_EQ(finished.exit_code, 2);
    EXPECT_THAT(finished.err, HasSubstr(bad + ": line 2, column 8: found 'vax'; expected "))
        << finished.Paste();
  }
}

// --- list --------------------------------------------------------------------------------------

TEST_F(List, NamesAllThatOthersBuildOn) {
  const Json json = RunJson({"list"}, 0);
  std::vector<std::string> operations;
  for (const std::string& name : NamesOf(json["operations"])) {
    operations.push_back(name.substr(0, name.find(' ')));
  }
  EXPECT_THAT(operations,
              IsSupersetOf({"pin", "get", "write-pinned", "read-pinned", "unpin", "collapse", "zap",
                            "fault", "read", "write", "fork", "soft-dirty", "mprotect", "numa"}));
  EXPECT_THAT(NamesOf(json["profiles"]),
              IsSupersetOf({"x86-64", "x86-64-paravirt", "arm64", "powerpc-hash"}));
  EXPECT_THAT(NamesOf(json["variants"]),
              IsSupersetOf({"collapse-race", "no-pmd-recheck", "no-table-sync", "no-pte-recheck",
                            "count-before-clear", "add-not-unless-zero", "no-put-on-failed-recheck",
                            "no-collapse-flush", "backoff-leaves-pmd-clear",
                            "fallback-with-irqs-off", "plain-pmd-reread"}));
  EXPECT_THAT(NamesOf(json["oracles"]),
              IsSupersetOf({"no-pinned-page-freed", "no-stale-page", "no-lost-write",
                            "no-table-use-after-free", "counts-conserved", "back-off-restores",
                            "progress", "data-race"}));
  EXPECT_THAT(NamesOf(json["strategies"]), IsSupersetOf({"random", "pct", "schedule"}));
  EXPECT_THAT(NamesOf(json["backends"]), ElementsAre("threads", "fibers"));
  EXPECT_THAT(NamesOf(json["memory_models"]), ElementsAre("sc", "tso", "mca", "lkmm", "hardware"));
  EXPECT_THAT(NamesOf(json["targets"]), IsSupersetOf({"gup_vs_collapse", "codec", "canary"}));
}

TEST_F(List, EverythingHasASummary) {
  const Json json = RunJson({"list"}, 0);
  for (const auto& [kind, rows] : json.items()) {
    // A build has kernel trees where it was given some.
    if (kind != "kernel_trees") EXPECT_THAT(rows, Not(IsEmpty())) << kind;
    for (const Json& row : rows) EXPECT_NE(row.value("summary", ""), "") << kind << ": " << row;
  }
}

TEST_F(List, VariantsNameTheirOracleAndWhereTheyBite) {
  const Json json = RunJson({"list"}, 0);
  const std::vector<std::string> oracles = NamesOf(json["oracles"]);
  for (const Json& row : json["variants"]) {
    if (row["oracle"].is_null()) {
      EXPECT_THAT(row["bites_on"], IsEmpty()) << row;
    } else {
      EXPECT_THAT(oracles, Contains(row["oracle"].get<std::string>())) << row;
      EXPECT_THAT(row["bites_on"], Not(IsEmpty())) << row;
    }
  }
}

TEST_F(List, TextHasTheSameNames) {
  const std::string text = Run({"list"}).out;
  const Json json = RunJson({"list"}, 0);
  for (const auto& [kind, rows] : json.items()) {
    EXPECT_THAT(text, HasSubstr(kind + ":"));
    for (const std::string& name : NamesOf(rows)) EXPECT_THAT(text, HasSubstr(name));
  }
  EXPECT_THAT(text, HasSubstr("(needs: weak-memory)"));
}

// A row is a signature, profiles, schedules and an account.
TEST_F(List, KnownExposuresNameTheirSchedules) {
  const std::string text = Run({"list"}).out;
  const Json json = RunJson({"list"}, 0);
  for (const Json& row : json["known_exposed"]) {
    EXPECT_THAT(row["on"], Not(IsEmpty())) << row;
    // What a kernel tree alone shows needs the tree.
    if (!row.contains("tree_before")) EXPECT_THAT(row["schedules"], Not(IsEmpty())) << row;
    EXPECT_THAT(text, HasSubstr("    signature: " + row["signature"].get<std::string>() + "\n"));
    for (const Json& schedule : row["schedules"]) {
      EXPECT_TRUE(std::filesystem::exists(Corpus(schedule.get<std::string>()))) << row;
      EXPECT_THAT(text, HasSubstr(schedule.get<std::string>()));
    }
  }
}

// --- hunt --------------------------------------------------------------------------------------

void ExpectVerdictFields(const Json& json) {
  for (const char* field :
       {"verdict", "oracle", "target", "variant", "profile", "schedules", "seconds",
        "first_violation_at", "file", "preemptions", "events", "trace_hash", "distinct_traces"}) {
    EXPECT_TRUE(json.contains(field)) << field << " in " << json;
  }
  EXPECT_TRUE(json["schedules"].is_number_unsigned());
  EXPECT_TRUE(json["seconds"].is_number());
  EXPECT_TRUE(json["preemptions"].is_number_unsigned());
  EXPECT_TRUE(json["events"].is_number_unsigned());
  EXPECT_TRUE(json["distinct_traces"].is_number_unsigned());
  EXPECT_TRUE(json["trace_hash"].is_string());
}

TEST_F(Hunt, CleanIsZeroWithNullsForWhatWasNotFound) {
  const Json json = RunJson(With({"hunt", "--schedules", "200"}, kContext), 0);
  ExpectVerdictFields(json);
  EXPECT_EQ(json["verdict"], "clean");
  EXPECT_EQ(json["oracle"], nullptr);
  EXPECT_EQ(json["target"], "gup_vs_collapse");
  EXPECT_EQ(json["variant"], nullptr);
  EXPECT_EQ(json["profile"], "arm64");
  EXPECT_EQ(json["schedules"], 200);
  EXPECT_EQ(json["first_violation_at"], nullptr);
  EXPECT_EQ(json["file"], nullptr);
  EXPECT_GT(json["distinct_traces"], 10);
}

TEST_F(Hunt, AViolationIs77WithAllThatASearcherNeeds) {
  for (const char* strategy : {"random", "pct"}) {
    const std::string path = PathOf("found.walk");
    const Json json = RunJson(With({"hunt", "--variant", "collapse-race", "--strategy", strategy,
                                    "--seed", "7", "--schedules", "200000", "--save", path},
                                   kContext),
                              77);
    ExpectVerdictFields(json);
    EXPECT_EQ(json["verdict"], "violation");
    EXPECT_THAT(json["oracle"].get<std::string>(), StartsWith("no-"));
    EXPECT_EQ(json["variant"], "collapse-race");
    EXPECT_EQ(json["first_violation_at"], json["schedules"]);
    EXPECT_EQ(json["file"], path);
    EXPECT_THAT(Get(path), StartsWith("walkrace 1\n"));
  }
}

// The finding is the one that threads would have come to, and threads show it.
TEST_F(Hunt, OnFibersFindsTheSameAndConfirmsItOnThreads) {
  const std::vector<std::string> hunt = With(
      {"hunt", "--variant", "collapse-race", "--seed", "7", "--schedules", "200000"}, kContext);
  const std::string on_threads = PathOf("threads.walk"), on_fibers = PathOf("fibers.walk");
  const Json threads = RunJson(With(hunt, {"--save", on_threads}), 77);
  const Json fibers = RunJson(With(hunt, {"--backend", "fibers", "--save", on_fibers}), 77);
  EXPECT_EQ(threads["confirmed"], nullptr);
  EXPECT_EQ(fibers["confirmed"], true);
  EXPECT_EQ(threads["trace_hash"], fibers["trace_hash"]);
  EXPECT_EQ(threads["first_violation_at"], fibers["first_violation_at"]);
  EXPECT_EQ(Get(on_threads), Get(on_fibers));
  EXPECT_THAT(Run(With(hunt, {"--backend", "fibers"})).out, HasSubstr("confirmed on threads"));
}

TEST_F(Confirm, FilesComeOutTheSameOnBothBackEnds) {
  const std::string race = HuntedRace();
  const std::string clean = Put("clean.walk",
                                "walkrace 1\ntarget gup_vs_collapse\nprofile arm64\n"
                                "cpu 0\n pin 0\n unpin\n");
  const Json json = RunJson({"confirm", race, clean}, 0);
  EXPECT_EQ(json["inputs"], 2);
  EXPECT_EQ(json["alike"], 2);
  ASSERT_EQ(json["rows"].size(), 1u) << "of what violates, and of what differs";
  const Json& row = json["rows"][0];
  EXPECT_EQ(row["file"], race);
  EXPECT_EQ(row["alike"], true);
  EXPECT_EQ(row["fibers"], "no-pinned-page-freed");
  EXPECT_EQ(row["threads"], "no-pinned-page-freed");
  EXPECT_EQ(row["signature"], RunJson({"replay", race}, 77)["signature"]);
  EXPECT_EQ(row["known_exposed"], nullptr);
  EXPECT_THAT(Run({"confirm", race, clean}).out,
              HasSubstr("2 inputs on fibers and on OS threads: 2 alike, 0 not"));
}

TEST_F(Confirm, StopsInTimeButNeverBeforeTheFirst) {
  EXPECT_EQ(RunJson({"confirm", Corpus("gup_vs_mm/regression"), "--seconds", "0"}, 0)["inputs"], 1);
  EXPECT_EQ(Run({"confirm", Corpus("gup_vs_mm/regression"), "--seconds", "soon"}).exit_code, 2);
  EXPECT_EQ(Run({"confirm", PathOf("no-such-file")}).exit_code, 2);
}

TEST_F(CommandLine, EachCommandThatRunsSchedulesTakesABackEnd) {
  const std::string path = HuntedRace();
  const std::string trace = RunJson({"replay", path}, 77)["trace_hash"];
  EXPECT_EQ(RunJson({"replay", path, "--backend", "fibers"}, 77)["trace_hash"], trace);
  EXPECT_EQ(Run({"explain", path, "--backend", "fibers"}).out, Run({"explain", path}).out);
  const std::string small[] = {PathOf("threads.walk"), PathOf("fibers.walk")};
  Run({"minimize", path, "-o", small[0], "--backend", "threads"});
  Run({"minimize", path, "-o", small[1], "--backend", "fibers"});
  EXPECT_EQ(Get(small[0]), Get(small[1]));
  EXPECT_EQ(RunJson({"controls", "--variant", "collapse-race", "--profile", "arm64", "--backend",
                     "fibers"},
                    0)["failed"],
            0);
  EXPECT_EQ(
      Run({"matrix", "--variants", "collapse-race", "--profiles", "arm64", "--backend", "fibers"})
          .exit_code,
      0);
  EXPECT_EQ(Run({"coverage", path, "--backend", "fibers"}).out, Run({"coverage", path}).out);
  const Finished wrong = Run({"replay", path, "--backend", "goroutines"});
  EXPECT_EQ(wrong.exit_code, 2) << wrong.Paste();
  EXPECT_THAT(wrong.err, AllOf(HasSubstr("'goroutines'"), HasSubstr("threads, fibers")));
}

TEST_F(Hunt, FileIsNullWithoutSave) {
  const Json json =
      RunJson(With({"hunt", "--variant", "collapse-race", "--schedules", "200000"}, kContext), 77);
  EXPECT_EQ(json["file"], nullptr);
}

TEST_F(Hunt, SaveWritesTheTextFormWhateverTheName) {
  const std::string path = PathOf("found.bin");
  Run(With({"hunt", "--variant", "collapse-race", "--schedules", "200000", "--save", path},
           kContext));
  EXPECT_THAT(Get(path), StartsWith("walkrace 1\n"));
}

TEST_F(Hunt, WithoutAFindingNothingIsSaved) {
  const std::string path = PathOf("found.walk");
  Run(With({"hunt", "--schedules", "10", "--save", path}, kContext));
  EXPECT_FALSE(Exists(path));
}

TEST_F(Hunt, AFileThatCannotBeSavedIsSaidBeforeTheSearch) {
  for (const std::string& path : {PathOf("missing/found.walk"), folder()}) {
    const Finished finished =
        Run(With({"hunt", "--seconds", "100", "--save", path, "--json"}, kContext));
    EXPECT_EQ(finished.exit_code, 2) << finished.Paste();
    EXPECT_THAT(finished.err, HasSubstr(path));
    EXPECT_THAT(finished.out, IsEmpty());
    EXPECT_LT(finished.seconds, 50);
  }
}

// A disk that fills up meanwhile: the verdict stands, and standard error has the finding.
TEST_F(Hunt, AFindingThatCannotBeSavedIsNotLost) {
  const std::vector<std::string> arguments =
      With({"hunt", "--variant", "collapse-race", "--schedules", "200000", "--save", "/dev/full"},
           kContext);
  const Json json = RunJson(arguments, 77);
  ExpectVerdictFields(json);
  EXPECT_EQ(json["verdict"], "violation");
  EXPECT_EQ(json["file"], nullptr);
  const Finished finished = Run(arguments);
  EXPECT_EQ(finished.exit_code, 77) << finished.Paste();
  EXPECT_THAT(finished.err,
              AllOf(HasSubstr("/dev/full"), HasSubstr("walkrace 1\n"), HasSubstr("expect no-")));
  EXPECT_THAT(finished.out, AllOf(HasSubstr("violation: no-"), Not(HasSubstr("saved"))));
}

TEST_F(Hunt, APipeThatNobodyReadsIsNotWaitedFor) {
  const std::string path = PathOf("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const Finished finished = Run(With(
      {"hunt", "--variant", "collapse-race", "--schedules", "200000", "--save", path}, kContext));
  EXPECT_EQ(finished.exit_code, 77) << finished.Paste();
  EXPECT_THAT(finished.err, AllOf(HasSubstr(path), HasSubstr("nobody reads")));
}

TEST_F(Hunt, TheSeedDecides) {
  const std::vector<std::string> arguments = With(
      {"hunt", "--variant", "collapse-race", "--schedules", "200000", "--seed", "3"}, kContext);
  Json first = RunJson(arguments, 77), second = RunJson(arguments, 77);
  first.erase("seconds");
  second.erase("seconds");
  EXPECT_EQ(first, second);
}

TEST_F(Hunt, SeveralVariantsAreCombined) {
  const Json json =
      RunJson(With({"hunt", "--variant", "no-pmd-recheck,no-table-sync", "--schedules", "200000"},
                   kContext),
              77);
  EXPECT_EQ(json["variant"], "no-pmd-recheck,no-table-sync");
}

TEST_F(Hunt, AVariantThatIsNamedTwiceCountsOnce) {
  const std::string path = PathOf("found.walk");
  const Json json = RunJson(With({"hunt", "--variant", "collapse-race,collapse-race", "--schedules",
                                  "200000", "--save", path},
                                 kContext),
                            77);
  EXPECT_EQ(json["variant"], "collapse-race");
  EXPECT_THAT(Get(path), HasSubstr("variant collapse-race\n"));
}

TEST_F(Hunt, KeepsToTheScenarioOfAFile) {
  const std::string scenario = Put("s.walk",
                                   "walkrace 1\ncpu 0\n pin 0\ncpu 1\n collapse 0-7\n"
                                   "preempt cpu 0 before event 2 to cpu 1\n");
  const std::string found = PathOf("found.walk");
  RunJson(With({"hunt", "--variant", "collapse-race", "--scenario", scenario, "--schedules",
                "200000", "--save", found},
               kContext),
          77);
  EXPECT_THAT(Get(found), HasSubstr("cpu 0\n  pin 0\ncpu 1\n  collapse 0-7\n"));
}

TEST_F(Hunt, ByScheduleRunsTheOneOfTheFile) {
  const std::string path = HuntedRace();
  const Json json =
      RunJson({"hunt", "--strategy", "schedule", "--scenario", path, "--schedules", "100"}, 77);
  EXPECT_EQ(json["first_violation_at"], 1);
  EXPECT_EQ(json["trace_hash"], RunJson({"replay", path}, 77)["trace_hash"]);
  const std::string clean = Corpus("gup_vs_collapse/regression/collapse-race-fixed.walk");
  const Json same =
      RunJson({"hunt", "--strategy", "schedule", "--scenario", clean, "--schedules", "100"}, 0);
  EXPECT_EQ(same["schedules"], 100);
  EXPECT_EQ(same["distinct_traces"], 1);
}

TEST_F(Hunt, ByScheduleNeedsAFile) {
  const Finished finished =
      Run(With({"hunt", "--strategy", "schedule", "--schedules", "10"}, kContext));
  EXPECT_EQ(finished.exit_code, 2) << finished.Paste();
  EXPECT_THAT(finished.err, HasSubstr("--scenario FILE"));
}

TEST_F(Hunt, StopsWhenItsTimeIsUp) {
  const Finished finished = Run(With({"hunt", "--seconds", "1s", "--json"}, kContext));
  EXPECT_EQ(finished.exit_code, 0) << finished.Paste();
  EXPECT_GE(finished.seconds, 1);
  EXPECT_LT(finished.seconds, 10);
}

TEST_F(Hunt, TheTextSaysWhatToTypeNext) {
  const std::string path = PathOf("found.walk");
  const Finished finished = Run(With(
      {"hunt", "--variant", "collapse-race", "--schedules", "200000", "--save", path}, kContext));
  EXPECT_THAT(finished.out, AllOf(HasSubstr("violation: no-"), HasSubstr("--profile arm64"),
                                  HasSubstr("replay " + path), HasSubstr("minimize " + path)));
}

TEST_F(Hunt, ADataRaceAloneIs66) {
  const std::vector<std::string> arguments =
      With({"hunt", "--variant", "plain-pmd-reread", "--scenario",
            Corpus("gup_vs_collapse/seed/collapse_race.walk"), "--schedules", "2000"},
           kContext);
  if (Flavour() != "tsan") {
    EXPECT_EQ(RunJson(arguments, 0)["verdict"], "clean") << "nobody looks";
    EXPECT_THAT(Run(arguments).err, AllOf(HasSubstr("plain-pmd-reread"), HasSubstr("tsan")));
    return;
  }
  EXPECT_EQ(RunJson(arguments, 66)["oracle"], "data-race");
}

TEST_F(Hunt, RefusesWhatItDoesNotKnow) {
  const auto expect = [this](const std::vector<std::string>& arguments, const char* named) {
    const Finished finished = Run(With({"hunt"}, arguments));
    EXPECT_EQ(finished.exit_code, 2) << finished.Paste();
    EXPECT_THAT(finished.err, HasSubstr(named));
    EXPECT_THAT(finished.out, IsEmpty());
  };
  expect({"--target", "nothing", "--profile", "arm64", "--schedules", "1"}, "'nothing'");
  expect({"--target", "gup_vs_collapse", "--profile", "vax", "--schedules", "1"}, "'vax'");
  expect(With({"--variant", "collapse-race,nothing", "--schedules", "1"}, kContext), "'nothing'");
  expect(With({"--strategy", "hope", "--schedules", "1"}, kContext), "'hope'");
  expect(With({"--seconds", "soon"}, kContext), "'soon'");
  expect(With({"--seconds", "-1"}, kContext), "-1");
  expect(With({"--seconds", "0"}, kContext), "--seconds 0");
  expect(With({"--variant", ",", "--schedules", "1"}, kContext), "','");
  for (const char* seed : {"-1", "18446744073709551616", "1.5", "0x1", ""}) {
    expect(With({"--seed", seed, "--schedules", "1"}, kContext), "--seed");
  }
  expect(With({"--schedules", "-1"}, kContext), "--schedules");
  expect(With({"--depth", "3", "--strategy", "pos", "--schedules", "1"}, kContext), "--depth");
  expect(With({"--depth", "0", "--schedules", "1"}, kContext), "depth");
  expect(kContext, "--schedules");
  expect({"--target", "gup_vs_collapse", "--schedules", "1"}, "--profile");
  expect({"--profile", "arm64", "--schedules", "1"}, "--target");
  expect({"--target", "codec", "--profile", "arm64", "--schedules", "1"}, "codec");
}

// --- replay ------------------------------------------------------------------------------------

TEST_F(Replay, AHundredTimesIsOneTrace) {
  const std::string path = HuntedRace();
  const Json json = RunJson({"replay", path, "--repeat", "100"}, 77);
  ExpectVerdictFields(json);
  EXPECT_EQ(json["verdict"], "violation");
  EXPECT_EQ(json["oracle"], "no-pinned-page-freed");
  EXPECT_EQ(json["schedules"], 100);
  EXPECT_EQ(json["distinct_traces"], 1);
  EXPECT_EQ(json["first_violation_at"], 1);
  EXPECT_EQ(json["file"], path);
  EXPECT_EQ(json["expect_met"], true);
  EXPECT_EQ(json["drifted"], false);
}

TEST_F(Replay, GivesTheTraceThatHuntFound) {
  const std::string path = PathOf("found.walk");
  const Json hunted =
      RunJson(With({"hunt", "--variant", "collapse-race", "--schedules", "200000", "--save", path},
                   kContext),
              77);
  const Json replayed = RunJson({"replay", path}, 77);
  for (const char* field : {"trace_hash", "oracle", "message", "signature", "events"}) {
    EXPECT_EQ(hunted[field], replayed[field]) << field;
  }
}

TEST_F(Replay, EveryRegressionScheduleIsAsItExpects) {
  int files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(Corpus("gup_vs_collapse/regression"))) {
    const std::string path = entry.path();
    const Finished finished = Run({"replay", path, "--repeat", "20", "--json"});
    const Json json = Json::parse(finished.out, nullptr, false);
    ASSERT_TRUE(json.is_object()) << finished.Paste();
    EXPECT_TRUE(json["expect"].is_string()) << path;
    const bool race = json["expect"] == "data-race";
    if (race && Flavour() != "tsan") continue;
    EXPECT_EQ(json["expect_met"], true) << path << finished.Paste();
    EXPECT_EQ(json["drifted"], false) << path << finished.Paste();
    if (!race) EXPECT_EQ(json["distinct_traces"], 1) << path;
    const bool clean = json["expect"] == "clean";
    EXPECT_EQ(finished.exit_code, clean ? 0 : race ? 66 : 77) << path << finished.Paste();
    ++files;
  }
  EXPECT_THAT(files, Ge(3));
}

TEST_F(Replay, SaysWhereTheExpectationIsNotMet) {
  const std::string path = Put("f.walk",
                               "walkrace 1\ntarget gup_vs_collapse\nprofile arm64\n"
                               "expect no-stale-page\ncpu 0\n pin 0\n");
  const Finished finished = Run({"replay", path});
  EXPECT_EQ(finished.exit_code, 0) << "the verdict's";
  EXPECT_THAT(finished.err, AllOf(HasSubstr(path), HasSubstr("no-stale-page"), HasSubstr("clean")));
  EXPECT_EQ(RunJson({"replay", path}, 0)["expect_met"], false);
}

// The verdict is the recorded one, and so is the exit code: a name beside it excuses nothing here.
TEST_F(Replay, NamesAKnownExposureAndEndsAsForAnyViolation) {
  const std::string path = Corpus("gup_vs_mm/exposed/a14-mips-mmid-perf-walk.walk");
  const Finished text = Run({"replay", path});
  EXPECT_EQ(text.exit_code, 77) << text.Paste();
  EXPECT_THAT(text.out, StartsWith("violation: no-table-use-after-free\n"));
  EXPECT_THAT(text.out, HasSubstr("\n  known exposed: a14-mips-mmid-perf-walk: A14, and perf's"));
  const Json json = RunJson({"replay", path}, 77);
  EXPECT_EQ(json["verdict"], "violation");
  EXPECT_EQ(json["known_exposed"], "a14-mips-mmid-perf-walk");
  EXPECT_EQ(json["expect_met"], true);
}

TEST_F(Replay, NamesNoKnownExposureWhereNoneIs) {
  const std::string race = Corpus("gup_vs_collapse/regression/collapse-race.walk");
  EXPECT_THAT(Run({"replay", race}).out, Not(HasSubstr("known exposed")));
  EXPECT_EQ(RunJson({"replay", race}, 77)["known_exposed"], nullptr);
  const std::string clean = Put("f.walk",
                                "walkrace 1\ntarget gup_vs_mm\nprofile mips-mmid\n"
                                "cpu 0\n get 0\n");
  EXPECT_THAT(Run({"replay", clean}).out, Not(HasSubstr("known exposed")));
  EXPECT_EQ(RunJson({"replay", clean}, 0)["known_exposed"], nullptr);
}

TEST_F(Replay, SaysWhereAVariantCannotBeSeen) {
  const Finished finished = Run({"replay", Corpus("gup_vs_collapse/seed/collapse_race.walk"),
                                 "--variant", "plain-pmd-reread", "--profile", "arm64"});
  EXPECT_EQ(finished.err.find("plain-pmd-reread") == std::string::npos, Flavour() == "tsan")
      << finished.Paste();
}

// CPU 0 re-reads the pmd plainly; then the loads of the others are more than ThreadSanitizer
// remembers, so that it has the race in about three of four runs.
constexpr char kRaceByChance[] =
    "walkrace 1\ntarget gup_vs_mm\nvariant plain-pmd-reread\nprofile arm64\nexpect data-race\n"
    "map 0 rw\ncpu 0\n pin 0\ncpu 1\n fault 1\ncpu 2\n fault 2\n"
    "cpu 3\n zap 3\n collapse 0-7\n";

// Missed in all of 100 runs, or in none: less than once in a million million.
TEST_F(Replay, AKernelThatLacksNothingContradictsAFilesVariant) {
  const Finished finished =
      Run({"replay", Corpus("gup_vs_collapse/regression/collapse-race.walk"), "--kernel", "6.19"});
  EXPECT_EQ(finished.exit_code, 2) << finished.Paste();
}

TEST_F(Replay, ADataRaceThatIsMissedByChanceIsADataRace) {
  if (Flavour() != "tsan") GTEST_SKIP() << "needs the tsan flavour";
  const std::string path = Put("f.walk", kRaceByChance);
  const Json json = RunJson({"replay", path, "--repeat", "100"}, 66);
  EXPECT_EQ(json["oracle"], "data-race");
  EXPECT_EQ(json["expect_met"], true);
  EXPECT_EQ(json["schedules"], 100);
  EXPECT_EQ(json["distinct_traces"], 1);
  EXPECT_GT(json["data_races"], 0);
  EXPECT_LT(json["data_races"], 100);
  const Finished text = Run({"replay", path, "--repeat", "100"});
  EXPECT_EQ(text.exit_code, 66) << text.Paste();
  EXPECT_THAT(text.out, AllOf(HasSubstr("data race reported in "), HasSubstr(" of 100 replays: "
                                                                             "ThreadSanitizer")));
  EXPECT_THAT(text.err, Not(HasSubstr("different traces")));
}

// Each misses it once in a million million.
TEST_F(Replay, AnExpectedDataRaceIsReplayedUntilItIsSeen) {
  if (Flavour() != "tsan") GTEST_SKIP() << "needs the tsan flavour";
  const std::string path = Put("f.walk", kRaceByChance);
  for (int i = 0; i < 10; ++i) {
    const Json json = RunJson({"replay", path}, 66);
    EXPECT_EQ(json["schedules"], json["first_violation_at"]);
    EXPECT_LE(json["schedules"], 20);
  }
}

TEST_F(Replay, UnknownWordsOfAFileAreSaidWithTheirPlace) {
  const std::string path =
      Put("f.walk", "walkrace 1\ntarget gup_vs_collapse\nvariant collapse-race,nothing\ncpu 0\n");
  const Finished finished = Run({"replay", path, "--profile", "arm64"});
  EXPECT_EQ(finished.exit_code, 2) << finished.Paste();
  EXPECT_THAT(finished.err, HasSubstr(path + ": line 3, column 23: unknown variant 'nothing'"));
}

// A file whose verdict is another one than it was, as after a change of a path.
TEST_F(Replay, AChangedVerdictNamesTheEventWhereTheRunParts) {
  const std::string path = HuntedRace();
  EXPECT_EQ(Run({"replay", path, "--record"}).exit_code, 77);
  const std::string recorded = Get(path);
  const Finished same = Run({"replay", path});
  EXPECT_EQ(same.err, "");
  const auto replay_with = [&](const std::string& old, const std::string& now) {
    std::string text = recorded;
    const size_t at = text.find(old);
    EXPECT_NE(at, std::string::npos) << text;
    return Run({"replay", Put("f.walk", text.replace(at, old.size(), now)), "--json"});
  };

  const Finished fixed = replay_with("variant collapse-race\n", "");
  EXPECT_EQ(fixed.exit_code, 0) << fixed.Paste();
  EXPECT_THAT(fixed.err, AllOf(HasSubstr("f.walk: expected no-pinned-page-freed, found clean; the "
                                         "run parts from the recording at event "),
                               HasSubstr(", CPU ")));
  EXPECT_GT(Json::parse(fixed.out)["parted_at"], 1);
  EXPECT_THAT(fixed.err, HasSubstr(Json::parse(fixed.out)["parting"].get<std::string>()));

  const Finished judged = replay_with("expect no-pinned-page-freed", "expect no-stale-page");
  EXPECT_THAT(judged.err, HasSubstr("the recorded one, event for event"));
  EXPECT_EQ(Json::parse(judged.out)["parted_at"], nullptr);

  const std::string first = recorded.substr(recorded.find("\ntrace "), 8);
  const Finished other =
      replay_with(first, "\ntrace " + std::string(first.back() == 'A' ? "B" : "A"));
  EXPECT_THAT(other.err, AllOf(HasSubstr("the verdict is the expected one"),
                               HasSubstr("parts from the recording at event 1, CPU ")));
  EXPECT_EQ(Json::parse(other.out)["parted_at"], 1);
}

TEST_F(Replay, RecordsOnlyWhatIsAsExpected) {
  const std::string text =
      "walkrace 1\ntarget gup_vs_collapse\nprofile arm64\nexpect no-stale-page\ncpu 0\n pin 0\n";
  const std::string path = Put("f.walk", text);
  const Finished finished = Run({"replay", path, "--record"});
  EXPECT_EQ(finished.exit_code, 2) << finished.Paste();
  EXPECT_EQ(Get(path), text);
  EXPECT_EQ(Run({"replay", Put("bytes", "abc"), "--record"}).exit_code, 2);
  EXPECT_EQ(Run({"replay", path, "--record", "--variant", "no-pte-recheck"}).exit_code, 2);
}

TEST_F(Replay, SaysWhereTheCodeHasDrifted) {
  const std::string path =
      Put("f.walk",
          "walkrace 1\ntarget gup_vs_collapse\nprofile arm64\ncpu 0\n pin 0\ncpu 1\n zap 0\n"
          "preempt cpu 0 before event 3 to cpu 1 at some_function load pmd[7]\n");
  const Finished finished = Run({"replay", path});
  EXPECT_THAT(finished.err,
              AllOf(HasSubstr(path), HasSubstr("some_function load pmd[7]"), HasSubstr("event 3")));
  EXPECT_EQ(RunJson({"replay", path}, 0)["drifted"], true);
}

TEST_F(Replay, OptionsSupplyWhatTheFileLeavesOut) {
  const std::string path = Corpus("gup_vs_collapse/seed/collapse_race.walk");
  const Finished without = Run({"replay", path});
  EXPECT_EQ(without.exit_code, 2);
  EXPECT_THAT(without.err, AllOf(HasSubstr(path), HasSubstr("--profile")));
  EXPECT_EQ(RunJson({"replay", path, "--profile", "x86-64"}, 0)["profile"], "x86-64");
}

TEST_F(Replay, AContradictionNamesFileAndBothSides) {
  const std::string path = HuntedRace();
  const auto expect = [&](const char* option, const char* value, const char* in_file) {
    for (const char* command : {"replay", "explain"}) {
      const Finished finished = Run({command, path, option, value});
      EXPECT_EQ(finished.exit_code, 2) << finished.Paste();
      EXPECT_THAT(finished.err, AllOf(HasSubstr(path), HasSubstr(value), HasSubstr(in_file)));
    }
    const Finished hunt = Run({"hunt", "--scenario", path, option, value, "--schedules", "1"});
    EXPECT_EQ(hunt.exit_code, 2) << hunt.Paste();
    const Finished minimize = Run({"minimize", path, "-o", PathOf("o"), option, value});
    EXPECT_EQ(minimize.exit_code, 2) << minimize.Paste();
    const Finished convert = Run({"convert", path, PathOf("o"), option, value});
    EXPECT_EQ(convert.exit_code, 2) << convert.Paste();
    EXPECT_FALSE(Exists(PathOf("o")));
  };
  expect("--profile", "x86-64", "arm64");
  expect("--variant", "no-table-sync", "collapse-race");
  expect("--target", "canary", "gup_vs_collapse");
}

// --- minimize ----------------------------------------------------------------------------------

TEST_F(Minimize, TheSeedsRaceToTwoPreemptions) {
  const std::string in = HuntedRace(), out = PathOf("min.walk");
  const Finished finished = Run({"minimize", in, "-o", out});
  EXPECT_EQ(finished.exit_code, 0) << finished.Paste();
  EXPECT_THAT(finished.out,
              AllOf(HasSubstr("before: 2 CPUs, 4 operations"), HasSubstr("after:  2 CPUs, 2 op"),
                    HasSubstr("replays 100 of 100"), HasSubstr(out)));
  const std::vector<std::string> lines = LinesOf(Get(out));
  EXPECT_THAT(lines, Contains("expect no-pinned-page-freed"));
  const auto preempts = std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
    return line.rfind("preempt", 0) == 0;
  });
  EXPECT_LE(preempts, 2);
  const Json json = RunJson({"replay", out, "--repeat", "100"}, 77);
  EXPECT_EQ(json["oracle"], "no-pinned-page-freed");
  EXPECT_EQ(json["distinct_traces"], 1);
  EXPECT_EQ(json["expect_met"], true);
}

TEST_F(Minimize, ADataRaceThatIsMissedByChance) {
  if (Flavour() != "tsan") GTEST_SKIP() << "needs the tsan flavour";
  const std::string in = Put("f.walk", kRaceByChance), out = PathOf("min.walk");
  const Finished finished = Run({"minimize", in, "-o", out});
  EXPECT_EQ(finished.exit_code, 0) << finished.Paste();
  EXPECT_THAT(finished.out, AllOf(HasSubstr("after:  2 CPUs, 2 op"), HasSubstr("reported in "),
                                  HasSubstr(" of 100; written to " + out)));
  EXPECT_EQ(Run({"replay", out}).exit_code, 66);
}

TEST_F(Minimize, AnInputThatViolatesNothingIsTwo) {
  const std::string out = PathOf("min.walk");
  const std::string in = Corpus("gup_vs_collapse/seed/collapse_race.walk");
  const Finished finished = Run({"minimize", in, "-o", out, "--profile", "arm64"});
  EXPECT_EQ(finished.exit_code, 2) << finished.Paste();
  EXPECT_THAT(finished.err, AllOf(HasSubstr(in), HasSubstr("violates nothing")));
  EXPECT_FALSE(Exists(out));
}

TEST_F(Minimize, WhereTheResultCannotBeWritten) {
  const Finished finished = Run({"minimize", HuntedRace(), "-o", PathOf("missing/min.walk")});
  EXPECT_EQ(finished.exit_code, 2) << finished.Paste();
  EXPECT_THAT(finished.err, HasSubstr(PathOf("missing/min.walk")));
  EXPECT_THAT(finished.out, IsEmpty());
}

// A disk that fills up meanwhile: the search was not for nothing.
TEST_F(Minimize, AResultThatCannotBeWrittenIsNotLost) {
  const Finished finished = Run({"minimize", HuntedRace(), "-o", "/dev/full"});
  EXPECT_EQ(finished.exit_code, 3) << finished.Paste();
  EXPECT_THAT(finished.err, AllOf(HasSubstr("/dev/full"), HasSubstr("walkrace 1\n"),
                                  HasSubstr("expect no-pinned-page-freed")));
  EXPECT_THAT(finished.out, AllOf(HasSubstr("after:  2 CPUs, 2 op"), HasSubstr("replays 100 of"),
                                  Not(HasSubstr("written to /dev/full\n  "))));
}

// --- explain -----------------------------------------------------------------------------------

size_t Columns(const std::string& line) {
  return std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) != 0x80; });
}

TEST_F(Explain, TheMinimisedSeedRaceFitsATerminal) {
  const std::string out = PathOf("min.walk");
  ASSERT_EQ(Run({"minimize", HuntedRace(), "-o", out}).exit_code, 0);
  const Finished finished = Run({"explain", out});
  EXPECT_EQ(finished.exit_code, 0) << finished.Paste();
  const std::vector<std::string> lines = LinesOf(finished.out);
  EXPECT_LE(lines.size(), 40u) << finished.out;
  for (const std::string& line : lines) EXPECT_LE(Columns(line), 100u) << line;
  EXPECT_THAT(finished.out,
              AllOf(HasSubstr("CPU 0: pin"), HasSubstr("CPU 1: collapse 0-7"), HasSubstr("(1)"),
                    HasSubstr("(2)"), HasSubstr("no-pinned-page-freed"), HasSubstr("pmd[0]"),
                    HasSubstr("gup_pte_range"), HasSubstr("folio1")));
}

TEST_F(Explain, EachRecordedScheduleStaysWithinAHundredColumns) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(Corpus(""))) {
    const std::string folder = entry.path().parent_path().filename();
    if (folder != "regression" && folder != "exposed") continue;
    for (const std::vector<std::string>& options :
         std::vector<std::vector<std::string>>{{}, {"--full"}}) {
      const Finished finished = Run(With({"explain", entry.path()}, options));
      EXPECT_EQ(finished.exit_code, 0) << finished.Paste();
      EXPECT_THAT(finished.out, Not(IsEmpty()));
      for (const std::string& line : LinesOf(finished.out)) EXPECT_LE(Columns(line), 100u) << line;
    }
  }
}

TEST_F(Explain, OfFourCpusNamesWhatTheyWaitForInFourColumns) {
  const std::string path = Put("four.walk",
                               "walkrace 1\ntarget gup_vs_mm\nmap 0-1 rw\n"
                               "cpu 0\n read 1\n get 0-1\n"
                               "cpu 1\n collapse 0-7\n zap 0-7\n"
                               "cpu 2\n write 1\n munmap 0-7\n"
                               "cpu 3\n read 0\n pin 1 write\n unpin\n");
  const std::string interrupts = Run({"explain", path, "--full", "--profile", "x86-64"}).out;
  EXPECT_THAT(interrupts,
              AllOf(HasSubstr("CPU 0: read 1; get 0-1"), HasSubstr("CPU 3: read 0; pin 1"),
                    HasSubstr("IPI to CPU 0, 1, 3"), HasSubstr("handles the IPI of"),
                    HasSubstr("flush own TLB"), HasSubstr("TLB miss: page 1 is"),
                    HasSubstr("lock mmap_lock for"), HasSubstr("unlock T0.ptl")));
  const std::string graces = Run({"explain", path, "--full", "--profile", "arm64"}).out;
  EXPECT_THAT(graces, AllOf(HasSubstr("call_rcu"), HasSubstr("grace period over"),
                            HasSubstr("flush every TLB"), HasSubstr("no IPI")));
  for (const std::string& line : LinesOf(interrupts + graces))
    EXPECT_LE(Columns(line), 100u) << line;
}

TEST_F(Explain, JsonIsOneObject) {
  const Json json =
      RunJson({"explain", Corpus("gup_vs_collapse/regression/collapse-race.walk")}, 0);
  EXPECT_EQ(json["oracle"], "no-pinned-page-freed");
  EXPECT_EQ(json["profile"], "arm64");
}

TEST_F(Explain, CountsEventsAsReplayDoes) {
  const std::string path = Corpus("gup_vs_collapse/regression/collapse-race.walk");
  const std::string events = RunJson({"replay", path}, 77)["events"].dump();
  EXPECT_THAT(Run({"explain", path, "--full"}).out,
              HasSubstr(" " + events + " of " + events + "\n  events shown."));
}

TEST_F(Explain, ACleanFileIsExplainedAsWell) {
  const std::string path = Corpus("gup_vs_collapse/seed/collapse_race.walk");
  const Finished finished = Run({"explain", path, "--profile", "arm64"});
  EXPECT_EQ(finished.exit_code, 0) << finished.Paste();
  EXPECT_THAT(finished.out, HasSubstr("CPU 0: pin 0-1 write"));
}

// --- convert -----------------------------------------------------------------------------------

TEST_F(Convert, ThereAndBackKeepsTheInput) {
  const std::string text = HuntedRace();
  const std::string bytes = PathOf("f.bin"), back = PathOf("back.walk"), again = PathOf("g.bin");
  EXPECT_EQ(Run({"convert", text, bytes, "--bytes"}).exit_code, 0);
  EXPECT_EQ(Run({"convert", bytes, back}).exit_code, 0);
  EXPECT_EQ(Run({"convert", back, again, "--bytes"}).exit_code, 0);
  EXPECT_EQ(Get(bytes), Get(again));
  EXPECT_LT(Get(bytes).size(), 100u);
  EXPECT_THAT(Get(bytes), Not(StartsWith("walkrace")));
  EXPECT_THAT(Get(back), StartsWith("walkrace 1\n"));
  const Json before = RunJson({"replay", text}, 77);
  const std::vector<std::string> context = {"--target", "gup_vs_collapse", "--variant",
                                            "collapse-race"};
  EXPECT_EQ(RunJson(With({"replay", back}, context), 77)["trace_hash"], before["trace_hash"]);
  EXPECT_EQ(RunJson(With({"replay", bytes}, context), 77)["trace_hash"], before["trace_hash"]);
}

TEST_F(Convert, TextToTextIsStable) {
  const std::string text = HuntedRace(), once = PathOf("a.walk"), twice = PathOf("b.walk");
  EXPECT_EQ(Run({"convert", text, once}).exit_code, 0);
  EXPECT_EQ(Run({"convert", once, twice}).exit_code, 0);
  EXPECT_EQ(Get(text), Get(once));
  EXPECT_EQ(Get(once), Get(twice));
}

TEST_F(Convert, SaysWhatBytesHaveNoRoomFor) {
  const Finished finished = Run({"convert", HuntedRace(), PathOf("f.bin"), "--bytes"});
  EXPECT_THAT(finished.err, AllOf(HasSubstr("target"), HasSubstr("variant"), HasSubstr("expect")));
}

TEST_F(Convert, WithAContextNamesPreemptionsAndTheVerdict) {
  const std::string bytes = PathOf("f.bin"), text = PathOf("f.walk");
  ASSERT_EQ(Run({"convert", HuntedRace(), bytes, "--bytes"}).exit_code, 0);
  ASSERT_EQ(
      Run({"convert", bytes, text, "--target", "gup_vs_collapse", "--variant", "collapse-race"})
          .exit_code,
      0);
  EXPECT_THAT(Get(text),
              AllOf(HasSubstr("target gup_vs_collapse\n"), HasSubstr("variant collapse-race\n"),
                    HasSubstr("expect no-pinned-page-freed\n"), HasSubstr(" at ")));
}

TEST_F(Convert, ToStandardOutput) {
  const Finished finished = Run({"convert", HuntedRace(), "/dev/stdout"});
  EXPECT_EQ(finished.exit_code, 0) << finished.Paste();
  EXPECT_THAT(finished.out, StartsWith("walkrace 1\n"));
}

TEST_F(Convert, WhereTheResultCannotBeWritten) {
  const Finished finished = Run({"convert", HuntedRace(), PathOf("missing/f.walk")});
  EXPECT_EQ(finished.exit_code, 2) << finished.Paste();
  EXPECT_THAT(finished.err, HasSubstr(PathOf("missing/f.walk")));
}

TEST_F(Convert, AFullDiskIsNoUsage) {
  const Finished finished = Run({"convert", HuntedRace(), "/dev/full"});
  EXPECT_EQ(finished.exit_code, 3) << finished.Paste();
  EXPECT_THAT(finished.err, HasSubstr("/dev/full"));
}

// --- controls ----------------------------------------------------------------------------------

// On one profile; RunControls.AllAreAsExpected has all.
TEST_F(Controls, AreAsExpected) {
  const Json json = RunJson({"controls", "--profile", "arm64"}, 0);
  std::set<std::pair<std::string, std::string>> rows;
  std::set<std::string> skipped;
  for (const Json& row : json["controls"]) {
    for (const char* field : {"variant", "profile", "expected", "found", "schedules"}) {
      EXPECT_TRUE(row.contains(field)) << field << " in " << row;
    }
    EXPECT_EQ(row["expected"], row["found"]) << row;
    if (row["found"] == "clean") EXPECT_GE(row["schedules"], 1000) << row;
    if (row["found"] == "skipped") {
      skipped.insert(row["variant"]);
      EXPECT_THAT(std::string(row["why"]), StartsWith("needs: ")) << row;
    }
    rows.emplace(row["variant"], row["profile"]);
  }
  const Json list = RunJson({"list"}, 0);
  EXPECT_EQ(rows.size(), list["variants"].size());
  for (const Json& row : list["variants"]) {
    const bool blind = row["needs"] == "tsan" && Flavour() != "tsan";
    EXPECT_EQ(skipped.count(row["name"]), blind ? 1u : 0u) << row;
  }
}

TEST_F(Controls, OneVariantOnOneProfile) {
  const Json json = RunJson({"controls", "--variant", "no-pte-recheck", "--profile", "arm64"}, 0);
  ASSERT_EQ(json["controls"].size(), 1u);
  EXPECT_EQ(json["controls"][0]["found"], "no-stale-page");
  const Finished text = Run({"controls", "--variant", "no-pte-recheck", "--profile", "arm64"});
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_THAT(text.out, AllOf(HasSubstr("no-pte-recheck"), HasSubstr("1 as expected")));
}

TEST_F(Controls, UnderTheModelThatIsAskedFor) {
  const std::vector<std::string> command = {"controls", "--variant", "reference-relaxed-no-sync",
                                            "--profile", "arm64"};
  const Json own = RunJson(command, 0)["controls"][0];
  EXPECT_EQ(own["memory"], "lkmm");
  EXPECT_EQ(own["found"], "no-pinned-page-freed");
  std::vector<std::string> under = command;
  under.insert(under.end(), {"--memory", "sc"});
  const Json sc = RunJson(under, 0)["controls"][0];
  EXPECT_FALSE(sc.contains("memory"));
  EXPECT_EQ(sc["found"], "clean");
  under.back() = "vax";
  EXPECT_THAT(Run(under).err, HasSubstr("known are: sc, tso, mca, lkmm, hardware"));
  EXPECT_EQ(Run(under).exit_code, 2);
  EXPECT_THAT(Run(command).out, HasSubstr("schedules under lkmm"));
}

TEST_F(Controls, SeveralVariants) {
  const Json json = RunJson(
      {"controls", "--variant", "no-pte-recheck,no-collapse-flush", "--profile", "arm64"}, 0);
  ASSERT_EQ(json["controls"].size(), 2u);
  EXPECT_EQ(json["controls"][0]["variant"], "no-pte-recheck");
  EXPECT_EQ(json["controls"][1]["variant"], "no-collapse-flush");
}

// A cut whose name is misspelt takes nothing out, and nobody would see it.
TEST_F(List, CutsAreAskedForAsTheyAreNamed) {
  const std::regex asking("is_cut\\(\"([^\"]*)\"\\)");
  const std::regex naming("\\.cuts = \\{([^}]*)\\}");
  const std::regex name("\"([^\"]*)\"");
  std::set<std::string> asked;
  std::set<std::string> named;
  for (const auto& entry : std::filesystem::directory_iterator(Corpus("../src/paths"))) {
    if (entry.path().extension() != ".cc" && entry.path().extension() != ".h") continue;
    const std::string text = Get(entry.path().string());
    asked.merge(FirstGroups(text, asking));
    for (const std::string& cuts : FirstGroups(text, naming)) named.merge(FirstGroups(cuts, name));
  }
  EXPECT_GT(named.size(), 40u);
  EXPECT_EQ(named, asked);
}

// --- coverage ---------------------------------------------------------------------------------

using CoverageOfCorpus = Tool;

TEST_F(CoverageOfCorpus, NamesWhatIsReachedAndWhatIsNot) {
  const Finished text = Run({"coverage", Corpus("gup_vs_collapse/regression")});
  EXPECT_EQ(text.exit_code, 0) << text.Paste();
  EXPECT_THAT(text.out,
              AllOf(HasSubstr("reached, by the number of runs:\n"), HasSubstr("never reached:\n"),
                    HasSubstr("conflict: "), HasSubstr("reads-from: ")));
  const Json json = RunJson({"coverage", Corpus("gup_vs_collapse/regression")}, 0);
  size_t reached = 0;
  for (const Json& order : json["orders"]) reached += order["runs"] > 0;
  EXPECT_GT(reached, 10u);
  EXPECT_LT(reached, json["orders"].size());
  const Finished missing = Run({"coverage", "--missing", Corpus("gup_vs_collapse/regression")});
  EXPECT_THAT(missing.out, StartsWith("never reached:\n"));
}

TEST_F(CoverageOfCorpus, AFileThatIsNoneIsUsage) {
  EXPECT_EQ(Run({"coverage", "nowhere"}).exit_code, 2);
  std::filesystem::create_directory(folder() + "/empty");
  Put("empty/.hidden", "no input");
  EXPECT_THAT(Run({"coverage", folder() + "/empty"}).err, HasSubstr("holds no file"));
}

// A real race is told where people look for it, and nothing is told that is not there.
TEST_F(List, TheTableOfRacesHasEveryVariantOfOne) {
  const Json json = RunJson({"list"}, 0);
  const std::string table = Get(Corpus("../src/paths/RACES.md"));
  std::vector<std::string> known = NamesOf(json["variants"]);
  for (const std::string& name : NamesOf(json["known_exposed"])) known.push_back(name);
  for (const Json& row : json["variants"]) {
    if (row["id"].is_null()) continue;
    const std::string start = "| " + row["id"].get<std::string>() + " ";
    const std::string name = "`" + row["name"].get<std::string>() + "`";
    const std::vector<std::string> lines = LinesOf(table);
    EXPECT_TRUE(std::any_of(lines.begin(), lines.end(),
                            [&](const std::string& line) {
                              return line.starts_with(start) &&
                                     line.find(name) != std::string::npos;
                            }))
        << start << "... " << name;
  }
  for (const std::string& line : LinesOf(table)) {
    if (!line.starts_with("| ")) continue;
    const std::string cell = line.substr(line.rfind(" | ", line.size() - 3));
    for (size_t at = 0; (at = cell.find('`', at)) != std::string::npos;) {
      const size_t end = cell.find('`', at + 1);
      ASSERT_NE(end, std::string::npos) << line;
      const std::string name = cell.substr(at + 1, end - at - 1);
      if (name.find('_') == std::string::npos) EXPECT_THAT(known, Contains(name)) << line;
      at = end + 1;
    }
  }
}

TEST_F(Controls, UnknownNamesAreUsage) {
  const Finished variant = Run({"controls", "--variant", "nothing"});
  EXPECT_EQ(variant.exit_code, 2);
  EXPECT_THAT(variant.err, HasSubstr("'nothing'"));
  const Finished second = Run({"controls", "--variant", "collapse-race,nothing"});
  EXPECT_EQ(second.exit_code, 2);
  EXPECT_THAT(second.err, HasSubstr("'nothing'"));
  const Finished none = Run({"controls", "--variant", ","});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr("names no variant"));
  const Finished profile = Run({"controls", "--profile", "vax"});
  EXPECT_EQ(profile.exit_code, 2);
  EXPECT_THAT(profile.err, HasSubstr("'vax'"));
}

}  // namespace
}  // namespace walkrace
