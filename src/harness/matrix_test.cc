#include "harness/matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/harness_test_bed.h"
#include "paths/releases.h"

namespace walkrace {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

MatrixCell Cell(const char* variant, const char* profile) {
  return FillCell(FindVariant(variant), *FindProfile(profile), 0);
}

TEST(FillCell, TheSeedsRaceBitesWithTwoPreemptions) {
  const MatrixCell cell = Cell("collapse-race", "arm64");
  EXPECT_EQ(cell.state, MatrixCell::State::kBites);
  EXPECT_EQ(cell.oracle, "no-pinned-page-freed");
  EXPECT_TRUE(cell.as_expected());
  EXPECT_EQ(cell.preemptions, 2);
  EXPECT_EQ(CheckCell(cell), "");
}

TEST(FillCell, AndIsCleanWhereTheCollapseFlushInterrupts) {
  const MatrixCell cell = Cell("collapse-race", "x86-64");
  EXPECT_EQ(cell.state, MatrixCell::State::kClean);
  EXPECT_TRUE(cell.as_expected());
  EXPECT_GE(cell.schedules, 500u);
  EXPECT_EQ(cell.walk, "");
  EXPECT_EQ(CheckCell(cell), "");
}

TEST(FillCell, WhatNeedsAModelIsRunUnderOne) {
  const MatrixCell cell = Cell("reference-relaxed-no-sync", "arm64");
  EXPECT_EQ(cell.state, MatrixCell::State::kBites);
  EXPECT_EQ(cell.memory, "lkmm");
  EXPECT_THAT(cell.walk, HasSubstr("memory lkmm"));
  EXPECT_EQ(CheckCell(cell), "");
}

TEST(FillCell, AnotherModelMayBeAskedFor) {
  const Profile& arm64 = *FindProfile("arm64");
  const VariantRow* weak = FindVariant("reference-relaxed-no-sync");
  const MatrixCell sc = FillCell(weak, arm64, 0, "sc");
  EXPECT_EQ(sc.memory, "");
  EXPECT_EQ(sc.state, MatrixCell::State::kClean);
  EXPECT_TRUE(sc.as_expected());
  EXPECT_EQ(CheckCell(sc), "");
  const MatrixCell hardware = FillCell(FindVariant("collapse-race"), arm64, 0, "hardware");
  EXPECT_EQ(hardware.memory, "mca");
  EXPECT_EQ(hardware.state, MatrixCell::State::kBites);
  EXPECT_TRUE(hardware.as_expected());
  EXPECT_EQ(CheckCell(hardware), "");
}

TEST(CheckCell, RunsUnderTheModelOfTheCell) {
  MatrixCell cell = Cell("reference-relaxed-no-sync", "arm64");
  cell.memory = "";
  EXPECT_THAT(CheckCell(cell), HasSubstr("shows clean, not no-pinned-page-freed"));
  cell.memory = "vax";
  EXPECT_THAT(CheckCell(cell), HasSubstr("no such memory model"));
  MatrixCell clean =
      FillCell(FindVariant("reference-relaxed-no-sync"), *FindProfile("arm64"), 0, "sc");
  clean.memory = "lkmm";
  EXPECT_THAT(CheckCell(clean), HasSubstr("not clean any more: no-pinned-page-freed"));
  clean.state = MatrixCell::State::kSkipped;
  EXPECT_THAT(CheckCell(clean), HasSubstr("fill it again"));
}

TEST(CheckCell, NoticesThatACellIsNotWhatItWas) {
  MatrixCell cell = Cell("collapse-race", "arm64");
  cell.variant = kUnmodified;
  EXPECT_THAT(CheckCell(cell), HasSubstr("shows clean, not no-pinned-page-freed"));
  cell.variant = "no-such-variant";
  EXPECT_THAT(CheckCell(cell), HasSubstr("no such variant"));
  MatrixCell clean = Cell("collapse-race", "x86-64");
  clean.variant = "count-before-clear";
  EXPECT_THAT(CheckCell(clean), HasSubstr("not clean any more: no-pinned-page-freed"));
}

TEST(MatrixLine, ComesBack) {
  for (const char* variant : {"collapse-race", "reference-relaxed-no-sync"}) {
    for (const char* profile : {"arm64", "x86-64"}) {
      const MatrixCell cell = Cell(variant, profile);
      MatrixCell back;
      ASSERT_TRUE(ParseMatrixLine(MatrixLine(cell), back));
      EXPECT_EQ(MatrixLine(back), MatrixLine(cell));
      EXPECT_EQ(back.walk, cell.walk);
      EXPECT_EQ(back.memory, cell.memory);
    }
  }
  MatrixCell cell;
  for (const char* bad : {"", "{", "[]", "{}", "7", "{\"variant\":\"a\",\"profile\":\"b\"}",
                          "{\"state\":\"bites\",\"variant\":3}",
                          // Bites, and does not show it.
                          R"({"state":"bites","variant":"a","profile":"b","oracle":"c"})"}) {
    EXPECT_FALSE(ParseMatrixLine(bad, cell)) << bad;
  }
}

TEST(MatrixText, HasARowAVariantAndMarksSurprises) {
  MatrixCell surprise = Cell("collapse-race", "x86-64");
  EXPECT_THAT(MatrixText({surprise}), Not(HasSubstr("| - (!) |")));
  surprise.expected = "no-stale-page";
  const std::string text = MatrixText({Cell("collapse-race", "arm64"), surprise});
  EXPECT_THAT(text, HasSubstr("| variant | first to fire | arm64 | x86-64 |"));
  EXPECT_THAT(text, HasSubstr("| collapse-race | no-pinned-page-freed | 2 p, "));
  EXPECT_THAT(text, HasSubstr("| - (!) |"));
  EXPECT_THAT(MatrixHtml({surprise}), HasSubstr("class=\"clean surprise\""));
}

TEST(MatrixText, NamesTheModelWhereItIsWeak) {
  const MatrixCell sc = Cell("collapse-race", "arm64");
  const std::string text = MatrixText({Cell("reference-relaxed-no-sync", "arm64"),
                                       Cell("reference-relaxed-no-sync", "x86-64"), sc});
  EXPECT_THAT(text, ::testing::ContainsRegex("[|] [0-9]+ p, [0-9]+ lkmm [|] - lkmm [|]"));
  EXPECT_THAT(text, HasSubstr("A memory model's name"));
  EXPECT_THAT(MatrixText({sc}), Not(HasSubstr("memory")));
}

TEST(Releases, LackWhatCameLater) {
  const auto names = [](const char* release) {
    std::vector<std::string> names;
    for (const VariantRow* row : VariantsOf(release)) names.emplace_back(row->name);
    return names;
  };
  EXPECT_TRUE(IsRelease("6.12"));
  EXPECT_FALSE(IsRelease("6.2"));
  EXPECT_THAT(names("5.15"), Contains("collapse-race"));
  EXPECT_THAT(names("5.15"), Contains("no-table-sync"));
  EXPECT_THAT(names("6.0"), Contains("no-table-sync"));
  EXPECT_THAT(names("6.0"), Not(Contains("flush-for-a-barrier")));
  EXPECT_THAT(VariantsOf("6.0", true), Contains(FindVariant("flush-for-a-barrier")));
  EXPECT_THAT(names("6.0"), Not(Contains("collapse-race")));
  EXPECT_THAT(names("6.1"), Not(Contains("no-table-sync")));
  EXPECT_THAT(names("6.6"), Contains("mremap-trusts-pmd")) << "6.12 comes after 6.6";
  EXPECT_THAT(names("6.1"), Not(Contains("mremap-trusts-pmd"))) << "it came with 6.6";
  EXPECT_THAT(names("6.19"), Not(Contains("mremap-trusts-pmd")));
}

TEST(Releases, SayWhatTheirBundlesLeaveOut) {
  EXPECT_THAT(LeftOutOf("6.0"),
              UnorderedElementsAre("no-exclusive-barriers (needs: weak-memory; add --memory lkmm)",
                                   "flush-for-a-barrier (needs: weak-memory; add --memory lkmm)",
                                   "share-no-barrier (needs: weak-memory; add --memory lkmm)",
                                   "kvm-walk-irqs-on (arm64's until 6.3)"));
  EXPECT_THAT(LeftOutOf("6.0", true), ElementsAre("kvm-walk-irqs-on (arm64's until 6.3)"));
  EXPECT_THAT(LeftOutOf("5.15"),
              Contains("madv-free-no-barrier (needs: weak-memory; add --memory lkmm)"));
  EXPECT_THAT(LeftOutOf("5.15"), Not(Contains(HasSubstr("kvm-walk-irqs-on")))) << "it is in";
  EXPECT_THAT(LeftOutOf("6.1"), ElementsAre("kvm-walk-irqs-on (arm64's until 6.3)"));
  EXPECT_THAT(LeftOutOf("6.6"), IsEmpty());
}

}  // namespace
}  // namespace walkrace
