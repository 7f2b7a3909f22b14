// Collapse of file memory: what cache and page tables look like afterwards, and that each back-off
// puts back what was there.
#include <gtest/gtest.h>

#include "kernel/swap.h"
#include "machine/tlb_state.h"
#include "paths/paths_test_bed.h"
#include "paths/retract.h"

namespace walkrace {
namespace {

constexpr collapse_control kMadvise = {false};
constexpr collapse_control kKhugepaged = {true};

class CollapseFile : public ::testing::TestWithParam<const char*> {
 protected:
  // Nothing has run: as BeginOperations() does.
  void Begin(const char* pages, bool two_mms = false) {
    SetCuts({});
    CpuMms mms;
    mms.of_cpu[1] = two_mms ? 1 : 0;
    mms.mm_count = two_mms ? 2 : 1;
    SetUpMachine(FileLayout(pages), *FindProfile(GetParam()), mms);
    wr_begin_file_collapse();
  }

  static scan_result Collapse(const collapse_control& cc = kMadvise) {
    return hpage_collapse_scan_file(MachineMm(), AddressOfPage(0), &cc);
  }

  // The page cache has the huge page, whole, with a reference a page and `mappings` more.
  static void ExpectCached(int mappings) {
    for (int i = 0; i < 8; ++i) EXPECT_EQ(FrameOfFilePage(i), kHuge + i) << i;
    EXPECT_EQ(arena.file.i_pages[5], kHuge) << "each slot has the head";
    EXPECT_EQ(RefcountOf(kHuge), 8 + mappings);
    EXPECT_EQ(arena.mem_map[kHuge].flags & 1ul << PG_locked, 0u);
    EXPECT_EQ(arena.file.i_pages_lock.word, 0u);
    EXPECT_EQ(arena.file.i_mmap_rwsem.word, 0u);
    EXPECT_EQ(arena.mm[0].mmap_lock.word, 0u);
  }

  // The two pages of "ww------" are as they were, mapped or not.
  static void ExpectRestored(int64_t references = 0) {
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(FrameOfFilePage(i), 1 + i);
      EXPECT_EQ(arena.mem_map[1 + i].mapping, WR_FILE_MAPPING);
      EXPECT_EQ(ContentAt(i), kFirstContent + i);
    }
    for (int i = 2; i < 8; ++i) EXPECT_EQ(FrameOfFilePage(i), 0) << i;
    EXPECT_EQ(RefcountOf(1) - MapcountOf(1), 1 + references);
    EXPECT_EQ(RefcountOf(2) - MapcountOf(2), 1);
    EXPECT_TRUE(FrameIsFree(kHuge));
    EXPECT_EQ(arena.file.i_pages_lock.word, 0u);
  }
};
INSTANTIATE_TEST_SUITE_P(Profiles, CollapseFile,
                         ::testing::Values("x86-64", "arm64", "powerpc-hash", "powerpc-radix"),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name) {
                             if (c == '-') c = '_';
                           }
                           return name;
                         });

bool DepositsForFiles(const char* profile) { return FindProfile(profile)->deposits_for_files; }

TEST_P(CollapseFile, MapsTheHugePageWhereItWasAskedFor) {
  Begin("ww------");
  RunOnMachine([] { EXPECT_EQ(Collapse(), SCAN_SUCCEED); });
  ExpectCached(1);
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(Translate(i), (Translation{static_cast<uint16_t>(kHuge + i), true, true}));
    EXPECT_EQ(ContentAt(i), i < 2 ? kFirstContent + i : 0u) << i;
  }
  EXPECT_TRUE(FrameIsFree(1));
  EXPECT_TRUE(FrameIsFree(2));
  EXPECT_EQ(arena.pmd_huge_pte[0][0] != 0, DepositsForFiles(GetParam()));
}

TEST_P(CollapseFile, KhugepagedMakesWayInEachMmForTheNextFault) {
  Begin("ww------", true);
  RunOnMachine([] {
    EXPECT_EQ(Collapse(kKhugepaged), SCAN_SUCCEED);
    EXPECT_EQ(Translate(0).pfn, 0);
    EXPECT_EQ(Translate(kChild).pfn, 0);
    EXPECT_EQ(Read(1), kFirstContent + 1);
  });
  ExpectCached(1);
  EXPECT_TRUE(Translate(7).huge);
  EXPECT_EQ(Translate(kChild).pfn, 0);
}

