// MADV_DONTNEED: what it frees, and what it leaves alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "machine/allocator.h"
#include "machine/tlb_state.h"
#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

using ::testing::ElementsAre;

void Zap(int first, int count) {
  madvise_dontneed(MachineMm(), AddressOfPage(first), AddressOfPage(first + count), 0);
}

TEST(Zap, FreesThePagesOfTheRange) {
  SetUpPaths(LayoutOf("wrwwwwww"));
  const RecordedRun run = RunOnMachine([] { Zap(1, 3); });
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  for (int page = 0; page < 8; ++page) {
    const bool zapped = page >= 1 && page < 4;
    EXPECT_EQ(Translate(page).pfn, zapped ? 0 : page + 1);
    EXPECT_EQ(FrameIsFree(page + 1), zapped);
    EXPECT_EQ(RefcountOf(page + 1), zapped ? 0 : 1);
    EXPECT_EQ(MapcountOf(page + 1), zapped ? 0 : 1);
  }
  EXPECT_EQ(DecodeEntry(ObjectKind::kPmd, EntryOf(kPmdTable, 0)).kind, EntryView::kTable)
      << "the table stays";
  EXPECT_EQ(arena.mm[0].mmap_lock.word, 0u);
}

TEST(Zap, FlushesBeforeItFrees) {
  SetUpPaths(LayoutOf("www-----"));
  FillTlb(0, 1, Translate(1));
  FillTlb(1, 0, Translate(0));
  FollowSchedule in_order({});
  const RecordedRun run = RunOnMachine(in_order, 2, [](CpuId cpu) {
    if (cpu == 0) Zap(0, 2);
  });
  EXPECT_EQ(TlbEntry(0, 1), nullptr);
  EXPECT_EQ(TlbEntry(1, 0), nullptr);
  bool flushed = false;
  for (const Event& event : run.events) {
    flushed |= event.kind == EventKind::kTlb;
    if (event.kind == EventKind::kNote && event.detail == WR_NOTE_FOLIO_FREE) EXPECT_TRUE(flushed);
  }
  EXPECT_TRUE(flushed);
}

TEST(Zap, OfNothingDoesNothing) {
  SetUpPaths(LayoutOf("w-------"));
  const RecordedRun run = RunOnMachine([] {
    Zap(1, 7);
    Zap(8, 8);
  });
  EXPECT_FALSE(Has(run, EventKind::kTlb)) << "no flush where nothing was cleared";
  EXPECT_EQ(Translate(0).pfn, 1);
}

TEST(Zap, CrossesRegions) {
  SetUpPaths(LayoutOf("------ww", "ww------"));
  RunOnMachine([] { Zap(7, 2); });
  EXPECT_NE(Translate(6).pfn, 0);
  EXPECT_EQ(Translate(7).pfn, 0);
  EXPECT_EQ(Translate(8).pfn, 0);
  EXPECT_NE(Translate(9).pfn, 0);
}

TEST(Zap, WorksWhereAnUpperLevelIsMissing) {
  SetUpPaths(LayoutOf("w-------"));
  const RecordedRun run = RunOnMachine([] {
    for (unsigned long& entry : arena.tables[kPudTable].entry) entry = 0;
    Zap(0, 8);
  });
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  EXPECT_FALSE(FrameIsFree(1));
}

TEST(Zap, LeavesAPinnedPageToItsHolder) {
  SetUpPaths(LayoutOf("w-------"));
  RunOnMachine([] {
    const Got got = Gup(0, 1, FOLL_PIN | FOLL_WRITE);
    Zap(0, 1);
    EXPECT_EQ(Translate(0).pfn, 0);
    EXPECT_FALSE(FrameIsFree(1)) << "an orphan";
    EXPECT_EQ(ContentOf(1), 100u);
    EXPECT_EQ(RefcountOf(1), GUP_PIN_COUNTING_BIAS);
    unpin_user_page(got.pages[0], AddressOfPage(0));
    EXPECT_TRUE(FrameIsFree(1));
  });
}

