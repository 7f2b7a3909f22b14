#include "harness/context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "harness/harness_test_bed.h"
#include "scenario/byte_codec.h"

namespace walkrace {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

constexpr char kFullFile[] =
    "target gup_vs_collapse\n"
    "variant collapse-race\n"
    "profile arm64\n"
    "expect no-pinned-page-freed\n"
    "cpu 0\n pin 0\n";

// The message of the error that resolving gives. Fails where there is none.
std::string ErrorOf(const ContextNames& options, const std::string& file_text) {
  const WalkFile file = FileOf(file_text);
  const auto context = ResolveContext(options, &file);
  EXPECT_FALSE(context.ok()) << file_text;
  if (context.ok()) return "";
  EXPECT_EQ(context.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(context.status().message());
}

ContextNames Names(const char* target, std::vector<std::string> variants, const char* profile) {
  return {target, variants, !variants.empty(), profile};
}

// --- Who may say what --------------------------------------------------------------------------

TEST(ResolveContext, OptionsAlone) {
  const auto context =
      ResolveContext(Names("gup_vs_collapse", {"collapse-race"}, "arm64"), nullptr);
  ASSERT_TRUE(context.ok()) << context.status();
  EXPECT_STREQ(context->target->name, "gup_vs_collapse");
  EXPECT_EQ(context->VariantNames(), "collapse-race");
  EXPECT_STREQ(context->run.profile->name, "arm64");
  EXPECT_THAT(context->run.cuts, UnorderedElementsAre(wr_cut("pmd-recheck"), wr_cut("table-sync")));
}

TEST(ResolveContext, FileAlone) {
  const WalkFile file = FileOf(kFullFile);
  const auto context = ResolveContext({}, &file);
  ASSERT_TRUE(context.ok()) << context.status();
  EXPECT_STREQ(context->target->name, "gup_vs_collapse");
  EXPECT_EQ(context->VariantNames(), "collapse-race");
  EXPECT_STREQ(context->run.profile->name, "arm64");
}

TEST(ResolveContext, OptionsSupplyWhatTheFileLeavesOut) {
  const WalkFile file = FileOf("cpu 0\n pin 0\n");
  const auto context = ResolveContext(Names("gup_vs_collapse", {"no-table-sync"}, "x86-64"), &file);
  ASSERT_TRUE(context.ok()) << context.status();
  EXPECT_EQ(context->VariantNames(), "no-table-sync");
  EXPECT_STREQ(context->run.profile->name, "x86-64");
}

TEST(ResolveContext, BothMaySayTheSame) {
  const WalkFile file = FileOf(kFullFile);
  EXPECT_TRUE(ResolveContext(Names("gup_vs_collapse", {"collapse-race"}, "arm64"), &file).ok());
}

TEST(ResolveContext, VariantsAgreeInAnyOrder) {
  const WalkFile file = FileOf(
      "target gup_vs_collapse\nprofile arm64\nvariant no-pte-recheck,no-table-sync\ncpu 0\n pin "
      "0\n");
  const auto context = ResolveContext(Names("", {"no-table-sync", "no-pte-recheck"}, ""), &file);
  ASSERT_TRUE(context.ok()) << context.status();
  EXPECT_THAT(context->run.cuts, UnorderedElementsAre(wr_cut("table-sync"), wr_cut("pte-recheck")));
}

TEST(ResolveContext, NoVariantIsTheUnmodifiedPaths) {
  const auto context = ResolveContext(Names("gup_vs_collapse", {}, "arm64"), nullptr);
  ASSERT_TRUE(context.ok());
  EXPECT_EQ(context->run.cuts, Cuts());
  EXPECT_EQ(context->VariantNames(), "");
}

TEST(ResolveContext, TheCanaryAlwaysHasItsVariantInForce) {
  const auto context = ResolveContext(Names("canary", {}, "arm64"), nullptr);
  ASSERT_TRUE(context.ok()) << context.status();
  EXPECT_THAT(context->run.cuts, UnorderedElementsAre(wr_cut("pmd-recheck"), wr_cut("table-sync")));
}

// --- Contradictions: both sides are named ------------------------------------------------------

TEST(ResolveContext, AVariantThatAFileNamesTwiceCountsOnce) {
  const WalkFile file =
      FileOf("target gup_vs_collapse\nvariant no-table-sync,no-table-sync\nprofile arm64\ncpu 0\n");
  const auto context = ResolveContext(Names("", {"no-table-sync"}, ""), &file);
  ASSERT_TRUE(context.ok()) << context.status();
  EXPECT_EQ(context->VariantNames(), "no-table-sync");
}

TEST(ResolveContext, TargetsMustAgree) {
  EXPECT_THAT(ErrorOf(Names("canary", {}, ""), kFullFile),
              AllOf(HasSubstr("target"), HasSubstr("gup_vs_collapse"), HasSubstr("canary")));
}

TEST(ResolveContext, ProfilesMustAgree) {
  EXPECT_THAT(ErrorOf(Names("", {}, "x86-64"), kFullFile),
              AllOf(HasSubstr("profile"), HasSubstr("arm64"), HasSubstr("x86-64")));
}

TEST(ResolveContext, VariantsMustAgree) {
  EXPECT_THAT(ErrorOf(Names("", {"no-table-sync"}, ""), kFullFile),
              AllOf(HasSubstr("variant"), HasSubstr("collapse-race"), HasSubstr("no-table-sync")));
  EXPECT_THAT(
      ErrorOf(Names("", {"collapse-race", "no-table-sync"}, ""), kFullFile),
      AllOf(HasSubstr("says variant collapse-race,"), HasSubstr("collapse-race,no-table-sync")));
}

// --- Unknown names: the known ones are named ---------------------------------------------------

TEST(ResolveContext, UnknownTarget) {
  const auto expected = AllOf(HasSubstr("target 'nothing'"), HasSubstr("gup_vs_collapse"),
                              HasSubstr("canary"), HasSubstr("codec"));
  EXPECT_THAT(ErrorOf(Names("nothing", {}, "arm64"), "cpu 0\n pin 0\n"), expected);
  EXPECT_THAT(ErrorOf({}, "target nothing\nprofile arm64\ncpu 0\n pin 0\n"), expected);
}

TEST(ResolveContext, UnknownProfile) {
  EXPECT_THAT(ErrorOf(Names("gup_vs_collapse", {}, "vax"), "cpu 0\n pin 0\n"),
              AllOf(HasSubstr("profile 'vax'"), HasSubstr("x86-64"), HasSubstr("x86-64-paravirt"),
                    HasSubstr("arm64"), HasSubstr("powerpc-hash")));
}

TEST(ResolveContext, UnknownVariant) {
  const auto expected = AllOf(HasSubstr("variant 'nothing'"), HasSubstr("collapse-race"),
                              HasSubstr("plain-pmd-reread"));
  EXPECT_THAT(ErrorOf(Names("gup_vs_collapse", {"nothing"}, "arm64"), "cpu 0\n pin 0\n"), expected);
  EXPECT_THAT(
      ErrorOf({}, "target gup_vs_collapse\nprofile arm64\nvariant nothing\ncpu 0\n pin 0\n"),
      expected);
}

TEST(ResolveContext, UnknownExpectation) {
  EXPECT_THAT(ErrorOf({}, "target gup_vs_collapse\nprofile arm64\nexpect rain\ncpu 0\n pin 0\n"),
              AllOf(HasSubstr("'rain'"), HasSubstr("clean"), HasSubstr("no-pinned-page-freed"),
                    HasSubstr("data-race")));
}

// Where a file says it; an option stands nowhere.
TEST(ResolveContext, UnknownWordsOfAFileHaveTheirPlace) {
  const auto expect_place = [](const char* text, const char* place) {
    const auto file = ParseText(text);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_THAT(std::string(ResolveContext({}, &*file).status().message()), StartsWith(place));
  };
  expect_place("# head\nwalkrace 1\n target  nothing\nprofile arm64\ncpu 0\n pin 0\n",
               "line 3, column 10: unknown target 'nothing'");
  expect_place("walkrace 1\ntarget canary\nprofile arm64\nexpect rain # or sun\ncpu 0\n pin 0\n",
               "line 4, column 8: unknown expectation 'rain'");
  expect_place(
      "walkrace 1\ntarget canary\nvariant collapse-race,nothing\nprofile arm64\ncpu 0\n pin 0\n",
      "line 3, column 23: unknown variant 'nothing'");
  EXPECT_THAT(ErrorOf(Names("nothing", {}, "arm64"), "cpu 0\n pin 0\n"),
              StartsWith("unknown target"));
}

TEST(ResolveContext, EveryOracleMayBeExpected) {
  size_t count;
  const OracleRow* rows = OracleRows(&count);
  for (size_t i = 0; i < count; ++i) {
    const WalkFile file = FileOf(std::string("target gup_vs_collapse\nprofile arm64\nexpect ") +
                                 rows[i].name + "\ncpu 0\n pin 0\n");
    EXPECT_TRUE(ResolveContext({}, &file).ok()) << rows[i].name;
  }
}

// --- What nobody says --------------------------------------------------------------------------

TEST(ResolveContext, NoTarget) {
  EXPECT_THAT(ErrorOf(Names("", {}, "arm64"), "cpu 0\n pin 0\n"),
              AllOf(HasSubstr("no target"), HasSubstr("--target")));
}

TEST(ResolveContext, NoProfile) {
  EXPECT_THAT(ErrorOf(Names("gup_vs_collapse", {}, ""), "cpu 0\n pin 0\n"),
              AllOf(HasSubstr("no profile"), HasSubstr("--profile"), HasSubstr("powerpc-hash")));
}

TEST(ResolveContext, ATargetWithoutScenarios) {
  EXPECT_THAT(ErrorOf(Names("codec", {}, "arm64"), "cpu 0\n pin 0\n"),
              AllOf(HasSubstr("codec"), HasSubstr("no scenarios")));
}

// --- Lists of variants -------------------------------------------------------------------------

TEST(SplitVariants, SplitsAtCommas) {
  EXPECT_THAT(*SplitVariants(""), IsEmpty());
  EXPECT_THAT(*SplitVariants("collapse-race"), ElementsAre("collapse-race"));
  EXPECT_THAT(*SplitVariants("collapse-race,no-table-sync,collapse-race"),
              ElementsAre("collapse-race", "no-table-sync"));
  EXPECT_THAT(*SplitVariants("no-table-sync, no-pte-recheck"),
              ElementsAre("no-table-sync", "no-pte-recheck"));
}

TEST(SplitVariants, RefusesAListOfNothing) {
  for (const char* list : {",", " ", ", ,"}) {
    const absl::Status status = SplitVariants(list).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << list;
    EXPECT_THAT(std::string(status.message()), HasSubstr("names no variant"));
  }
}

TEST(SplitVariants, RefusesWhatIsUnknown) {
  for (const char* list : {"nothing", "collapse-race,nothing", "nothing,collapse-race"}) {
    const absl::Status status = SplitVariants(list).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("'nothing'"), HasSubstr("no-pmd-recheck")));
  }
}

