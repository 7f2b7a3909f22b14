// The controls as a gate runs them, and what they make of a result.
#include "harness/controls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/build_info.h"
#include "harness/race_reports.h"
#include "oracle/oracles.h"
#include "scenario/text_codec.h"

namespace walkrace {
namespace {

TEST(ControlResult, IsAsExpectedOnlyWhereBothAreTheSame) {
  ControlResult result = {};
  result.expected = "no-stale-page";
  result.found = "no-stale-page";
  EXPECT_TRUE(result.as_expected());
  result.found = "clean";
  EXPECT_FALSE(result.as_expected()) << "not caught";
  result.found = "counts-conserved";
  EXPECT_FALSE(result.as_expected()) << "caught by another oracle";
  result.expected = "clean";
  EXPECT_FALSE(result.as_expected()) << "a false positive";
}

TEST(VariantRows, AreWellFormed) {
  size_t count;
  const VariantRow* rows = VariantRows(&count);
  std::set<std::string> names;
  for (size_t i = 0; i < count; ++i) {
    const VariantRow& row = rows[i];
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(FindVariant(row.name), &row);
    EXPECT_NE(row.cuts[0], wr_cut()) << row.name;
    if (row.oracle != nullptr) EXPECT_TRUE(IsOracleName(row.oracle)) << row.name;
    const auto control = ParseText(std::string("walkrace 1\n") + row.control);
    ASSERT_TRUE(control.ok()) << row.name << ": " << control.status();
    EXPECT_EQ(control->variants.size() + control->target.size() + control->expect.size(), 0u);
    EXPECT_TRUE(control->input.schedule.empty()) << "the schedule is the search's";
  }
}

// One that bites is caught somewhere; where the summary says "nothing" no oracle is named.
TEST(VariantRows, BiteSomewhereIfAtAll) {
  size_t count, profile_count;
  const VariantRow* rows = VariantRows(&count);
  const Profile* profiles = Profiles(&profile_count);
  for (size_t i = 0; i < count; ++i) {
    size_t bitten = 0;
    for (size_t p = 0; p < profile_count; ++p) bitten += BitesOn(rows[i], profiles[p]);
    EXPECT_EQ(bitten > 0, rows[i].oracle != nullptr) << rows[i].name;
  }
}

TEST(BitesOn, AsksForAnOracleToo) {
  VariantRow row = *FindVariant("count-before-clear");
  const Profile& profile = *FindProfile("x86-64");
  EXPECT_TRUE(BitesOn(row, profile));
  row.oracle = nullptr;
  EXPECT_FALSE(BitesOn(row, profile));
}

// What a row says of its own model, it says in one direction of others.
TEST(ExpectedOf, IsBoundByTheRowsOwnModel) {
  const Profile& bitten = *FindProfile("arm64");
  const Profile& spared = *FindProfile("x86-64");
  const VariantRow* strong = FindVariant("collapse-race");
  const VariantRow* weak = FindVariant("reference-relaxed-no-sync");
  const std::string oracle = "no-pinned-page-freed";
  const MemoryKind sc = MemoryKind::kSc;
  const MemoryKind mca = MemoryKind::kMca;
  const MemoryKind lkmm = MemoryKind::kLkmm;

  EXPECT_EQ(ExpectedOf(strong, bitten, sc, "clean"), oracle);
  EXPECT_EQ(ExpectedOf(strong, bitten, lkmm, "clean"), oracle) << "lkmm has all that sc has";
  EXPECT_EQ(ExpectedOf(strong, bitten, sc, "no-stale-page"), oracle);
  EXPECT_EQ(ExpectedOf(strong, bitten, lkmm, "no-stale-page"), "no-stale-page") << "may be first";
  EXPECT_EQ(ExpectedOf(strong, spared, sc, oracle), "clean");
  EXPECT_EQ(ExpectedOf(strong, spared, lkmm, oracle), oracle) << "the row speaks of sc";

  EXPECT_EQ(ExpectedOf(weak, bitten, lkmm, "clean"), oracle);
  EXPECT_EQ(ExpectedOf(weak, bitten, mca, "clean"), "clean") << "the row speaks of lkmm";
  EXPECT_EQ(ExpectedOf(weak, bitten, mca, oracle), oracle);
  EXPECT_EQ(ExpectedOf(weak, spared, lkmm, oracle), "clean");
  EXPECT_EQ(ExpectedOf(weak, spared, mca, oracle), "clean") << "lkmm has all that mca has";

  EXPECT_EQ(ExpectedOf(nullptr, bitten, lkmm, oracle), "clean") << "the unmodified paths";
}

TEST(RunControls, WhatNeedsWeakMemoryIsRunUnderIt) {
  ControlOptions options;
  options.variant = FindVariant("reference-relaxed-no-sync");
  options.profile = FindProfile("arm64");
  ControlResult result = RunControls(options).at(0);
  EXPECT_EQ(result.memory, MemoryKind::kLkmm);
  EXPECT_EQ(result.found, "no-pinned-page-freed");
  options.memory = "sc";
  result = RunControls(options).at(0);
  EXPECT_EQ(result.memory, MemoryKind::kSc);
  EXPECT_EQ(result.found, "clean");
  EXPECT_TRUE(result.as_expected());
  options.memory = "hardware";
  EXPECT_EQ(RunControls(options).at(0).memory, MemoryKind::kMca);
}

TEST(RunControls, KeepsToItsFilter) {
  ControlOptions options;
  options.variant = FindVariant("collapse-race");
  options.profile = FindProfile("arm64");
  int told = 0;
  options.each = [&told](const ControlResult&) { ++told; };
  const auto results = RunControls(options);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(told, 1);
  EXPECT_EQ(results[0].variant, options.variant);
  EXPECT_EQ(results[0].profile, options.profile);
  EXPECT_EQ(results[0].expected, "no-pinned-page-freed");
  EXPECT_EQ(results[0].found, "no-pinned-page-freed");
}

TEST(RunControls, CleanIsProvedOverAtLeastAThousandSchedules) {
  ControlOptions options;
  options.variant = FindVariant("no-pmd-recheck");
  for (const ControlResult& result : RunControls(options)) {
    EXPECT_TRUE(result.as_expected()) << result.found;
    if (BitesOn(*options.variant, *result.profile)) continue;
    EXPECT_EQ(result.expected, "clean");
    EXPECT_GE(result.schedules, 1000u) << result.profile->name;
  }
}

TEST(RunControls, WhatNeedsThreadSanitizerIsSkippedWithoutIt) {
  ControlOptions options;
  options.variant = FindVariant("plain-pmd-reread");
  for (const ControlResult& result : RunControls(options)) {
    EXPECT_TRUE(result.as_expected());
    if (RaceDetectorPresent()) {
      EXPECT_EQ(result.found, "data-race");
    } else {
      EXPECT_EQ(result.found, "skipped");
      EXPECT_EQ(result.schedules, 0u);
      EXPECT_THAT(result.why, ::testing::HasSubstr("tsan"));
    }
  }
}

// In plain on every profile. Elsewhere, where it takes longer, on one in four, and each variant has
// a test of its own on the first four.
TEST(RunControls, AllAreAsExpected) {
  const size_t stride = std::string(kFlavour) == "plain" ? 1 : 4;
  size_t variants, profiles;
  VariantRows(&variants);
  const Profile* profile = Profiles(&profiles);
  std::vector<ControlResult> results;
  for (size_t i = stride / 2; i < profiles; i += stride) {
    ControlOptions options;
    options.profile = profile + i;
    const auto more = RunControls(options);
    EXPECT_EQ(more.size(), variants);
    results.insert(results.end(), more.begin(), more.end());
  }
  std::set<std::string> fired;
  for (const ControlResult& result : results) {
    EXPECT_TRUE(result.as_expected())
        << result.variant->name << " on " << result.profile->name << ": expected "
        << result.expected << ", found " << result.found;
    fired.insert(result.found);
  }
  // An oracle without a control that it catches does not exist.
  size_t oracles;
  const OracleRow* rows = OracleRows(&oracles);
  for (size_t i = 0; i < oracles; ++i) {
    if (std::string(rows[i].name) == "data-race" && !RaceDetectorPresent()) continue;
    EXPECT_EQ(fired.count(rows[i].name), 1u) << rows[i].name;
  }
}

}  // namespace
}  // namespace walkrace
