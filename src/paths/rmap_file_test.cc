// Reclaim of a file's page, and retraction of a file's page table: alone, and each back-off.
#include <gtest/gtest.h>

#include "machine/tlb_state.h"
#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

void ReclaimFilePage(int page) {
  reclaim_file_page(MachineMm(), AddressOfPage(page), AddressOfPage(page + 1), 0);
}

void Retract() { retract_region(MachineMm(), AddressOfPage(0), AddressOfPage(8), 0); }

TEST(ReclaimFile, UnmapsWritesOutAndFrees) {
  SetUpPaths(FileLayout("w-------"));
  FillTlb(0, 0, Translate(0));
  const uint64_t content = ContentAt(0);
  RunOnMachine([] { ReclaimFilePage(0); });
  EXPECT_EQ(Translate(0).pfn, 0);
  EXPECT_EQ(TlbEntry(0, 0), nullptr);
  EXPECT_TRUE(FrameIsFree(1));
  EXPECT_EQ(FrameOfFilePage(0), 0);
  EXPECT_EQ(ContentAt(0), content) << "on disk";
}

TEST(ReclaimFile, AFaultReadsItBack) {
  SetUpPaths(FileLayout("w-------"));
  const uint64_t content = ContentAt(0);
  uint64_t value = 0;
  RunOnMachine([&value] {
    ReclaimFilePage(0);
    (void)user_read(MachineMm(), AddressOfPage(0), &value);
  });
  EXPECT_EQ(value, content);
  EXPECT_NE(FrameOfFilePage(0), 0);
}

TEST(ReclaimFile, LeavesAReferencedPageInTheCache) {
  SetUpPaths(FileLayout("w-------"));
  RunOnMachine([] {
    (void)Gup(0, 1, FOLL_GET);
    ReclaimFilePage(0);
  });
  EXPECT_EQ(Translate(0).pfn, 0) << "unmapped all the same";
  EXPECT_EQ(FrameOfFilePage(0), 1);
  EXPECT_EQ(RefcountOf(1), 2) << "the page cache's and GUP's";
  EXPECT_EQ(arena.mem_map[1].flags & 1ul << PG_locked, 0u);
}

TEST(ReclaimFile, OfWhatIsNotCachedDoesNothing) {
  SetUpPaths(FileLayout("w-------"));
  RunOnMachine([] { ReclaimFilePage(3); });
  EXPECT_EQ(Translate(0).pfn, 1);
}

TEST(ReclaimFile, UnmapsInEachMm) {
  SetCuts({});
  CpuMms mms;
  mms.of_cpu[1] = 1;
  mms.mm_count = 2;
  SetUpMachine(FileLayout("w-------"), *FindProfile("arm64"), mms);
  ASSERT_EQ(Translate(kPagesMax).pfn, 1);
  RunOnMachine([] { ReclaimFilePage(0); });
  EXPECT_EQ(Translate(0).pfn, 0);
  EXPECT_EQ(Translate(kPagesMax).pfn, 0);
  EXPECT_TRUE(FrameIsFree(1));
}

TEST(Retract, TakesTheTableAndItsMappings) {
  SetUpPaths(FileLayout("ww------"));
  const RecordedRun run = RunOnMachine(Retract);
  EXPECT_EQ(EntryOf(kPmdTable, 0), 0u);
  EXPECT_EQ(MapcountOf(1), 0);
  EXPECT_EQ(RefcountOf(1), 1) << "the page cache's";
  EXPECT_TRUE(Has(run, EventKind::kIpiSend, "tlb_remove_table_sync_one"));
  EXPECT_EQ(arena.file.i_mmap_rwsem.word, 0u);
  EXPECT_EQ(arena.mm[0].mmap_lock.word, 0u);
}

TEST(Retract, LeavesAnMmAloneWhoseLockIsTaken) {
  SetUpPaths(FileLayout("w-------"));
  RunOnMachine([] {
    mmap_read_lock(MachineMm());
    Retract();
    mmap_read_unlock(MachineMm());
  });
  EXPECT_EQ(Translate(0).pfn, 1);
}

TEST(Retract, LeavesATableAloneThatHoldsMoreThanPages) {
  SetUpPaths(FileLayout("w-------"));
  EntryOf(kFirstPteTable, 3) = pte_val(make_migration_pte(1, true, false));
  RunOnMachine(Retract);
  EXPECT_EQ(Translate(0).pfn, 1);
}

TEST(Retract, LeavesAnonymousMemoryAlone) {
  SetUpPaths(LayoutOf("w-------"));
  RunOnMachine(Retract);
  EXPECT_EQ(Translate(0).pfn, 1);
}

}  // namespace
}  // namespace walkrace
