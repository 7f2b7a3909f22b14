// MADV_FREE of large folios, and what reclaim makes of them. Base pages: reclaim_test.cc.
#include <gtest/gtest.h>

#include "kernel/swap.h"
#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

void FreeLazily(int page, int count) {
  madvise_free(MachineMm(), AddressOfPage(page), AddressOfPage(page + count), 0);
}

bool IsLazy(uint16_t pfn) { return (pfn_to_page(pfn)->flags & 1ul << PG_swapbacked) == 0; }

TEST(MadvFree, AWholeHugePageStaysOneUntilReclaimDiscardsIt) {
  SetUpPaths(LayoutOf("WWWWWWWW"));
  RunOnMachine([] {
    FreeLazily(0, 8);
    EXPECT_EQ(Translate(3), (Translation{kHuge + 3, true, true}));
    EXPECT_TRUE(IsLazy(kHuge));
    EXPECT_EQ(RefcountOf(kHuge), 1);
    Reclaim(0, 8);
  });
  for (int i = 0; i < kPagesPerRegion; ++i) EXPECT_EQ(Translate(i).pfn, 0);
  EXPECT_TRUE(FrameIsFree(kHuge));
  EXPECT_EQ(arena.mm[0].page_table_lock.word, 0u);
}

TEST(MadvFree, AHugePageThatIsWrittenSinceStays) {
  for (const char* profile : {"x86-64", "powerpc-hash"}) {
    SetUpPaths(LayoutOf("WWWWWWWW"), profile);
    RunOnMachine([] {
      FreeLazily(0, 8);
      EXPECT_TRUE(user_write(MachineMm(), AddressOfPage(3), 7));
      Reclaim(0, 8);
    });
    for (int i = 0; i < kPagesPerRegion; ++i) EXPECT_EQ(Translate(i).pfn, kHuge + i);
    EXPECT_EQ(ContentOf(kHuge + 3), 7u);
    EXPECT_FALSE(IsLazy(kHuge));
  }
}

TEST(MadvFree, AHugePageThatIsHeldStays) {
  SetUpPaths(LayoutOf("WWWWWWWW"));
  RunOnMachine([] {
    FreeLazily(0, 8);
    EXPECT_EQ(Gup(5, 1, FOLL_GET | FOLL_WRITE).nr, 1);
    Reclaim(0, 8);
  });
  for (int i = 0; i < kPagesPerRegion; ++i) EXPECT_EQ(Translate(i).pfn, kHuge + i);
  EXPECT_EQ(RefcountOf(kHuge), 1 + kPagesPerRegion);
}

TEST(MadvFree, APartIsSplitOffFirst) {
  for (const Layout& layout : {LayoutOf("WWWWWWWW"), Compound()}) {
    SetUpPaths(layout);
    RunOnMachine([] {
      FreeLazily(2, 2);
      Reclaim(2, 2);
    });
    for (int i = 0; i < kPagesPerRegion; ++i) {
      const bool freed = i == 2 || i == 3;
      EXPECT_EQ(FrameIsFree(kHuge + i), freed) << i;
    }
    EXPECT_EQ(CountsOf(kHuge + 5).pages, 1);
    EXPECT_EQ(arena.root_anon_vma.rwsem.word, 0u);
  }
}

TEST(MadvFree, WhatAnotherMmMapsIsLeftAlone) {
  SetUpFork(LayoutOf("WWWWWWWW"));
  FollowSchedule in_order({});
  RunOnMachine(in_order, 2, [](CpuId cpu) {
    if (cpu != 0) return;
    Fork();
    FreeLazily(0, 8);
  });
  EXPECT_FALSE(IsLazy(kHuge));
  EXPECT_EQ(Translate(0), (Translation{kHuge, false, true}));
}

TEST(MadvFree, MigrationKeepsWhatWasFreedLazilyClean) {
  SetUpPaths(LayoutOf("WWWWWWWW"));
  RunOnMachine([] {
    FreeLazily(0, 8);
    migrate_pages(MachineMm(), AddressOfPage(0), AddressOfPage(1), 0);
    const uint16_t now = Translate(0).pfn;
    EXPECT_NE(now, kHuge);
    EXPECT_TRUE(IsLazy(now));
    Reclaim(0, 8);
    EXPECT_TRUE(FrameIsFree(now));
  });
}

}  // namespace
}  // namespace walkrace
