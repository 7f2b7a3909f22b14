// Faults, and the loads and stores that take them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/tlb.h"
#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

vm_fault Fault(int page, bool write = true) {
  mm_struct* mm = MachineMm();
  mmap_read_lock(mm);
  const vm_fault result = handle_mm_fault(mm, AddressOfPage(page), write);
  mmap_read_unlock(mm);
  return result;
}

TEST(Fault, MapsAFreshZeroedPage) {
  for (bool write : {false, true}) {
    SetUpPaths(LayoutOf("w-------"));
    RunOnMachine([write] { EXPECT_EQ(Fault(4, write), VM_FAULT_DONE); });
    EXPECT_EQ(Translate(4), (Translation{2, true, false}));
    EXPECT_EQ(ContentOf(2), 0u);
    EXPECT_EQ(RefcountOf(2), 1);
    EXPECT_EQ(MapcountOf(2), 1);
  }
}

TEST(Fault, ReusesTheFrameThatWasFreedLast) {
  SetUpPaths(LayoutOf("www-----"));
  RunOnMachine([] {
    madvise_dontneed(MachineMm(), AddressOfPage(1), AddressOfPage(2), 0);
    EXPECT_EQ(Fault(6), VM_FAULT_DONE);
  });
  EXPECT_EQ(Translate(6).pfn, 2) << "what was page 1";
  EXPECT_EQ(ContentOf(2), 0u) << "and shows nothing of it";
  EXPECT_EQ(Translate(1).pfn, 0);
}

TEST(Fault, MakesATable) {
  for (int levels : {4, 5}) {
    Layout layout = LayoutOf("--------");
    layout.levels = levels;
    SetUpPaths(layout);
    RunOnMachine([] { EXPECT_EQ(Fault(9), VM_FAULT_DONE); });
    EXPECT_EQ(Translate(9), (Translation{1, true, false}));
    EXPECT_EQ(DecodeEntry(ObjectKind::kPmd, EntryOf(kPmdTable, 1)).frame, kT0);
  }
}

TEST(Fault, MakesAReadOnlyPageWritable) {
  SetUpPaths(LayoutOf("r-------"));
  RunOnMachine([] {
    EXPECT_EQ(Fault(0, false), VM_FAULT_DONE);
    EXPECT_FALSE(Translate(0).writable) << "for writing only";
    EXPECT_EQ(Fault(0), VM_FAULT_DONE);
  });
  EXPECT_EQ(Translate(0), (Translation{1, true, false}));
  EXPECT_EQ(RefcountOf(1), 1);
}

TEST(Fault, MakesAReadOnlyHugePageWritable) {
  SetUpPaths(LayoutOf("R"));
  RunOnMachine([] {
    EXPECT_EQ(Fault(3, false), VM_FAULT_DONE);
    EXPECT_FALSE(Translate(3).writable);
    EXPECT_EQ(Fault(3), VM_FAULT_DONE);
  });
  EXPECT_EQ(Translate(3), (Translation{kHuge + 3, true, true}));
  EXPECT_EQ(RefcountOf(kHuge), 1);
}

TEST(Fault, LeavesWhatIsThereAlready) {
  SetUpPaths(LayoutOf("w-------", "W"));
  RunOnMachine([] {
    EXPECT_EQ(Fault(0), VM_FAULT_DONE);
    EXPECT_EQ(Fault(8), VM_FAULT_DONE);
  });
  EXPECT_EQ(Translate(0), (Translation{1, true, false}));
  EXPECT_EQ(Translate(8), (Translation{kHuge, true, true}));
}

TEST(Fault, SaysWhenPagesRanOut) {
  SetUpPaths(LayoutOf("w-------"));
  const RecordedRun run = RunOnMachine([] {
    while (folio_alloc(0) != nullptr) {
    }
    EXPECT_EQ(Fault(1), VM_FAULT_OOM);
    EXPECT_FALSE(user_write(MachineMm(), AddressOfPage(1), 7));
    uint64_t value;
    EXPECT_FALSE(user_read(MachineMm(), AddressOfPage(1), &value));
  });
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  EXPECT_EQ(Translate(1).pfn, 0);
  EXPECT_EQ(arena.mm[0].mmap_lock.word, 0u);
}

TEST(Fault, SaysWhenTablesRanOut) {
  SetUpPaths(LayoutOf("--------"));
  RunOnMachine([] {
    while (pte_alloc_one(MachineMm()) != nullptr) {
    }
    EXPECT_EQ(Fault(1), VM_FAULT_OOM);
  });
  EXPECT_EQ(EntryOf(kPmdTable, 0), 0u);
}

