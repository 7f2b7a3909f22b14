// Migration of hugetlb's page, of any size: where it is afterwards, what others find meanwhile,
// and each back-off.
#include <gtest/gtest.h>

#include "kernel/swap.h"
#include "kernel/words.h"
#include "machine/allocator.h"
#include "paths/hugetlb.h"
#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

constexpr uint16_t kMoved = kHuge + kPagesPerRegion;

void MigrateHugetlb(int mm = 0) {
  migrate_hugetlb_page(MachineMm(mm), AddressOfPage(mm * kPagesMax + 8), 0, 0);
}

class HugetlbMigrate : public ::testing::TestWithParam<Backing> {
 protected:
  static void SetUpHugetlb(int mm_count, const char* region = "wwwwwwww") {
    Layout layout = LayoutOf("--------", region);
    layout.backing[1] = GetParam();
    CpuMms mms;
    mms.mm_count = mm_count;
    if (mm_count == 2) mms.of_cpu[1] = 1;
    SetCuts({});
    SetUpMachine(layout, *FindProfile("arm64"), mms);
    wr_begin_reclaim();
  }
  static bool IsCont() { return GetParam() == Backing::kHugetlbCont; }
  // One of each mm, or one for all that share the table.
  static bool SharesTable() { return GetParam() == Backing::kHugetlb; }
  static int MappingsOf(int mm_count) { return SharesTable() ? 1 : mm_count; }
};
INSTANTIATE_TEST_SUITE_P(Sizes, HugetlbMigrate,
                         ::testing::Values(Backing::kHugetlb, Backing::kHugetlbCont,
                                           Backing::kHugetlbPud),
                         [](const auto& info) {
                           return info.param == Backing::kHugetlb       ? "Pmd"
                                  : info.param == Backing::kHugetlbCont ? "ContPte"
                                                                        : "Pud";
                         });

void ExpectWhole(uint16_t pfn, int mappings) {
  EXPECT_EQ(arena.hugetlb_file.i_pages[0], pfn);
  EXPECT_EQ(RefcountOf(pfn), 1 + mappings);
  EXPECT_EQ(MapcountOf(pfn), mappings);
  EXPECT_EQ(arena.mem_map[pfn].flags & 1ul << PG_locked, 0u);
  EXPECT_NE(arena.mem_map[pfn].flags & 1ul << PG_hpage_migratable, 0u);
  EXPECT_EQ(*wr_word(WR_WORD_HUGETLB_LOCK), 0u);
  EXPECT_EQ(*wr_word(WR_WORD_MM0_HUGETLB_VMA_LOCK), 0u);
  EXPECT_EQ(*wr_word(WR_WORD_MM1_HUGETLB_VMA_LOCK), 0u);
}

TEST_P(HugetlbMigrate, IsMappedAsOnePage) {
  SetUpHugetlb(2);
  for (int i = 0; i < kPagesPerRegion; ++i) {
    const Translation expected = {static_cast<uint16_t>(kHuge + i), true, !IsCont()};
    EXPECT_EQ(Translate(8 + i), expected);
    EXPECT_EQ(Translate(kOther + i), expected);
  }
  ExpectWhole(kHuge, MappingsOf(2));
}

TEST_P(HugetlbMigrate, MovesThePageWithContentAndRights) {
  for (const char* region : {"wwwwwwww", "rrrrrrrr"}) {
    SetUpHugetlb(1, region);
    const RecordedRun run = RunOnMachine([] { MigrateHugetlb(); });
    EXPECT_EQ(run.result.outcome, Outcome::kFinished);
    for (int i = 0; i < kPagesPerRegion; ++i) {
      const Translation expected = {static_cast<uint16_t>(kMoved + i), region[0] == 'w', !IsCont()};
      EXPECT_EQ(Translate(8 + i), expected);
      EXPECT_EQ(ContentOf(kMoved + i), 108u + i);
    }
    ExpectWhole(kMoved, 1);
    EXPECT_TRUE(FrameIsFree(kHuge));
    EXPECT_EQ(arena.mm[0].mmap_lock.word, 0u);
  }
}

