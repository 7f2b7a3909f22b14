// Profile files: what they may say, what each error says, and that no bytes do harm.
#include "machine/profile_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/random.h"

namespace walkrace {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kWhole[] =
    "# A board.\n"
    "name = board.1_a\n"
    "summary = all said   # but this\n"
    "clear = two-step\n"
    "clear-barrier = with-ipi\n"
    "collapse-flush = serializes\r\n"
    "\tother-flush=skips-preempted\n"
    "\n"
    "table-free = rcu-ipi-fallback\n"
    "deposit-writes-table = yes\n"
    "entry-read = all-halves\n"
    "moves-page-tables = no\n"
    "batched-unmap-flush = yes\n"
    "folds-at-run-time = yes\n"
    "skips-lazy-cpus = no\n"
    "trims-cpumask = no\n"
    "deposits-for-files = yes\n"
    "memory = tso";

std::string ErrorOf(const std::string& text) {
  auto parsed = ParseProfile(text);
  EXPECT_FALSE(parsed.ok()) << text;
  return parsed.ok() ? "" : std::string(parsed.status().message());
}

TEST(ProfileFile, SaysEveryKnob) {
  auto parsed = ParseProfile(kWhole);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->name, "board.1_a");
  EXPECT_EQ(parsed->summary, "all said");
  const Profile& profile = parsed->profile;
  EXPECT_EQ(profile.clear, Clear::kTwoStep);
  EXPECT_EQ(profile.clear_barrier, ClearBarrier::kWithIpi);
  EXPECT_EQ(profile.collapse_flush, FlushIpi::kSerializes);
  EXPECT_EQ(profile.other_flush, FlushIpi::kSkipsPreempted);
  EXPECT_EQ(profile.table_free, TableFree::kRcuIpiFallback);
  EXPECT_TRUE(profile.deposit_writes_table);
  EXPECT_EQ(profile.entry_read, EntryRead::kAllHalves);
  EXPECT_TRUE(profile.folds_at_run_time);
  EXPECT_TRUE(profile.batched_unmap_flush);
  EXPECT_FALSE(profile.moves_page_tables);
  EXPECT_TRUE(profile.deposits_for_files);
  EXPECT_EQ(profile.memory, MemoryKind::kTso);
}

TEST(ProfileFile, TakesFromAnotherWhatItDoesNotSay) {
  auto parsed = ParseProfile("name = a\nlike = s390\nother-flush = all-cpus\n");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const Profile& s390 = *FindProfile("s390");
  EXPECT_EQ(parsed->profile.clear, s390.clear);
  EXPECT_EQ(parsed->profile.collapse_flush, s390.collapse_flush);
  EXPECT_EQ(parsed->profile.other_flush, FlushIpi::kAllCpus);
  EXPECT_TRUE(parsed->profile.deposit_writes_table);
}

TEST(ProfileFile, ErrorsSayWhereAndWhatWasExpected) {
  EXPECT_EQ(ErrorOf(""), "line 1, column 1: found the end without a name; expected 'name = NAME'");
  EXPECT_THAT(ErrorOf("name = a\ncolour = red\n"),
              StartsWith("line 2, column 1: found 'colour'; expected one of name, like, summary, "
                         "clear, "));
  EXPECT_EQ(
      ErrorOf("name = a\n  clear = never\n"),
      "line 2, column 11: found 'never'; expected one of xchg, relaxed-xchg, plain, two-step");
  EXPECT_THAT(ErrorOf("name = a\nclear =   # soon\n"),
              StartsWith("line 2, column 11: found nothing"));
  EXPECT_THAT(ErrorOf("name = a\nclear\n"),
              StartsWith("line 2, column 6: found no '='; expected 'clear = VALUE'"));
  EXPECT_THAT(ErrorOf("name = a\nname = b\n"),
              StartsWith("line 2, column 1: 'name' a second time"));
  EXPECT_THAT(ErrorOf("name = arm64\n"), StartsWith("line 1, column 8: found 'arm64'"));
  EXPECT_THAT(ErrorOf("name = a b\n"), StartsWith("line 1, column 8: found 'a b'"));
  EXPECT_THAT(ErrorOf("name = a\nlike = vax\n"),
              AllOf(StartsWith("line 2, column 8: found 'vax'; expected a built-in profile: "),
                    HasSubstr("mips-mmid")));
  EXPECT_THAT(ErrorOf("name = a\nclear = plain\nlike = arm64\n"), StartsWith("line 3, column 8: "));
  EXPECT_THAT(ErrorOf("name = a\nclear = plain\n"),
              StartsWith("line 3, column 1: found the end without clear-barrier; expected "
                         "'clear-barrier = VALUE', or 'like = PROFILE'"));
}

TEST(ProfileFile, NamesTheFileInErrors) {
  EXPECT_THAT(std::string(LoadProfileFile("/nowhere/x.profile").status().message()),
              StartsWith("/nowhere/x.profile: "));
}

// Truncated, overwritten and random: a profile or an error with a place, never more.
TEST(ProfileFile, AnyBytesGiveAProfileOrAnError) {
  const auto expect = [](const std::string& text) {
    auto parsed = ParseProfile(text);
    if (parsed.ok()) {
      EXPECT_FALSE(parsed->name.empty());
    } else {
      EXPECT_THAT(std::string(parsed.status().message()), StartsWith("line "));
      EXPECT_LT(parsed.status().message().size(), 500u);
    }
  };
  const std::string whole = kWhole;
  for (size_t i = 0; i <= whole.size(); ++i) expect(whole.substr(0, i));
  Random random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = whole;
    for (int changes = 1 + random.Below(4); changes > 0; --changes) {
      text[random.Below(text.size())] = static_cast<char>(random.Below(256));
    }
    expect(text);
  }
  expect(std::string(1 << 16, '\0'));
  expect(std::string(1 << 16, '='));
  expect("name = " + std::string(1 << 16, 'a'));
  expect("name = a\nlike = " + std::string("arm64\0x", 7));
}

}  // namespace
}  // namespace walkrace
