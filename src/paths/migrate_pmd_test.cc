// Migration of large folios: as a whole, whatever maps them; what others do with the entry of a pmd
// meanwhile; and each back-off.
#include <gtest/gtest.h>

#include "kernel/swap.h"
#include "machine/tlb_state.h"
#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

constexpr uint16_t kHugeMovedTo = kHuge + kPagesPerRegion;

void MigrateFolioOf(int page) {
  migrate_pages(MachineMm(), AddressOfPage(page), AddressOfPage(page + 1), 0);
}

uint64_t FirstPmd() { return EntryOf(kPmdTable, pmd_index(AddressOfPage(0))); }

void ExpectNothingLocked() {
  EXPECT_EQ(arena.root_anon_vma.rwsem.word, 0u);
  EXPECT_EQ(arena.mm[0].mmap_lock.word, 0u);
  EXPECT_EQ(arena.mm[0].page_table_lock.word, 0u);
  for (const uint16_t head : {kHuge, kHugeMovedTo}) {
    EXPECT_EQ(pfn_to_page(head)->flags & 1ul << PG_locked, 0u) << head;
  }
}

void ExpectFolioAt(uint16_t head, bool writable, bool huge, int first = 0) {
  for (int i = 0; i < kPagesPerRegion; ++i) {
    EXPECT_EQ(Translate(first + i), (Translation{static_cast<uint16_t>(head + i), writable, huge}));
    EXPECT_EQ(ContentOf(head + i), kFirstContent + i);
    EXPECT_EQ(IsAnonExclusive(head + i), true);
    EXPECT_EQ(MapcountOf(head + i), huge && i != 0 ? 0 : 1);
  }
  EXPECT_EQ(RefcountOf(head), huge ? 1 : kPagesPerRegion);
  EXPECT_NE(pfn_to_page(head)->flags & 1ul << PG_lru, 0u);
  ExpectNothingLocked();
}

// CPU 1 migrates; CPU 0 comes when the entry of the pmd stands and the count is about to be read.
template <typename Body>
RecordedRun WhileAPmdMigrates(Body body, const char* function = "folio_migrate_mapping") {
  HandOvers strategy({{1, function, EventKind::kLoad, "folio32.refcount", 0}}, 1);
  const RecordedRun run = RunOnMachine(strategy, 2, [body](CpuId cpu) {
    if (cpu == 1) {
      MigrateFolioOf(0);
    } else {
      body();
    }
  });
  EXPECT_TRUE(strategy.done());
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  return run;
}

TEST(MigratePmd, MovesAHugePageWithContentAndRights) {
  for (const char* pages : {"WWWWWWWW", "RRRRRRRR"}) {
    SetUpPaths(LayoutOf(pages));
    FillTlb(1, 2, Translate(2));
    FollowSchedule in_order({});
    RunOnMachine(in_order, 2, [](CpuId cpu) {
      if (cpu == 0) MigrateFolioOf(3);
    });
    ExpectFolioAt(kHugeMovedTo, pages[0] == 'W', true);
    EXPECT_EQ(TlbEntry(1, 2), nullptr) << "flushed";
    EXPECT_TRUE(FrameIsFree(kHuge));
    EXPECT_NE(arena.pmd_huge_pte[0][0], 0u) << "the deposited table waits on";
  }
}

TEST(MigratePmd, MovesALargeFolioThatPtesMap) {
  SetUpPaths(Compound());
  RunOnMachine([] { MigrateFolioOf(5); });
  ExpectFolioAt(kHugeMovedTo, true, false);
  EXPECT_TRUE(FrameIsFree(kHuge));

  SetUpPaths(Compound("-w-ww---"));
  RunOnMachine([] { MigrateFolioOf(3); });
  for (int i = 0; i < kPagesPerRegion; ++i) {
    const bool mapped = i == 1 || i == 3 || i == 4;
    EXPECT_EQ(Translate(i).pfn, mapped ? kHugeMovedTo + i : 0) << i;
  }
  EXPECT_EQ(RefcountOf(kHugeMovedTo), 3);
}

