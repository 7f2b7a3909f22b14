// Faults that find their page on the wrong node: where it is afterwards, and when it stays.
#include <gtest/gtest.h>

#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

void Hint() { task_numa_work(MachineMm(), AddressOfPage(0), AddressOfPage(8), 0); }
void FaultMisplaced(int page) {
  numa_migrate(MachineMm(), AddressOfPage(page), AddressOfPage(page + 1), 0);
}

void ExpectMoved(int page, uint16_t old, bool huge) {
  const Translation now = Translate(page);
  EXPECT_NE(now.pfn, old);
  EXPECT_TRUE(now.writable);
  EXPECT_EQ(now.huge, huge);
  EXPECT_EQ(TranslateByHardware(page), now) << "no hint any more";
  EXPECT_EQ(ContentOf(now.pfn), kFirstContent + page);
  EXPECT_TRUE(IsAnonExclusive(now.pfn));
  EXPECT_EQ(RefcountOf(CountsOf(now.pfn).head), 1);
  EXPECT_TRUE(FrameIsFree(old));
}

TEST(NumaFault, MovesABasePageAndAHugeOne) {
  for (const bool huge : {false, true}) {
    SetUpPaths(LayoutOf(huge ? "WWWWWWWW" : "www-----"));
    RunOnMachine([] {
      Hint();
      FaultMisplaced(2);
    });
    ExpectMoved(2, huge ? kHuge + 2 : 3, huge);
    EXPECT_EQ(arena.mm[0].mmap_lock.word, 0u);
    EXPECT_EQ(arena.mm[0].page_table_lock.word, 0u);
  }
}

TEST(NumaFault, WithoutAHintNothingMoves) {
  SetUpPaths(LayoutOf("WWWWWWWW"));
  const RecordedRun run = RunOnMachine([] { FaultMisplaced(0); });
  EXPECT_FALSE(Has(run, EventKind::kStore));
  EXPECT_EQ(Translate(0).pfn, kHuge);
}

// The twin of each way to move: held, it stays, and the hint is taken back.
TEST(NumaFault, WhatIsHeldStays) {
  for (const char* cut : {"", "numa-thp-by-entry"}) {
    for (const unsigned flags : {FOLL_GET, FOLL_PIN}) {
      SetUpPaths(LayoutOf("WWWWWWWW"));
      if (*cut != 0) {
        Cuts cuts;
        AddCuts(*FindVariant("numa-thp-in-place"), &cuts);
        SetCuts(cuts);
      }
      RunOnMachine([flags] {
        ASSERT_EQ(Gup(3, 1, flags).nr, 1);
        Hint();
        FaultMisplaced(0);
      });
      EXPECT_EQ(TranslateByHardware(0), (Translation{kHuge, true, true}));
      EXPECT_EQ(RefcountOf(kHuge), 2);
      EXPECT_TRUE(IsAnonExclusive(kHuge));
      EXPECT_NE(pfn_to_page(kHuge)->flags & 1ul << PG_lru, 0u);
      EXPECT_EQ(pfn_to_page(kHuge)->flags & 1ul << PG_locked, 0u);
    }
  }
  SetCuts({});
}

TEST(NumaFault, AHugePageThatTwoMmsMapStays) {
  SetUpFork(LayoutOf("WWWWWWWW"));
  FollowSchedule in_order({});
  RunOnMachine(in_order, 2, [](CpuId cpu) {
    if (cpu != 0) return;
    Fork();
    Hint();
    FaultMisplaced(0);
  });
  EXPECT_EQ(TranslateByHardware(0), (Translation{kHuge, false, true}));
  EXPECT_EQ(Translate(kChild), (Translation{kHuge, false, true}));
  EXPECT_EQ(RefcountOf(kHuge), 2);
}

TEST(NumaFault, InPlaceTheHugePageMovesToo) {
  SetUpPaths(LayoutOf("WWWWWWWW"));
  Cuts cuts;
  AddCuts(*FindVariant("numa-thp-in-place"), &cuts);
  SetCuts(cuts);
  RunOnMachine([] {
    Hint();
    FaultMisplaced(2);
  });
  SetCuts({});
  ExpectMoved(2, kHuge + 2, true);
  EXPECT_EQ(arena.root_anon_vma.rwsem.word, 0u);
}

}  // namespace
}  // namespace walkrace
