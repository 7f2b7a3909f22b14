#include "scenario/text_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "machine/profiles.h"
#include "scenario/byte_codec.h"
#include "scenario/random_inputs.h"

namespace walkrace {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int kRandomTexts = 100'000;

WalkFile Parsed(std::string_view text) {
  absl::StatusOr<WalkFile> file = ParseText(text);
  EXPECT_TRUE(file.ok()) << file.status() << "\n" << text;
  return file.ok() ? *std::move(file) : WalkFile();
}

constexpr std::string_view kFull =
    "walkrace 1\n"
    "# The seed's race.\n"
    "#\n"
    "#   Found by hand.\n"
    "target gup_vs_collapse\n"
    "variant no-pmd-recheck,no-sync\n"
    "profile arm64\n"
    "expect no-pinned-page-freed\n"
    "levels 5\n"
    "map 0-3 rw\n"
    "map 4 ro\n"
    "map-huge 8-15 rw\n"
    "cpus 3\n"
    "cpu 0\n"
    "  pin 0-1 write\n"
    "  get 3\n"
    "  write-pinned\n"
    "  read-pinned\n"
    "  unpin\n"
    "cpu 1\n"
    "  collapse 0-7\n"
    "  zap 0-3\n"
    "  fault 3\n"
    "  read 3\n"
    "  write 3\n"
    "preempt cpu 0 at start to cpu 1\n"
    "preempt cpu 1 before event 9 to cpu 0 at gup_pte_range load pmd[0]\n"
    "preempt cpu 0 before event 8192 to cpu 2\n";

TEST(ParseText, ReadsEveryKindOfLine) {
  const WalkFile file = Parsed(kFull);
  EXPECT_THAT(file.comments, ElementsAre("The seed's race.", "", "  Found by hand."));
  EXPECT_EQ(file.target, "gup_vs_collapse");
  EXPECT_THAT(file.variants, ElementsAre("no-pmd-recheck", "no-sync"));
  EXPECT_EQ(file.expect, "no-pinned-page-freed");
  const Scenario& scenario = file.input.scenario;
  EXPECT_STREQ(ProfileAt(scenario.profile).name, "arm64");
  EXPECT_EQ(scenario.layout.levels, 5);
  EXPECT_EQ(scenario.layout.pages[3], PageState::kWritable);
  EXPECT_EQ(scenario.layout.pages[4], PageState::kReadOnly);
  EXPECT_EQ(scenario.layout.pages[5], PageState::kNone);
  EXPECT_EQ(scenario.layout.pages[15], PageState::kWritable);
  EXPECT_FALSE(scenario.layout.huge[0]);
  EXPECT_TRUE(scenario.layout.huge[1]);
  EXPECT_EQ(scenario.cpu_count, 3);
  EXPECT_EQ(scenario.cpus[0].size(), 5u);
  EXPECT_EQ(scenario.cpus[0][0], (Operation{OperationKind::kGup, 0, 2, kGupPin | kGupWrite}));
  EXPECT_EQ(scenario.cpus[1].size(), 5u);
  EXPECT_EQ(scenario.cpus[1][0], (Operation{OperationKind::kCollapse, 0}));
  ASSERT_EQ(file.input.schedule.size(), 3u);
  EXPECT_EQ(file.input.schedule[0], (Preemption{0, 0, 1}));
  EXPECT_EQ(file.input.schedule[1], (Preemption{9, 1, 0}));
  EXPECT_THAT(file.preemption_names, ElementsAre("", "gup_pte_range load pmd[0]", ""));
  EXPECT_TRUE(IsNormalized(file.input));
}

TEST(PrintText, PrintsWhatWasRead) { EXPECT_EQ(PrintText(Parsed(kFull)), kFull); }

TEST(PrintText, SmallestFile) {
  WalkFile file;
  EXPECT_EQ(PrintText(file), "walkrace 1\ncpus 2\n");
  ASSERT_TRUE(file.input.scenario.cpus[1].push_back({OperationKind::kRead, 0}));
  EXPECT_EQ(PrintText(file), "walkrace 1\ncpu 1\n  read 0\n");
}

TEST(ParseText, AcceptsAnyOrderBlanksAndComments) {
  const WalkFile tidy = Parsed(
      "walkrace 1\ntarget t\nmap 0-1 ro\ncpu 0\n  pin 0\ncpu 1\n  unpin\n"
      "preempt cpu 0 before event 2 to cpu 1 at load  pmd[0]\n");
  const WalkFile untidy = Parsed(
      "\xef\xbb\xbfwalkrace\t1 # version\n\n# dropped\n\n"
      "preempt  cpu 0 before event 002 to cpu 1 at  load  pmd[0] # also dropped\n"
      "\tcpu 1 \t\r\nunpin#\r\r\n\n \t \ncpu 0\n # x\npin 0-0\nmap 1 ro\nlevels 4\nmap 0 ro\n"
      "target t");
  EXPECT_EQ(untidy, tidy);
}

TEST(ParseText, ReadsWindowsLineEnds) {
  std::string text(kFull);
  for (size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) {
    text.replace(at, 1, "\r\n");
  }
  EXPECT_EQ(Parsed(text), Parsed(kFull));
}

TEST(ParseText, KeepsCommentsAboveAndDirectlyBelowTheVersionLine) {
  const WalkFile file =
      Parsed("# a\n\n  #b\n#\nwalkrace 1 # no\n#  c \n# d\n\n# no\ncpus 1\n# no\n");
  EXPECT_THAT(file.comments, ElementsAre("a", "b", "", " c ", "d"));
  EXPECT_EQ(PrintText(file), "walkrace 1\n# a\n# b\n#\n#  c \n# d\ncpus 1\n");
  EXPECT_THAT(Parsed("walkrace 1\ncpus 1\n# no\n").comments, IsEmpty());
}

TEST(ParseText, LayoutIsTheDefaultUntilAMapLine) {
  const auto layout = [](std::string_view lines) {
    return Parsed("walkrace 1\ncpus 1\n" + std::string(lines)).input.scenario.layout;
  };
  EXPECT_EQ(layout(""), Layout());
  EXPECT_EQ(layout("map 0-1 rw"), Layout());
  const Layout none = layout("map none");
  EXPECT_EQ(std::count(none.pages, none.pages + kPagesMax, PageState::kNone), kPagesMax);
  const Layout one = layout("map 9 rw");
  EXPECT_EQ(std::count(one.pages, one.pages + kPagesMax, PageState::kNone), kPagesMax - 1);
  Layout five;
  five.levels = 5;
  EXPECT_EQ(layout("levels 5"), five);
}

TEST(PrintText, SaysEachLayout) {
  WalkFile file;
  Layout& layout = file.input.scenario.layout;
  const auto print = [&file] {
    const std::string text = PrintText(file);
    EXPECT_EQ(Parsed(text), file) << text;
    return text;
  };
  layout.pages[0] = layout.pages[1] = PageState::kNone;
  EXPECT_EQ(print(), "walkrace 1\nmap none\ncpus 2\n");
  for (PageState& state : layout.pages) state = PageState::kReadOnly;
  EXPECT_EQ(print(), "walkrace 1\nmap 0-15 ro\ncpus 2\n");
  layout.huge[1] = true;
  EXPECT_EQ(print(), "walkrace 1\nmap 0-7 ro\nmap-huge 8-15 ro\ncpus 2\n");
  layout.pages[3] = PageState::kWritable;
  EXPECT_EQ(print(), "walkrace 1\nmap 0-2 ro\nmap 3 rw\nmap 4-7 ro\nmap-huge 8-15 ro\ncpus 2\n");
}

TEST(ParseText, CpuCountIsTheHighestBlockUnlessSaid) {
  const auto count = [](std::string_view lines) {
    return Parsed("walkrace 1\n" + std::string(lines)).input.scenario.cpu_count;
  };
  EXPECT_EQ(count("cpu 2\n"), 3);
  EXPECT_EQ(count("cpu 0\ncpus 4\n"), 4);
  EXPECT_EQ(count("cpus 1\n"), 1);
}

TEST(ParseText, TakesAsManyPreemptionsAsAScheduleHolds) {
  std::string text = "walkrace 1\ncpus 2\n";
  for (uint32_t i = 0; i < kStepsMax; ++i) text += "preempt cpu 0 before event 1 to cpu 1\n";
  EXPECT_TRUE(Parsed(text).input.schedule.full());
  text += "preempt cpu 0 before event 1 to cpu 1\n";
  EXPECT_EQ(ParseText(text).status().message(),
            "line 8195, column 38: too many lines of schedule; expected at most 8192");
}

TEST(ParseAny, TellsTextFromBytesByContent) {
  EXPECT_EQ(*ParseAny(kFull), Parsed(kFull));
  EXPECT_EQ(ParseAny("# c\n\nwalkrace 1\r\ncpus 1")->input.scenario.cpu_count, 1);
  EXPECT_EQ(ParseAny("\xef\xbb\xbfwalkrace 1\ncpus 1")->input.scenario.cpu_count, 1);
  for (const std::string_view text :
       {"walkrace", "walkrace ", "walkrace 1", "walkracer", "# c\nwalkrace 2\n", "\n walkrace"}) {
    EXPECT_FALSE(ParseAny(text).ok()) << text;
  }
  for (const std::string_view bytes : {"", "walk", "# walkrace 1", "#\n#", "\n", "x walkrace 1"}) {
    static Input decoded;
    DecodeBytes(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), decoded);
    const absl::StatusOr<WalkFile> file = ParseAny(bytes);
    ASSERT_TRUE(file.ok()) << bytes;
    EXPECT_EQ(file->input, decoded) << bytes;
    EXPECT_EQ(file->preemption_names.size(), decoded.schedule.size());
  }
}

TEST(ParseAny, ReadsTheByteFormOfAFile) {
  WalkFile file = Parsed(kFull);
  std::string bytes(kEncodedBytesMax, '\0');
  bytes.resize(EncodeBytes(file.input, reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()));
  EXPECT_EQ(ParseAny(bytes)->input, file.input);
}

// A mistake that shows in one file of 10,000 is missed with probability (1 - 1e-4)^1e5 = 5e-5.
TEST(TextCodec, RandomFilesComeBack) {
  Random random(1);
  for (int i = 0; i < kRandomTexts; ++i) {
    const WalkFile& file = RandomFile(random);
    const std::string text = PrintText(file);
    const absl::StatusOr<WalkFile> back = ParseAny(text);
    ASSERT_TRUE(back.ok()) << back.status() << "\n" << text;
    ASSERT_EQ(*back, file) << text;
    if (i % 16 == 0) ASSERT_EQ(PrintText(*back), text);
  }
}

}  // namespace
}  // namespace walkrace
