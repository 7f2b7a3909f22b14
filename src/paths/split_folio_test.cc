// Split of a folio: base pages afterwards, or all as it was.
#include <gtest/gtest.h>

#include "machine/allocator.h"
#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

void Split(int page = 0) {
  split_huge_pages(MachineMm(), AddressOfPage(page), AddressOfPage(page) + PAGE_SIZE, 0);
}

void ExpectNoLockHeld() {
  EXPECT_EQ(arena.root_anon_vma.rwsem.word, 0u);
  EXPECT_EQ(arena.mm[0].mmap_lock.word, 0u);
  EXPECT_EQ(arena.mm[0].page_table_lock.word, 0u);
  for (int i = 0; i < kPagesPerRegion; ++i) {
    EXPECT_EQ(arena.mem_map[kHuge + i].flags & 1ul << PG_locked, 0u) << i;
  }
}

TEST(SplitFolio, MakesBasePagesOfAHugePageAndOfACompoundOne) {
  for (const Layout& layout : {LayoutOf("WWWWWWWW"), Compound()}) {
    SetUpPaths(layout);
    RunOnMachine([] { Split(3); });
    for (int page = 0; page < kPagesPerRegion; ++page) {
      EXPECT_EQ(Translate(page), (Translation{static_cast<uint16_t>(kHuge + page), true, false}));
      EXPECT_EQ(CountsOf(kHuge + page).head, kHuge + page);
      EXPECT_EQ(CountsOf(kHuge + page).pages, 1);
      EXPECT_EQ(RefcountOf(kHuge + page), 1);
      EXPECT_EQ(MapcountOf(kHuge + page), 1);
      EXPECT_TRUE(IsAnonExclusive(kHuge + page));
      EXPECT_TRUE(IsAnon(kHuge + page));
    }
    ExpectNoLockHeld();
  }
}

TEST(SplitFolio, ItsPagesAreFreedOneByOne) {
  SetUpPaths(Compound());
  RunOnMachine([] {
    Split();
    madvise_dontneed(MachineMm(), AddressOfPage(2), AddressOfPage(3), 0);
  });
  EXPECT_TRUE(FrameIsFree(kHuge + 2));
  EXPECT_FALSE(FrameIsFree(kHuge + 1));
  EXPECT_EQ(allocator.base_frames.back(), kHuge + 2) << "serves as a base page from now on";
}

TEST(SplitFolio, BacksOffWherePinnedOrReferenced) {
  for (unsigned flags : {FOLL_PIN, FOLL_GET}) {
    for (const Layout& layout : {LayoutOf("WWWWWWWW"), Compound()}) {
      SetUpPaths(layout);
      RunOnMachine([flags] {
        (void)Gup(5, 1, flags);
        Split();
      });
      for (int page = 0; page < kPagesPerRegion; ++page) {
        EXPECT_EQ(Translate(page).pfn, kHuge + page);
        EXPECT_EQ(CountsOf(kHuge + page).head, kHuge);
        EXPECT_TRUE(IsAnonExclusive(kHuge + page));
      }
      ExpectNoLockHeld();
    }
  }
}

// The reference comes after the racy look: the frozen count is what decides.
TEST(SplitFolio, PutsEverythingBackWhereTheCountCannotBeFrozen) {
  for (unsigned flags : {FOLL_PIN, FOLL_GET}) {
    SetUpPaths(LayoutOf("WWWWWWWW"));
    HandOvers schedule({{0, "__split_huge_pmd_locked", EventKind::kLoad, nullptr, 1},
                        {0, "split_huge_pmd_freeze", EventKind::kLock, nullptr, 1}});
    RunOnMachine(schedule, 2, [flags](CpuId cpu) {
      if (cpu == 0) {
        Split();
      } else {
        (void)Gup(5, 1, flags);
      }
    });
    for (int page = 0; page < kPagesPerRegion; ++page) {
      EXPECT_EQ(Translate(page).pfn, kHuge + page);
      EXPECT_TRUE(IsAnonExclusive(kHuge + page));
    }
    ExpectNoLockHeld();
  }
}

TEST(SplitFolio, LeavesBasePagesAlone) {
  SetUpPaths(LayoutOf("w-------"));
  const RecordedRun run = RunOnMachine([] {
    Split(0);
    Split(1);
  });
  EXPECT_FALSE(Has(run, EventKind::kStore));
  EXPECT_EQ(RefcountOf(1), 1);
  ExpectNoLockHeld();
}

}  // namespace
}  // namespace walkrace