TEST_P(CollapseFile, MadviseLeavesOtherMmsTheirTables) {
  Begin("ww------", true);
  RunOnMachine([] {
    EXPECT_EQ(Collapse(), SCAN_SUCCEED);
    EXPECT_EQ(handle_mm_fault(MachineMm(1), AddressOfPage(kChild + 1), true), VM_FAULT_DONE);
  });
  ExpectCached(2);
  EXPECT_EQ(Translate(kChild + 1), (Translation{kHuge + 1, true, false})) << "by its pte";
  EXPECT_EQ(MapcountOf(kHuge + 1), 1);
}

TEST_P(CollapseFile, OfPagesThatAreMappedByPtesNeedsTheirTableAlone) {
  Begin("ww------", true);
  RunOnMachine([] {
    EXPECT_EQ(Collapse(), SCAN_SUCCEED);
    (void)handle_mm_fault(MachineMm(1), AddressOfPage(kChild + 1), true);
    madvise_collapse_file(MachineMm(1), AddressOfPage(kChild), AddressOfPage(kChild + 8), 0);
  });
  ExpectCached(2);
  EXPECT_TRUE(Translate(kChild).huge);
  EXPECT_EQ(MapcountOf(kHuge + 1), 0);
  EXPECT_EQ(MapcountOf(kHuge), 2);
}

TEST_P(CollapseFile, ATableWithAForeignEntryStays) {
  Begin("w-------", true);
  RunOnMachine([] { EXPECT_EQ(Collapse(), SCAN_SUCCEED); });
  EntryOf(kT0 + 1, 3) = pte_val(make_migration_pte(kHuge + 3, true, false));
  RunOnMachine([] {
    mmap_write_lock(MachineMm(1));
    EXPECT_EQ(collapse_pte_mapped_thp(MachineMm(1), AddressOfPage(kChild), true),
              SCAN_PTE_NON_PRESENT);
    mmap_write_unlock(MachineMm(1));
  });
  EXPECT_FALSE(Translate(kChild).huge);
}

TEST_P(CollapseFile, ReadsInWhatWasWrittenOut) {
  Begin("ww------");
  RunOnMachine([] {
    reclaim_file_page(MachineMm(), AddressOfPage(1), AddressOfPage(2), 0);
    EXPECT_EQ(Collapse(), SCAN_SUCCEED);
  });
  ExpectCached(1);
  EXPECT_EQ(ContentAt(1), kFirstContent + 1);
}

TEST_P(CollapseFile, ReclaimTakesTheHugePageWhole) {
  Begin("ww------");
  RunOnMachine([] {
    EXPECT_EQ(Collapse(), SCAN_SUCCEED);
    reclaim_file_page(MachineMm(), AddressOfPage(3), AddressOfPage(4), 0);
  });
  EXPECT_TRUE(FrameIsFree(kHuge));
  EXPECT_EQ(Translate(0).pfn, 0);
  EXPECT_EQ(arena.pmd_huge_pte[0][0], 0u);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(FrameOfFilePage(i), 0);
  EXPECT_EQ(ContentAt(1), kFirstContent + 1) << "on disk";
}

TEST_P(CollapseFile, AnUnmapOfAPartZapsTheHugeEntry) {
  Begin("ww------");
  RunOnMachine([] {
    EXPECT_EQ(Collapse(), SCAN_SUCCEED);
    madvise_dontneed(MachineMm(), AddressOfPage(2), AddressOfPage(3), 0);
    EXPECT_EQ(Translate(0).pfn, 0);
    EXPECT_EQ(Read(0), kFirstContent);
  });
  ExpectCached(1);
  EXPECT_TRUE(Translate(0).huge) << "faulted in again";
}

TEST_P(CollapseFile, AWriteAfterWriteProtectionGetsTheHugeEntryAgain) {
  Begin("ww------");
  RunOnMachine([] {
    EXPECT_EQ(Collapse(), SCAN_SUCCEED);
    mprotect_range(MachineMm(), AddressOfPage(0), AddressOfPage(8), 0);
    EXPECT_FALSE(Translate(0).writable);
    EXPECT_TRUE(user_write(MachineMm(), AddressOfPage(1), 7));
  });
  ExpectCached(1);
  EXPECT_EQ(Translate(1), (Translation{kHuge + 1, true, true}));
  EXPECT_EQ(ContentAt(1), 7u);
}

TEST_P(CollapseFile, MunmapLetsGoOfIt) {
  Begin("ww------");
  RunOnMachine([] {
    EXPECT_EQ(Collapse(), SCAN_SUCCEED);
    munmap_region(MachineMm(), AddressOfPage(0), AddressOfPage(8), 0);
  });
  ExpectCached(0);
  EXPECT_EQ(MapcountOf(kHuge), 0);
}