TEST(MigratePmd, MovesWhatTwoMmsMapInTwoWays) {
  SetUpFork(LayoutOf("WWWWWWWW"));
  FollowSchedule in_order({});
  RunOnMachine(in_order, 2, [](CpuId cpu) {
    if (cpu != 0) return;
    Fork();
    split_pmd_region(MachineMm(1), AddressOfPage(kChild), AddressOfPage(kChild + 8), 0);
    MigrateFolioOf(0);
  });
  for (int i = 0; i < kPagesPerRegion; ++i) {
    EXPECT_EQ(Translate(i), (Translation{static_cast<uint16_t>(kHugeMovedTo + i), false, true}));
    EXPECT_EQ(Translate(kChild + i),
              (Translation{static_cast<uint16_t>(kHugeMovedTo + i), false, false}));
    EXPECT_FALSE(IsAnonExclusive(kHugeMovedTo + i));
    EXPECT_EQ(MapcountOf(kHugeMovedTo + i), i == 0 ? 2 : 1);
  }
  EXPECT_EQ(RefcountOf(kHugeMovedTo), 1 + kPagesPerRegion);
  EXPECT_TRUE(FrameIsFree(kHuge));
}

TEST(MigratePmd, BacksOffFromAReferenceAndFromAPin) {
  for (const unsigned flags : {FOLL_GET, FOLL_PIN}) {
    for (const bool huge : {true, false}) {
      SetUpPaths(huge ? LayoutOf("WWWWWWWW") : Compound());
      RunOnMachine([flags] {
        const Got got = Gup(2, 1, flags);
        ASSERT_EQ(got.nr, 1);
        const int64_t before = RefcountOf(kHuge);
        MigrateFolioOf(0);
        EXPECT_EQ(RefcountOf(kHuge), before);
        (flags == FOLL_PIN ? unpin_user_page : put_user_page)(got.pages[0], AddressOfPage(2));
      });
      ExpectFolioAt(kHuge, true, huge);
    }
  }
}

TEST(MigratePmd, AFaultAndGupWaitUntilTheMigrationHasEnded) {
  SetUpPaths(LayoutOf("WWWWWWWW"));
  const RecordedRun run = WhileAPmdMigrates([] {
    EXPECT_EQ(Gup(2, 1, FOLL_PIN | FOLL_WRITE).Pfns(), std::vector<int>{kHugeMovedTo + 2});
    EXPECT_EQ(Read(3), kFirstContent + 3);
  });
  EXPECT_TRUE(Has(run, EventKind::kLoad, "pmd_migration_entry_wait"));
  EXPECT_EQ(Translate(2).pfn, kHugeMovedTo + 2);
}

TEST(MigratePmd, AZapMeanwhileLeavesNothingBehind) {
  SetUpPaths(LayoutOf("WWWWWWWW"));
  WhileAPmdMigrates([] { madvise_dontneed(MachineMm(), AddressOfPage(0), AddressOfPage(8), 0); });
  EXPECT_EQ(FirstPmd(), 0u);
  EXPECT_EQ(arena.pmd_huge_pte[0][0], 0u) << "the deposited table went with it";
  EXPECT_TRUE(FrameIsFree(kHuge));
  EXPECT_TRUE(FrameIsFree(kHugeMovedTo));
}

TEST(MigratePmd, AZapOfAPartSplitsTheEntry) {
  SetUpPaths(LayoutOf("WWWWWWWW"));
  WhileAPmdMigrates([] { madvise_dontneed(MachineMm(), AddressOfPage(2), AddressOfPage(3), 0); });
  for (int i = 0; i < kPagesPerRegion; ++i) {
    EXPECT_EQ(Translate(i).pfn, i == 2 ? 0 : kHugeMovedTo + i) << i;
  }
  EXPECT_EQ(RefcountOf(kHugeMovedTo), kPagesPerRegion - 1);
  EXPECT_TRUE(FrameIsFree(kHuge));
}

TEST(MigratePmd, ASplitOfTheEntryMakesEntriesOfPtes) {
  SetUpPaths(LayoutOf("WWWWWWWW"));
  WhileAPmdMigrates([] {
    split_pmd_region(MachineMm(), AddressOfPage(0), AddressOfPage(8), 0);
    EXPECT_EQ(FrameBehind(3), kHuge + 3);
    EXPECT_EQ(RefcountOf(kHuge), 1) << "the migration's";
  });
  ExpectFolioAt(kHugeMovedTo, true, false);
  EXPECT_TRUE(FrameIsFree(kHuge));
}

