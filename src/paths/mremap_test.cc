// mremap of a region: what moves, how, and what it leaves behind.
#include <gtest/gtest.h>

#include "machine/tlb_state.h"
#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

void Mremap(int region) {
  const int first = region * kPagesPerRegion;
  mremap_region(MachineMm(), AddressOfPage(first), AddressOfPage(first + kPagesPerRegion), 0);
}

int TableAt(int pmd) { return DecodeEntry(ObjectKind::kPmd, EntryOf(kPmdTable, pmd)).frame; }

TEST(Mremap, MovesTheWholeTable) {
  SetUpPaths(LayoutOf("wr------"));
  FillTlb(0, 0, Translate(0));
  RunOnMachine([] { Mremap(0); });
  EXPECT_EQ(EntryOf(kPmdTable, 0), 0u);
  EXPECT_EQ(TableAt(1), kT0);
  EXPECT_EQ(Translate(8).pfn, 1);
  EXPECT_TRUE(Translate(8).writable);
  EXPECT_EQ(Translate(9).pfn, 2);
  EXPECT_FALSE(Translate(9).writable);
  EXPECT_EQ(RefcountOf(1), 1);
  EXPECT_EQ(MapcountOf(1), 1);
  EXPECT_EQ(TlbEntry(0, 0), nullptr);
  EXPECT_EQ(arena.mm[0].mmap_lock.word, 0u);
  EXPECT_EQ(arena.root_anon_vma.rwsem.word, 0u);
}

TEST(Mremap, MovesEntriesWhereTablesAreNotMoved) {
  SetUpPaths(LayoutOf("w-r-----"), "powerpc-hash");
  RunOnMachine([] { Mremap(0); });
  EXPECT_EQ(TableAt(0), kT0) << "the old table stays, empty";
  EXPECT_EQ(TableAt(1), kT0 + 1);
  EXPECT_EQ(Translate(0).pfn, 0);
  EXPECT_EQ(Translate(8).pfn, 1);
  EXPECT_EQ(Translate(9).pfn, 0);
  EXPECT_EQ(Translate(10).pfn, 2);
}

TEST(Mremap, MovesAHugePageWithItsTable) {
  SetUpPaths(LayoutOf("W"));
  RunOnMachine([] { Mremap(0); });
  EXPECT_EQ(Translate(0).pfn, 0);
  EXPECT_EQ(Translate(8).pfn, kFirstHugeFrame);
  EXPECT_TRUE(Translate(8).huge);
  EXPECT_EQ(arena.pmd_huge_pte[0][0], 0u);
  EXPECT_EQ(arena.pmd_huge_pte[0][1], kTablePfnBase + kT0);
  EXPECT_EQ(RefcountOf(kFirstHugeFrame), 1);
}

TEST(Mremap, UnmapsTheDestinationAndFreesItsTable) {
  SetUpPaths(LayoutOf("w-------", "ww------"));
  const RecordedRun run = RunOnMachine([] { Mremap(0); });
  EXPECT_TRUE(FrameIsFree(2));
  EXPECT_TRUE(FrameIsFree(3));
  EXPECT_EQ(Translate(8).pfn, 1);
  EXPECT_EQ(Translate(9).pfn, 0);
  EXPECT_TRUE(Has(run, EventKind::kRcuCall)) << "arm64 frees tables by RCU";
}

TEST(Mremap, FreesTheTableOfTheDestinationAfterTheFlushWhereThereIsNoRcu) {
  SetUpPaths(LayoutOf("w-------", "w-------"), "x86-64");
  const RecordedRun run = RunOnMachine([] { Mremap(0); });
  int flushes = 0;
  int flushes_before_free = 0;
  for (const Event& event : run.events) {
    flushes += event.kind == EventKind::kTlb;
    if (event.kind == EventKind::kNote && event.detail == WR_NOTE_TABLE_FREE) {
      flushes_before_free = flushes;
    }
  }
  EXPECT_EQ(flushes_before_free, 1) << "of pages and table in one";
}

TEST(Mremap, OfNothingUnmapsTheDestinationAllTheSame) {
  SetUpPaths(LayoutOf("--------", "w-------"));
  RunOnMachine([] { Mremap(0); });
  EXPECT_TRUE(FrameIsFree(1));
  EXPECT_EQ(EntryOf(kPmdTable, 1), 0u);
}

TEST(Mremap, ThereAndBack) {
  SetUpPaths(LayoutOf("w-w-----"));
  RunOnMachine([] {
    Mremap(0);
    Mremap(1);
  });
  EXPECT_EQ(TableAt(0), kT0);
  EXPECT_EQ(EntryOf(kPmdTable, 1), 0u);
  EXPECT_EQ(Translate(0).pfn, 1);
  EXPECT_EQ(Translate(2).pfn, 2);
}

TEST(Mremap, TakesTheFileAlong) {
  Layout layout = LayoutOf("w-------", "w-------");
  layout.backing[0] = Backing::kFile;
  SetUpPaths(layout);
  RunOnMachine([] {
    Mremap(0);
    (void)user_write(MachineMm(), AddressOfPage(9), 7);
  });
  EXPECT_EQ(FilePageOf(8), 0);
  EXPECT_EQ(FilePageOf(9), 1);
  EXPECT_EQ(Translate(9).pfn, FrameOfFilePage(1)) << "filled from the page cache";
  EXPECT_EQ(MachineVma(1)->vm_file, &arena.file);
}

}  // namespace
}  // namespace walkrace