TEST_P(CollapseFile, BothWalksOfGupReturnItsPages) {
  Begin("ww------");
  RunOnMachine([] {
    EXPECT_EQ(Collapse(kKhugepaged), SCAN_SUCCEED);
    const Got slow = Gup(1, 1, FOLL_PIN | FOLL_WRITE);  // faults
    const Got fast = Gup(6, 1, kLongTermWrite);
    EXPECT_EQ(slow.Pfns(), std::vector<int>{kHuge + 1});
    EXPECT_EQ(fast.Pfns(), std::vector<int>{kHuge + 6});
  });
  EXPECT_EQ(PincountOf(kHuge), 2);
}

// --- Back-offs ---------------------------------------------------------------------------------

TEST_P(CollapseFile, BacksOffWhereTheFirstPageIsReferenced) {
  Begin("ww------");
  RunOnMachine([] {
    EXPECT_EQ(Gup(0, 1, FOLL_GET).nr, 1);
    EXPECT_EQ(Collapse(), SCAN_PAGE_COUNT);
  });
  ExpectRestored(1);
}

TEST_P(CollapseFile, BacksOffWhereALaterPageIsPinned) {
  Begin("ww------");
  RunOnMachine([] {
    EXPECT_EQ(Gup(1, 1, FOLL_PIN | FOLL_WRITE).nr, 1);
    EXPECT_EQ(Collapse(), SCAN_PAGE_COUNT);
    EXPECT_EQ(FrameOfFilePage(0), 1) << "the first is put back";
    EXPECT_NE(arena.mem_map[1].flags & 1ul << PG_lru, 0u);
    EXPECT_EQ(arena.mem_map[1].flags & 1ul << PG_locked, 0u);
    EXPECT_EQ(RefcountOf(1), 1);
    EXPECT_EQ(Read(0), kFirstContent);
  });
  EXPECT_TRUE(FrameIsFree(kHuge));
}

TEST_P(CollapseFile, PutsHolesBack) {
  Begin("--w----w");
  RunOnMachine([] {
    EXPECT_EQ(Gup(7, 1, FOLL_GET).nr, 1);
    EXPECT_EQ(Collapse(), SCAN_PAGE_COUNT);
  });
  for (int i = 0; i < 8; ++i) EXPECT_EQ(FrameOfFilePage(i), i == 2 ? 1 : i == 7 ? 2 : 0) << i;
}

TEST_P(CollapseFile, BacksOffWhereAPageIsLocked) {
  Begin("ww------");
  arena.mem_map[2].flags |= 1ul << PG_locked;
  RunOnMachine([] { EXPECT_EQ(Collapse(), SCAN_PAGE_LOCK); });
  ExpectRestored();
}

TEST_P(CollapseFile, BacksOffWhereAPageIsIsolated) {
  Begin("ww------");
  arena.mem_map[2].flags &= ~(1ul << PG_lru);
  RunOnMachine([] { EXPECT_EQ(Collapse(), SCAN_DEL_PAGE_LRU); });
  ExpectRestored();
}

TEST_P(CollapseFile, BacksOffWhereAPageIsTruncated) {
  Begin("ww------");
  arena.mem_map[2].mapping = 0;
  RunOnMachine([] { EXPECT_EQ(Collapse(), SCAN_TRUNCATED); });
  arena.mem_map[2].mapping = WR_FILE_MAPPING;
  ExpectRestored();
}

TEST_P(CollapseFile, OfNothingDoesNothing) {
  Begin("--------");
  RunOnMachine([] { EXPECT_EQ(Collapse(), SCAN_TRUNCATED); });
  for (int i = 0; i < 8; ++i) EXPECT_EQ(FrameOfFilePage(i), 0) << i;
  EXPECT_TRUE(FrameIsFree(kHuge));
}

TEST_P(CollapseFile, BacksOffWhereHugePagesRanOut) {
  Begin("ww------");
  RunOnMachine([] {
    while (folio_alloc(HPAGE_PMD_ORDER) != nullptr) {
    }
    EXPECT_EQ(Collapse(), SCAN_ALLOC_HUGE_PAGE_FAIL);
  });
  EXPECT_EQ(Translate(0).pfn, 1);
}

TEST_P(CollapseFile, LeavesAnonymousMemoryAlone) {
  SetUpPaths(LayoutOf("ww------"), GetParam());
  RunOnMachine([] { EXPECT_EQ(Collapse(), SCAN_VMA_CHECK); });
  EXPECT_EQ(Translate(0).pfn, 1);
}