// Two CPUs find the same pmd empty: one table is kept, the other goes back.
TEST(Fault, OfTwoCpusMakesOneTable) {
  SetUpPaths(LayoutOf("--------"));
  HandOvers schedule({{0, "pte_alloc", EventKind::kLock, "pmd_lock", 1}});
  RunOnMachine(schedule, 2, [](CpuId cpu) { EXPECT_EQ(Fault(cpu), VM_FAULT_DONE); });
  EXPECT_TRUE(schedule.done());
  EXPECT_NE(Translate(0).pfn, 0);
  EXPECT_NE(Translate(1).pfn, 0);
  RunOnMachine([] {
    int tables = 0;
    while (pte_alloc_one(MachineMm()) != nullptr) ++tables;
    EXPECT_EQ(tables, kTablesMax - kFirstPteTable - 1);
  });
}

// The same with the page: the one that came second is freed again.
TEST(Fault, OfTwoCpusMakesOnePage) {
  SetUpPaths(LayoutOf("w-------"));
  HandOvers schedule({{0, "do_anonymous_page", EventKind::kLock, "T0.ptl", 1}});
  RunOnMachine(schedule, 2, [](CpuId) { EXPECT_EQ(Fault(5), VM_FAULT_DONE); });
  EXPECT_TRUE(schedule.done());
  const uint16_t pfn = Translate(5).pfn;
  EXPECT_EQ(pfn, 3) << "CPU 1's";
  EXPECT_EQ(RefcountOf(pfn), 1);
  EXPECT_TRUE(FrameIsFree(2)) << "CPU 0's";
}

TEST(FindPmd, FollowsBothDepths) {
  for (int levels : {4, 5}) {
    Layout layout = LayoutOf("w-------");
    layout.levels = levels;
    SetUpPaths(layout);
    RunOnMachine([] {
      EXPECT_EQ(LocationOf(mm_find_pmd(MachineMm(), AddressOfPage(0))),
                LocationOf(&arena.tables[kPmdTable].entry[0]));
      EXPECT_EQ(LocationOf(mm_find_pmd(MachineMm(), AddressOfPage(15))),
                LocationOf(&arena.tables[kPmdTable].entry[1]));
      for (unsigned long& entry : arena.tables[kPgdTable].entry) entry = 0;
      EXPECT_EQ(mm_find_pmd(MachineMm(), AddressOfPage(0)), nullptr);
    });
  }
}

// --- Loads and stores --------------------------------------------------------------------------

TEST(User, ReadsAndWritesWhatIsMapped) {
  SetUpPaths(LayoutOf("wr------"));
  RunOnMachine([] {
    uint64_t value = 0;
    EXPECT_TRUE(user_read(MachineMm(), AddressOfPage(1), &value));
    EXPECT_EQ(value, 101u);
    EXPECT_TRUE(user_write(MachineMm(), AddressOfPage(0), 7));
    EXPECT_TRUE(user_read(MachineMm(), AddressOfPage(0), &value));
    EXPECT_EQ(value, 7u);
  });
}

TEST(User, FaultsInWhatIsMissing) {
  SetUpPaths(LayoutOf("--------"));
  const RecordedRun run = RunOnMachine([] {
    uint64_t value = 1;
    EXPECT_TRUE(user_read(MachineMm(), AddressOfPage(0), &value));
    EXPECT_EQ(value, 0u);
    EXPECT_TRUE(user_write(MachineMm(), AddressOfPage(8), 7));
    EXPECT_TRUE(user_read(MachineMm(), AddressOfPage(8), &value));
    EXPECT_EQ(value, 7u);
  });
  EXPECT_TRUE(TookMmapLock(run));
}

TEST(User, WritesToAReadOnlyPageByAFault) {
  SetUpPaths(LayoutOf("r-------", "R"));
  RunOnMachine([] {
    uint64_t value = 0;
    EXPECT_TRUE(user_read(MachineMm(), AddressOfPage(0), &value));
    EXPECT_TRUE(user_write(MachineMm(), AddressOfPage(0), 7));
    EXPECT_TRUE(user_write(MachineMm(), AddressOfPage(9), 8));
  });
  EXPECT_EQ(ContentOf(1), 7u);
  EXPECT_EQ(ContentOf(kHuge + 1), 8u);
}

}  // namespace
}  // namespace walkrace
