// A file's page is punched out: alone, and under a walker.
#include <gtest/gtest.h>

#include "machine/tlb_state.h"
#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

Layout TrackedLayout() {
  Layout layout = LayoutOf("ww------");
  layout.backing[0] = Backing::kDirtyTracked;
  return layout;
}

void Truncate(int page) {
  truncate_file_page(MachineMm(), AddressOfPage(page), AddressOfPage(page + 1), 0);
}

TEST(Truncate, UnmapsAndFrees) {
  SetUpPaths(TrackedLayout());
  FillTlb(0, 0, Translate(0));
  RunOnMachine([] { Truncate(0); });
  EXPECT_EQ(Translate(0).pfn, 0);
  EXPECT_EQ(TlbEntry(0, 0), nullptr);
  EXPECT_TRUE(FrameIsFree(1));
  EXPECT_EQ(FrameOfFilePage(0), 0);
  EXPECT_EQ(ContentAt(0), 0u);
  EXPECT_EQ(Translate(1).pfn, 2);
}

TEST(Truncate, LeavesAReferencedPageToItsHolder) {
  SetUpPaths(TrackedLayout());
  uint64_t value = 1;
  RunOnMachine([&value] {
    (void)Gup(0, 1, FOLL_GET);
    Truncate(0);
    (void)user_read(MachineMm(), AddressOfPage(0), &value);
  });
  EXPECT_EQ(value, 0u) << "a hole";
  EXPECT_EQ(RefcountOf(1), 1) << "GUP's";
  EXPECT_EQ(arena.mem_map[1].mapping, 0u);
  EXPECT_NE(Translate(0).pfn, 1);
}

TEST(Truncate, OfWhatIsNotCachedOrAnotherFilesDoesNothing) {
  SetUpPaths(TrackedLayout());
  RunOnMachine([] { Truncate(3); });
  EXPECT_EQ(Translate(0).pfn, 1);
  Layout layout = LayoutOf("w-------");
  layout.backing[0] = Backing::kFile;
  SetUpPaths(layout);
  RunOnMachine([] { Truncate(0); });
  EXPECT_EQ(Translate(0).pfn, 1);
}

// B7: between the test of the mapping and its use.
TEST(Truncate, UnderAWalkerThatHasTestedTheMapping) {
  for (const bool truncated : {false, true}) {
    SetUpPaths(TrackedLayout());
    HandOvers schedule({{0, "folio_fast_pin_allowed", EventKind::kLoad, "folio1.mapping",
                         static_cast<CpuId>(truncated ? 1 : 0)}});
    RunOnMachine(schedule, 2, [&](CpuId cpu) {
      if (cpu == 0) {
        EXPECT_EQ(Gup(0, 1, kLongTermWrite).nr, 0);
      } else {
        Truncate(0);
      }
    });
    EXPECT_TRUE(schedule.done());
    EXPECT_TRUE(FrameIsFree(1)) << "with the walker's reference";
  }
}

}  // namespace
}  // namespace walkrace