// Somebody faults meanwhile: the table is taken under mmap_lock afterwards.
TEST_P(CollapseFile, ComesBackForATableWhoseMmIsInUse) {
  Begin("ww------");
  HandOvers schedule({{0, "retract_page_tables", EventKind::kRmw, "mmap_lock", 1},
                      {1, "__handle_mm_fault", EventKind::kLoad, "pmd[0]", 0}});
  RunOnMachine(schedule, 2, [](CpuId cpu) {
    if (cpu == 0) {
      madvise_collapse_file(MachineMm(), AddressOfPage(0), AddressOfPage(8), 0);
    } else {
      fault_in_writable(MachineMm(), AddressOfPage(3), AddressOfPage(4), 0);
    }
  });
  ExpectCached(1);
  EXPECT_TRUE(Translate(3).huge);
}

// --- Holes, and splits ---------------------------------------------------------------------------

void PunchHole(int page) {
  shmem_punch_hole(MachineMm(), AddressOfPage(page), AddressOfPage(page + 1), 0);
}

TEST_P(CollapseFile, AHoleTakesAPageOutOfCacheAndMms) {
  Begin("ww------", true);
  RunOnMachine([] { PunchHole(1); });
  EXPECT_EQ(Translate(1).pfn, 0);
  EXPECT_EQ(Translate(kChild + 1).pfn, 0);
  EXPECT_EQ(FrameOfFilePage(1), 0);
  EXPECT_TRUE(FrameIsFree(2));
  EXPECT_EQ(ContentAt(1), 0u);
  EXPECT_EQ(Translate(0).pfn, 1);
  EXPECT_EQ(arena.file.invalidate_lock.word, 0u);
}

TEST_P(CollapseFile, AHoleForgetsWhatWasWrittenOut) {
  Begin("ww------");
  RunOnMachine([] {
    reclaim_file_page(MachineMm(), AddressOfPage(1), AddressOfPage(2), 0);
    PunchHole(1);
    EXPECT_EQ(Read(1), 0u);
  });
}

TEST_P(CollapseFile, AHoleInAHugePageSplitsIt) {
  Begin("ww------");
  RunOnMachine([] {
    EXPECT_EQ(Collapse(), SCAN_SUCCEED);
    PunchHole(1);
  });
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(Translate(i).pfn, 0) << "the whole of it was unmapped";
    EXPECT_EQ(FrameOfFilePage(i), i == 1 ? 0 : kHuge + i);
    EXPECT_EQ(CountsOf(kHuge + i).head, kHuge + i) << "its own folio";
    EXPECT_EQ(RefcountOf(kHuge + i), i == 1 ? 0 : 1);
    EXPECT_EQ(arena.mem_map[kHuge + i].flags & 1ul << PG_locked, 0u);
  }
  EXPECT_TRUE(FrameIsFree(kHuge + 1));
  EXPECT_EQ(ContentAt(0), kFirstContent);
  EXPECT_EQ(ContentAt(1), 0u);
}

TEST_P(CollapseFile, AHoleInAHugePageThatIsPinnedIsZeroed) {
  Begin("ww------");
  RunOnMachine([] {
    EXPECT_EQ(Collapse(), SCAN_SUCCEED);
    EXPECT_EQ(Gup(5, 1, FOLL_PIN).nr, 1);
    PunchHole(1);
  });
  EXPECT_EQ(FrameOfFilePage(1), kHuge + 1) << "not split";
  EXPECT_EQ(ContentAt(1), 0u);
  EXPECT_EQ(ContentAt(0), kFirstContent);
}

TEST_P(CollapseFile, WhatWasSplitIsCollapsedAgain) {
  Begin("ww------");
  RunOnMachine([] {
    EXPECT_EQ(Collapse(), SCAN_SUCCEED);
    split_huge_pages(MachineMm(), AddressOfPage(0), AddressOfPage(1), 0);
    EXPECT_EQ(CountsOf(kHuge + 1).head, kHuge + 1);
    EXPECT_EQ(Read(1), kFirstContent + 1);
    EXPECT_EQ(Collapse(), SCAN_SUCCEED);
  });
  EXPECT_EQ(FrameOfFilePage(0), kHuge + 8);
  EXPECT_TRUE(Translate(1).huge);
  EXPECT_EQ(ContentAt(1), kFirstContent + 1);
  EXPECT_TRUE(FrameIsFree(kHuge + 7));
}

}  // namespace
}  // namespace walkrace
