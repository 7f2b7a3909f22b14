// munmap: pages and tables go, and tables in the way that the profile has.
#include <gtest/gtest.h>

#include "machine/allocator.h"
#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

void Munmap(int region) {
  munmap_region(MachineMm(), AddressOfPage(8 * region), AddressOfPage(8 * region) + 8 * PAGE_SIZE,
                0);
}

bool IsFreeTable(int table) {
  for (int free : allocator.tables) {
    if (free == table) return true;
  }
  return false;
}

TEST(Munmap, FreesPagesAndTable) {
  SetUpPaths(LayoutOf("wwr-----", "w-------"));
  const RecordedRun run = RunOnMachine([] { Munmap(0); });
  for (int page = 0; page < 3; ++page) {
    EXPECT_EQ(Translate(page).pfn, 0);
    EXPECT_TRUE(FrameIsFree(page + 1));
  }
  EXPECT_EQ(EntryOf(kPmdTable, 0), 0u);
  EXPECT_TRUE(IsFreeTable(kT0));
  EXPECT_EQ(Translate(8).pfn, 4) << "the other region stays";
  EXPECT_TRUE(Has(run, EventKind::kRcuCall));
  EXPECT_EQ(arena.mm[0].mmap_lock.word, 0u);
}

TEST(Munmap, OfAHugePageFreesTheDepositedTable) {
  SetUpPaths(LayoutOf("WWWWWWWW"));
  RunOnMachine([] { Munmap(0); });
  EXPECT_TRUE(FrameIsFree(kFirstHugeFrame));
  EXPECT_TRUE(IsFreeTable(kT0));
}

TEST(Munmap, OfNothingDoesNothing) {
  SetUpPaths(LayoutOf("w-------"));
  const RecordedRun run = RunOnMachine([] { Munmap(1); });
  EXPECT_FALSE(Has(run, EventKind::kStore));
  EXPECT_FALSE(Has(run, EventKind::kTlb));
}

TEST(Munmap, FaultsGoOn) {
  SetUpPaths(LayoutOf("w-------"));
  RunOnMachine([] {
    Munmap(0);
    EXPECT_TRUE(user_write(MachineMm(), AddressOfPage(0), 5));
  });
  EXPECT_EQ(ContentOf(Translate(0).pfn), 5u);
}

// A walker with interrupts off keeps the table, whatever the profile has instead of RCU.
TEST(Munmap, WaitsForAWalkerBeforeItFreesTheTable) {
  Profile fallback = *FindProfile("arm64");
  fallback.table_free = TableFree::kRcuIpiFallback;
  for (const Profile& profile : {*FindProfile("arm64"), *FindProfile("x86-64"), fallback}) {
    SetCuts({});
    SetUpMachine(LayoutOf("w-------"), profile);
    FollowSchedule walker_first({{0, 0, 1}, {2, 1, 0}});
    const RecordedRun run = RunOnMachine(walker_first, 2, [](CpuId cpu) {
      if (cpu == 0) return Munmap(0);
      bool flags;
      local_irq_save(flags);
      EXPECT_FALSE(IsFreeTable(kT0));
      smp_mb();  // CPU 0 goes as far as it can before this
      EXPECT_FALSE(IsFreeTable(kT0));
      local_irq_restore(flags);
    });
    EXPECT_EQ(run.result.outcome, Outcome::kFinished);
    EXPECT_TRUE(IsFreeTable(kT0));
  }
}

}  // namespace
}  // namespace walkrace
