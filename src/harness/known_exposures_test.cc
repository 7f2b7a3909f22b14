#include "harness/known_exposures.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "harness/harness_test_bed.h"

namespace walkrace {
namespace {

TEST(KnownExposures, AreMatchedByProfileAndSignature) {
  const Profile& mips = *FindProfile("mips-mmid");
  const char* signature = "no-table-use-after-free: tlb_table_flush / gup_pmd_range";
  const KnownExposure* found = FindKnownExposure({&mips, {}}, signature);
  ASSERT_NE(found, nullptr);
  EXPECT_STREQ(found->name, "a14-mips-mmid");
  EXPECT_EQ(FindKnownExposure({FindProfile("arm64"), {}}, signature), nullptr);
  EXPECT_EQ(FindKnownExposure({&mips, {}}, "no-table-use-after-free: a / b"), nullptr);
  EXPECT_EQ(FindKnownExposure({&mips, {}}, "no-pinned-page-freed: a / gup_pmd_range"), nullptr);
  EXPECT_EQ(FindKnownExposure({&mips, {}}, ""), nullptr);
}

TEST(KnownExposures, AreNoExcuseForAReCheckThatIsTakenOut) {
  HuntOptions options;
  options.context = ContextOf("arm64");
  options.strategy = FindStrategy("random");
  // The table moves once: no value comes back, and the pmd's re-read sees it.
  const Scenario scenario =
      ScenarioOf("map 0 rw\ncpu 0\n get 0\ncpu 1\n mremap 0-7\n zap 8\n fault 8\n");
  options.scenario = &scenario;
  options.schedules_max = 10'000;
  const HuntResult with = Hunt(options);
  EXPECT_TRUE(with.report.clean());
  EXPECT_EQ(with.known_exposed, 0u);
  options.context.run.cuts = Cuts{"pmd-recheck"};
  const HuntResult without = Hunt(options);
  EXPECT_STREQ(without.report.violation.oracle, "no-stale-page");
  EXPECT_EQ(without.known_exposed, 0u);
}

TEST(KnownExposures, AreCountedAndDoNotEndAHuntUnlessItIsStrict) {
  HuntOptions options;
  options.context = ContextOf("mips-mmid");
  options.strategy = FindStrategy("random");
  const Scenario scenario = ScenarioOf("map 0 rw\ncpu 0\n get 0\ncpu 1\n munmap 0-7\n");
  options.scenario = &scenario;
  options.schedules_max = 2000;
  const HuntResult counted = Hunt(options);
  EXPECT_EQ(counted.first_violation_at, 0u);
  EXPECT_TRUE(counted.report.clean());
  EXPECT_EQ(counted.schedules, 2000u);
  EXPECT_GT(counted.known_exposed, 0u);
  options.strict = true;
  const HuntResult strict = Hunt(options);
  EXPECT_EQ(OracleOf(strict.report), "no-table-use-after-free");
  EXPECT_EQ(strict.known_exposed, 0u);
}

// What a replay of a file below corpus/ shows, with nothing taken out and on its own profile.
const KnownExposure* ExposureOfFile(const std::string& schedule) {
  const auto file = ReadWalkFile(std::string(WALKRACE_CORPUS_DIR "/") + schedule);
  if (!file.ok()) {
    ADD_FAILURE() << file.status();
    return nullptr;
  }
  const auto context = ResolveContext({}, &*file);
  if (!context.ok()) {
    ADD_FAILURE() << schedule << ": " << context.status();
    return nullptr;
  }
  EXPECT_EQ(context->VariantNames(), "") << schedule;
  Runner& runner = Runner::Get();
  const Report report = runner.Replay(file->input, context->run);
  if (report.clean()) {
    ADD_FAILURE() << schedule << " is clean";
    return nullptr;
  }
  const std::string signature = SignatureOf(runner.engine(), report.violation);
  const KnownExposure* found = FindKnownExposure(context->run, signature);
  EXPECT_NE(found, nullptr) << schedule << ": " << signature;
  return found;
}

TEST(KnownExposures, AreShownByTheSchedulesThatTheyName) {
  for (const KnownExposure& row : KnownExposures()) {
    // What a kernel tree alone shows needs the tree.
    if (row.tree_before == nullptr) EXPECT_NE(row.schedules[0], nullptr) << row.name;
    for (const char* schedule : row.schedules) {
      if (schedule == nullptr) break;
      const KnownExposure* found = ExposureOfFile(schedule);
      ASSERT_NE(found, nullptr) << row.name << ", " << schedule;
      EXPECT_STREQ(found->name, row.name) << schedule;
    }
  }
}

TEST(KnownExposures, NameEachExposedScheduleOfTheCorpus) {
  std::set<std::string> named;
  for (const KnownExposure& row : KnownExposures()) {
    for (const char* schedule : row.schedules) {
      if (schedule == nullptr) break;
      EXPECT_TRUE(named.insert(schedule).second) << schedule << " is named twice";
    }
  }
  std::set<std::string> saved;
  const std::filesystem::path corpus = WALKRACE_CORPUS_DIR;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(corpus)) {
    if (entry.path().parent_path().filename() != "exposed") continue;
    saved.insert(std::filesystem::relative(entry.path(), corpus));
  }
  EXPECT_EQ(named, saved);
}

// munmap alone gives a table back under perf's walk where the flush of collapse would wait for it.
TEST(KnownExposures, OfAnyWalkAreThoseOfMunmapAsWell) {
  Profile profile = *FindProfile("mips-mmid");
  profile.collapse_flush = FlushIpi::kAllCpus;
  for (const char* walk :
       {"gup_pmd_range", "find_linux_pte", "walk_host_tables", "perf_get_pgtable_size"}) {
    EXPECT_NE(FindKnownExposure({&profile, {}},
                                std::string("no-table-use-after-free: tlb_table_flush / ") + walk),
              nullptr)
        << walk;
  }
  profile.other_flush = FlushIpi::kAllCpus;
  EXPECT_EQ(FindKnownExposure({&profile, {}},
                              "no-table-use-after-free: tlb_table_flush / perf_get_pgtable_size"),
            nullptr);
}

}  // namespace
}  // namespace walkrace