TEST(MigratePmd, ForkMeanwhileSharesThePage) {
  SetUpFork(LayoutOf("WWWWWWWW"));
  WhileAPmdMigrates([] {
    Fork();
    EXPECT_EQ(FrameBehind(kChild + 3), kHuge + 3);
  });
  for (int i = 0; i < kPagesPerRegion; ++i) {
    for (const int page : {i, kChild + i}) {
      EXPECT_EQ(Translate(page),
                (Translation{static_cast<uint16_t>(kHugeMovedTo + i), false, true}));
    }
    EXPECT_FALSE(IsAnonExclusive(kHugeMovedTo + i));
  }
  EXPECT_EQ(RefcountOf(kHugeMovedTo), 2);
  EXPECT_EQ(MapcountOf(kHugeMovedTo), 2);
  EXPECT_NE(arena.pmd_huge_pte[1][0], 0u) << "the child's deposited table";
}

TEST(MigratePmd, AChangeOfProtectionMeanwhileTakesTheRightToWrite) {
  for (const auto& change :
       {+[](mm_struct* mm) { mprotect_range(mm, AddressOfPage(0), AddressOfPage(8), 0); },
        +[](mm_struct* mm) { task_numa_work(mm, AddressOfPage(0), AddressOfPage(8), 0); }}) {
    SetUpPaths(LayoutOf("WWWWWWWW"));
    WhileAPmdMigrates([change] { change(MachineMm()); });
    ExpectFolioAt(kHugeMovedTo, false, true);
  }
}

TEST(MigratePmd, MremapMeanwhileMovesTheEntry) {
  SetUpPaths(LayoutOf("WWWWWWWW"));
  // Under the rmap's lock: before the walk that takes the entries away.
  WhileAPmdMigrates([] { mremap_region(MachineMm(), AddressOfPage(0), AddressOfPage(8), 0); });
  ExpectFolioAt(kHugeMovedTo, true, true, kPagesPerRegion);
  EXPECT_EQ(FirstPmd(), 0u);
}

TEST(MigratePmd, OthersLeaveTheEntryAlone) {
  SetUpPaths(LayoutOf("WWWWWWWW"));
  WhileAPmdMigrates([] {
    const uint64_t entry = FirstPmd();
    EXPECT_TRUE(is_pmd_migration_entry(__pmd(entry)));
    mm_struct* mm = MachineMm();
    EXPECT_EQ(collapse_huge_page(find_vma(mm, AddressOfPage(0)), AddressOfPage(0)), SCAN_PMD_NULL);
    clear_refs_write(mm, AddressOfPage(0), AddressOfPage(8), 0);
    madvise_free(mm, AddressOfPage(0), AddressOfPage(8), 0);
    ksm_scan(mm, AddressOfPage(0), AddressOfPage(8), 0);
    Reclaim(0, 8);
    split_huge_pages(mm, AddressOfPage(0), AddressOfPage(1), 0);
    kvm_host_walk(mm, AddressOfPage(0), AddressOfPage(1), 0);
    find_linux_pte_walk(mm, AddressOfPage(0), AddressOfPage(1), 0);
    EXPECT_EQ(FirstPmd(), entry);
  });
  ExpectFolioAt(kHugeMovedTo, true, true);
}

// The twin of the back-off: the reference comes when the pmd is clear already, by an earlier load.
TEST(MigratePmd, AWalkerThatStandsBeforeItsReferenceBacksOff) {
  SetUpPaths(LayoutOf("WWWWWWWW"));
  HandOvers strategy({{0, "try_get_folio", EventKind::kRmw, "folio32.refcount", 1},
                      {1, "folio_migrate_mapping", EventKind::kLoad, "folio32.refcount", 0}});
  RunOnMachine(strategy, 2, [](CpuId cpu) {
    if (cpu == 1) {
      MigrateFolioOf(0);
    } else {
      EXPECT_EQ(Gup(0, 1, FOLL_PIN | FOLL_WRITE).Pfns(), std::vector<int>{kHugeMovedTo});
    }
  });
  EXPECT_TRUE(strategy.done());
  EXPECT_EQ(Translate(0).pfn, kHugeMovedTo);
  EXPECT_EQ(PincountOf(kHugeMovedTo), 1);
  EXPECT_TRUE(FrameIsFree(kHuge));
}

}  // namespace
}  // namespace walkrace