// Of PMD size the mms share one table: the first loses it, and faults it back in.
TEST_P(HugetlbMigrate, IsSeenByEveryMm) {
  SetUpHugetlb(2);
  RunOnMachine([] { MigrateHugetlb(1); });
  EXPECT_EQ(Translate(kOther).pfn, kMoved);
  EXPECT_EQ(Translate(8).pfn, SharesTable() ? 0 : kMoved);
  ExpectWhole(kMoved, MappingsOf(2));
  RunOnMachine([] { EXPECT_EQ(Read(8), 108u); });
  EXPECT_EQ(Translate(8).pfn, kMoved);
  ExpectWhole(kMoved, MappingsOf(2));
}

TEST_P(HugetlbMigrate, BacksOffFromAReference) {
  SetUpHugetlb(1);
  Got got;
  RunOnMachine([&got] {
    got = Gup(9, 1, FOLL_GET);
    MigrateHugetlb();
    put_user_page(got.pages[0], AddressOfPage(9));
  });
  EXPECT_EQ(got.nr, 1);
  EXPECT_EQ(Translate(9).pfn, kHuge + 1);
  ExpectWhole(kHuge, 1);
  EXPECT_TRUE(FrameIsFree(kMoved));
}

TEST_P(HugetlbMigrate, BacksOffWhereThereIsNoPage) {
  SetUpHugetlb(1);
  for (uint16_t pfn = TakeFrames(HPAGE_PMD_ORDER); pfn != 0; pfn = TakeFrames(HPAGE_PMD_ORDER)) {
  }
  RunOnMachine([] { MigrateHugetlb(); });
  ExpectWhole(kHuge, 1);
}

TEST_P(HugetlbMigrate, BacksOffFromAnIsolatedPage) {
  SetUpHugetlb(1);
  arena.mem_map[kHuge].flags &= ~(1ul << PG_hpage_migratable);
  RunOnMachine([] { MigrateHugetlb(); });
  EXPECT_EQ(Translate(8).pfn, kHuge);
  EXPECT_EQ(RefcountOf(kHuge), 2);
}

TEST_P(HugetlbMigrate, BacksOffWhereTheRegionIsNoneOfHugetlb) {
  SetUpHugetlb(1);
  RunOnMachine([] {
    mmap_over_hugetlb(MachineMm(), AddressOfPage(8), AddressOfPage(16), 0);
    MigrateHugetlb();
  });
  EXPECT_TRUE(FrameIsFree(kHuge));
}

TEST_P(HugetlbMigrate, BacksOffFromAFaultThatHoldsTheTable) {
  SetUpHugetlb(1);
  *wr_word(WR_WORD_MM0_HUGETLB_VMA_LOCK) = WR_RW_WRITER;
  SetCuts({"follow-vma-lock"});  // the lookup does not wait for it
  RunOnMachine([] { MigrateHugetlb(); });
  EXPECT_EQ(Translate(8).pfn, kHuge);
  *wr_word(WR_WORD_MM0_HUGETLB_VMA_LOCK) = 0;
  ExpectWhole(kHuge, 1);
  SetCuts({});
}

TEST_P(HugetlbMigrate, BacksOffWhereSomebodyWalksTheRmap) {
  SetUpHugetlb(1);
  HandOvers schedule({{0, "try_to_migrate", EventKind::kRmw, nullptr, 1}});
  RunOnMachine(schedule, 2, [](CpuId cpu) {
    if (cpu == 0) {
      MigrateHugetlb();
    } else {
      i_mmap_lock_read(wr_hugetlb_file());
    }
  });
  EXPECT_TRUE(schedule.done());
  EXPECT_EQ(Translate(8).pfn, kHuge);
}