// --- Names into files --------------------------------------------------------------------------

TEST(NameContext, FillsTheFileInSoThatItResolvesToTheSame) {
  const ResolvedContext context = ContextOf("powerpc-hash", "no-table-sync,no-pte-recheck");
  WalkFile file = FileOf("cpu 0\n pin 0\n");
  NameContext(context, file);
  EXPECT_EQ(file.target, "gup_vs_collapse");
  EXPECT_THAT(file.variants, ElementsAre("no-table-sync", "no-pte-recheck"));
  const auto again = ResolveContext({}, &file);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->run.cuts, context.run.cuts);
  EXPECT_EQ(again->run.profile, context.run.profile);
  EXPECT_EQ(again->target, context.target);
}

// --- Files -------------------------------------------------------------------------------------

class ReadWalkFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = std::filesystem::temp_directory_path() / "walkrace-context.XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  std::string Put(const std::string& content) const {
    const std::string path = folder_ + "/file";
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  std::string folder_;
};

TEST_F(ReadWalkFileTest, TextAndBytesAreToldApart) {
  const std::string text = std::string("walkrace 1\n") + kFullFile;
  const auto from_text = ReadWalkFile(Put(text));
  ASSERT_TRUE(from_text.ok()) << from_text.status();
  EXPECT_EQ(from_text->expect, "no-pinned-page-freed");
  std::vector<uint8_t> bytes(kEncodedBytesMax);
  bytes.resize(EncodeBytes(from_text->input, bytes.data(), bytes.size()));
  const auto from_bytes = ReadWalkFile(Put({bytes.begin(), bytes.end()}));
  ASSERT_TRUE(from_bytes.ok()) << from_bytes.status();
  EXPECT_EQ(from_bytes->input, from_text->input);
  EXPECT_EQ(from_bytes->target, "");
}

TEST_F(ReadWalkFileTest, ErrorsNameTheFileAndThePlace) {
  const std::string path = Put("walkrace 1\ncpu 0\n  dance 0\n");
  const absl::Status status = ReadWalkFile(path).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), StartsWith(path + ": line 3, column 3: "));
  const absl::Status missing = ReadWalkFile(folder_ + "/missing").status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message()), StartsWith(folder_ + "/missing: "));
}

}  // namespace
}  // namespace walkrace