// --- Huge pages --------------------------------------------------------------------------------

TEST(ZapHuge, FreesThePageAndTheDepositedTable) {
  SetUpPaths(LayoutOf("W", "w-------"));
  const RecordedRun run = RunOnMachine([] { Zap(0, 8); });
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  for (int page = 0; page < 8; ++page) {
    EXPECT_EQ(Translate(page).pfn, 0);
    EXPECT_TRUE(FrameIsFree(kHuge + page));
  }
  EXPECT_EQ(RefcountOf(kHuge), 0);
  EXPECT_EQ(MapcountOf(kHuge), 0);
  EXPECT_EQ(EntryOf(kPmdTable, 0), 0u);
  EXPECT_EQ(arena.pmd_huge_pte[0][0], 0u);
  EXPECT_EQ(allocator.tables.back(), kT0) << "the table that was deposited";
  EXPECT_NE(EntryOf(kT0, 0), 0u) << "poisoned";
  EXPECT_NE(Translate(8).pfn, 0);
}

TEST(ZapHuge, FreesTheTableAtOnceAndNotByRcu) {
  for (const char* profile : {"x86-64", "arm64"}) {
    SetUpPaths(LayoutOf("W"), profile);
    const RecordedRun run = RunOnMachine([] { Zap(0, 8); });
    EXPECT_FALSE(Has(run, EventKind::kRcuCall)) << profile;
    int freed = 0;
    for (const Event& event : run.events) {
      freed += event.kind == EventKind::kNote && event.detail == WR_NOTE_TABLE_FREE;
    }
    EXPECT_EQ(freed, 1) << profile;
  }
}

TEST(ZapHuge, SplitsAHugePageOfWhichPartGoes) {
  for (int first : {0, 3, 7}) {
    SetUpPaths(LayoutOf("WWWWWWWW"));
    RunOnMachine([first] { Zap(first, 1); });
    for (int page = 0; page < kPagesPerRegion; ++page) {
      const Translation kept = {static_cast<uint16_t>(kHuge + page), true, false};
      EXPECT_EQ(Translate(page), page == first ? Translation() : kept);
      EXPECT_EQ(MapcountOf(kHuge + page), page == first ? 0 : 1);
    }
    EXPECT_EQ(RefcountOf(kHuge), 7);
    EXPECT_FALSE(FrameIsFree(kHuge + first)) << "goes with the whole folio";
    EXPECT_EQ(arena.pmd_huge_pte[0][0], 0u);
  }
}

TEST(ZapHuge, AFolioGoesWithItsLastPage) {
  SetUpPaths(LayoutOf("WWWWWWWW"));
  RunOnMachine([] {
    Zap(0, 3);
    Zap(3, 5);
  });
  for (int page = 0; page < kPagesPerRegion; ++page) EXPECT_TRUE(FrameIsFree(kHuge + page));
}

TEST(ZapHuge, LeavesAPinnedPageToItsHolder) {
  SetUpPaths(LayoutOf("W"));
  RunOnMachine([] {
    const Got got = Gup(5, 1, FOLL_PIN | FOLL_WRITE);
    Zap(0, 8);
    EXPECT_FALSE(FrameIsFree(kHuge));
    EXPECT_EQ(RefcountOf(kHuge), 1);
    EXPECT_EQ(PincountOf(kHuge), 1);
    unpin_user_page(got.pages[0], AddressOfPage(5));
    EXPECT_TRUE(FrameIsFree(kHuge));
  });
}

TEST(ZapHuge, AfterACollapseFreesWhatCollapseDeposited) {
  SetUpPaths(LayoutOf("ww------"));
  RunOnMachine([] {
    EXPECT_EQ(collapse_huge_page(MachineVma(), AddressOfPage(0)), SCAN_SUCCEED);
    Zap(0, 8);
  });
  EXPECT_EQ(allocator.tables.back(), kT0);
  EXPECT_TRUE(FrameIsFree(kHuge));
}

}  // namespace
}  // namespace walkrace