// The fault finds the migration entry, and sleeps until the page is unlocked.
TEST_P(HugetlbMigrate, AFaultWaitsForIt) {
  SetUpHugetlb(1);
  HandOvers schedule({{0, "migrate_huge_page_move_mapping", EventKind::kLock, nullptr, 1}});
  uint64_t value = 0;
  const RecordedRun run = RunOnMachine(schedule, 2, [&value](CpuId cpu) {
    if (cpu == 0) {
      MigrateHugetlb();
    } else {
      value = Read(10);
    }
  });
  EXPECT_TRUE(schedule.done());
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  EXPECT_EQ(value, 110u);
  ExpectWhole(kMoved, 1);
}

TEST_P(HugetlbMigrate, UnmapTakesAMigrationEntryAway) {
  SetUpHugetlb(1);
  HandOvers schedule({{0, "migrate_huge_page_move_mapping", EventKind::kLock, nullptr, 1}});
  const RecordedRun run = RunOnMachine(schedule, 2, [](CpuId cpu) {
    if (cpu == 0) {
      MigrateHugetlb();
    } else {
      mmap_over_hugetlb(MachineMm(), AddressOfPage(8), AddressOfPage(16), 0);
    }
  });
  EXPECT_TRUE(schedule.done());
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  EXPECT_TRUE(FrameIsFree(kHuge));
  EXPECT_TRUE(FrameIsFree(kMoved));
  EXPECT_EQ(Translate(8).pfn, 0);
}

// --- ORDER(AM entry-under-its-lock) --------------------------------------------------------------

// Who looks the page up under the entry's lock waits for it, and finds a migration entry; under the
// lock of the table he finds the page that is being unmapped.
TEST(FollowPage, LooksAtAContPteUnderItsOwnLock) {
  for (const bool cut : {false, true}) {
    Layout layout = LayoutOf("--------", "wwwwwwww");
    layout.backing[1] = Backing::kHugetlbCont;
    SetUpPaths(layout);
    wr_begin_reclaim();
    if (cut) SetCuts({"huge-pte-lock"});
    HandOvers schedule({{0, "huge_ptep_get_and_clear", EventKind::kRmw, "T0.pte[0]", 1}});
    struct page* found = nullptr;
    RunOnMachine(schedule, 2, [&found](CpuId cpu) {
      if (cpu == 0) {
        MigrateHugetlb();
      } else {
        mmap_read_lock(MachineMm());
        found = follow_page(find_vma(MachineMm(), AddressOfPage(8)), AddressOfPage(8), FOLL_GET);
        mmap_read_unlock(MachineMm());
      }
    });
    EXPECT_TRUE(schedule.done());
    EXPECT_EQ(found, pfn_to_page(cut ? kHuge : kMoved));
    SetCuts({});
  }
}

// --- ORDER(AN table-under-vma-lock) --------------------------------------------------------------

// Between the pud and the entry: whoever holds the lock keeps the table.
TEST(FollowPage, KeepsTheSharedTableUntilItHasTheReference) {
  for (const bool cut : {false, true}) {
    Layout layout = LayoutOf("--------", "rrrrrrrr");
    layout.backing[1] = Backing::kHugetlb;
    CpuMms mms;
    mms.mm_count = 2;
    mms.of_cpu[1] = 1;
    SetCuts({});
    if (cut) SetCuts({"follow-vma-lock"});
    SetUpMachine(layout, *FindProfile("arm64"), mms);
    wr_begin_reclaim();
    HandOvers schedule({{0, "follow_huge_pte", EventKind::kLock, "S0.ptl", 1}});
    struct page* found = nullptr;
    bool mapped = false;
    RunOnMachine(schedule, 2, [&](CpuId cpu) {
      if (cpu == 0) {
        mmap_read_lock(MachineMm());
        found = follow_page(find_vma(MachineMm(), AddressOfPage(8)), AddressOfPage(8), FOLL_GET);
        mapped = Translate(8).pfn != 0;
        mmap_read_unlock(MachineMm());
      } else {
        MigrateHugetlb(1);
      }
    });
    EXPECT_TRUE(schedule.done());
    EXPECT_EQ(found, pfn_to_page(cut ? kMoved : kHuge));
    EXPECT_EQ(mapped, !cut);
    SetCuts({});
  }
}

}  // namespace
}  // namespace walkrace
