// The secondary MMU: shadow entries come from the page table and go with a notifier.
#include "paths/secondary_mmu.h"

#include <gtest/gtest.h>

#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

void GuestRead(int page) { guest_read(MachineMm(), AddressOfPage(page), 0, 0); }
void GuestWrite(int page) { guest_write(MachineMm(), AddressOfPage(page), 0, 0); }

unsigned long Spte(int page) { return arena.kvms[0].spte[page]; }

TEST(SecondaryMmu, FillsAnEntryAndKeepsNoReference) {
  SetUpPaths(LayoutOf("w-------"));
  const uint64_t before = ContentOf(1);
  RunOnMachine([] { GuestWrite(0); });
  EXPECT_EQ(wr_pfn_of(Spte(0)), 1u);
  EXPECT_NE(Spte(0) & _PAGE_RW, 0u);
  EXPECT_EQ(RefcountOf(1), 1);
  EXPECT_NE(ContentOf(1), before);
}

TEST(SecondaryMmu, AReadGivesNoRightToWrite) {
  SetUpPaths(LayoutOf("w-------"));
  RunOnMachine([] { GuestRead(0); });
  EXPECT_EQ(Spte(0) & _PAGE_RW, 0u);
}

TEST(SecondaryMmu, AnInvalidationZapsItsRange) {
  SetUpPaths(LayoutOf("ww------"));
  RunOnMachine([] {
    GuestRead(0);
    GuestRead(1);
    madvise_dontneed(MachineMm(), AddressOfPage(0), AddressOfPage(1), 0);
  });
  EXPECT_EQ(Spte(0), 0u);
  EXPECT_NE(Spte(1), 0u);
  EXPECT_EQ(arena.kvms[0].mmu_invalidate_seq, 1u);
  EXPECT_EQ(arena.kvms[0].mmu_invalidate_in_progress, 0u);
}

TEST(SecondaryMmu, FillsNothingWhileAnInvalidationIsUnderWay) {
  SetUpPaths(LayoutOf("ww------"));
  RunOnMachine([] {
    GuestRead(1);
    mmu_notifier_invalidate_range_start(MachineMm(), AddressOfPage(0), AddressOfPage(1));
    GuestRead(0);
    mmu_notifier_invalidate_range_end(MachineMm(), AddressOfPage(0), AddressOfPage(1));
  });
  EXPECT_EQ(Spte(0), 0u);
  EXPECT_EQ(RefcountOf(1), 1);
}

TEST(SecondaryMmu, NotifiersWithoutOneAreNoEvents) {
  SetUpPaths(LayoutOf("w-------"));
  const RecordedRun run = RunOnMachine([] {
    mmu_notifier_invalidate_range_start(MachineMm(), AddressOfPage(0), AddressOfPage(1));
    mmu_notifier_invalidate_range_end(MachineMm(), AddressOfPage(0), AddressOfPage(1));
  });
  EXPECT_FALSE(Has(run, EventKind::kLock));
  EXPECT_FALSE(Has(run, EventKind::kStore));
}

}  // namespace
}  // namespace walkrace
