// Changes of protection: mprotect, NUMA hints, and clear_refs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

void Mprotect(int first, int end, bool write) {
  mprotect_range(MachineMm(), AddressOfPage(first), AddressOfPage(end), write ? FOLL_WRITE : 0);
}
void Numa(int first, int end) {
  task_numa_work(MachineMm(), AddressOfPage(first), AddressOfPage(end), 0);
}
void SoftDirty() { clear_refs_write(MachineMm(), AddressOfPage(0), AddressOfPage(kPagesMax), 0); }
bool IsHinted(int page) { return Translate(page).pfn != 0 && TranslateByHardware(page).pfn == 0; }

TEST(Mprotect, TakesTheRightToWriteAndGivesItBack) {
  SetUpPaths(LayoutOf("wwr-----"));
  RunOnMachine([] { Mprotect(0, 1, false); });
  EXPECT_EQ(Translate(0), (Translation{1, false, false}));
  EXPECT_TRUE(Translate(1).writable) << "outside of the range";
  SetUpPaths(LayoutOf("wwr-----"));
  RunOnMachine([] { Mprotect(0, 4, true); });
  EXPECT_EQ(Translate(2), (Translation{3, true, false}));
}

TEST(Mprotect, GivesNoRightToWriteToASharedPage) {
  SetUpPaths(LayoutOf("r-------"));
  RunOnMachine([] {
    ClearPageAnonExclusive(pfn_to_page(1));
    Mprotect(0, 1, true);
  });
  EXPECT_FALSE(Translate(0).writable);
}

TEST(Mprotect, ChangesAHugePageWholeOrNotAtAll) {
  SetUpPaths(LayoutOf("W"));
  RunOnMachine([] {
    Mprotect(0, 4, false);
    EXPECT_TRUE(Translate(0).writable);
    Mprotect(0, 8, false);
  });
  EXPECT_EQ(Translate(0), (Translation{kHuge, false, true}));
}

TEST(Numa, HidesThePageFromTheHardwareAndTheFaultBringsItBack) {
  for (const char* pages : {"w-------", "W"}) {
    SetUpPaths(LayoutOf(pages));
    RunOnMachine([] {
      Numa(0, 8);
      EXPECT_TRUE(IsHinted(0));
      EXPECT_TRUE(user_write(MachineMm(), AddressOfPage(0), 7));
      EXPECT_FALSE(IsHinted(0));
      EXPECT_TRUE(Translate(0).writable) << "as it was";
    });
  }
}

TEST(Numa, GupFastLeavesAHintToTheSlowPath) {
  for (const char* pages : {"w-------", "W"}) {
    SetUpPaths(LayoutOf(pages));
    const RecordedRun run = RunOnMachine([] {
      Numa(0, 8);
      EXPECT_EQ(Gup(0, 1, FOLL_PIN | FOLL_WRITE).nr, 1);
    });
    EXPECT_TRUE(TookMmapLock(run));
    EXPECT_FALSE(IsHinted(0));
  }
}

TEST(Numa, LeavesPagesAloneThatOthersHold) {
  SetUpPaths(LayoutOf("ww------"));
  RunOnMachine([] {
    EXPECT_EQ(Gup(0, 1, FOLL_GET).nr, 1);
    Numa(0, 8);
  });
  EXPECT_FALSE(IsHinted(0));
  EXPECT_TRUE(IsHinted(1));
}

TEST(Mprotect, TakesAHintBack) {
  SetUpPaths(LayoutOf("w-------"));
  RunOnMachine([] {
    Numa(0, 8);
    Mprotect(0, 1, false);
  });
  EXPECT_FALSE(IsHinted(0));
  EXPECT_EQ(Translate(0), (Translation{1, false, false}));
}

TEST(SoftDirty, WriteProtectsAllButWhatMayBePinned) {
  SetUpPaths(LayoutOf("www-----", "W"));
  RunOnMachine([] {
    EXPECT_EQ(Gup(0, 1, FOLL_PIN | FOLL_WRITE).nr, 1);
    EXPECT_EQ(Gup(1, 1, FOLL_GET | FOLL_WRITE).nr, 1);
    SoftDirty();
  });
  EXPECT_TRUE(Translate(0).writable);
  EXPECT_EQ(Translate(1), (Translation{2, false, false}));
  EXPECT_EQ(Translate(2), (Translation{3, false, false}));
  EXPECT_EQ(Translate(8), (Translation{kHuge, false, true}));
}

TEST(SoftDirty, TheNextWriteReuses) {
  SetUpPaths(LayoutOf("w-------", "W"));
  RunOnMachine([] {
    EXPECT_EQ(Gup(8, 1, FOLL_PIN | FOLL_WRITE).nr, 1);
    SoftDirty();
    EXPECT_TRUE(user_write(MachineMm(), AddressOfPage(0), 7));
    EXPECT_TRUE(user_write(MachineMm(), AddressOfPage(8), 8));
  });
  EXPECT_EQ(Translate(0), (Translation{1, true, false}));
  EXPECT_EQ(Translate(8), (Translation{kHuge, true, true})) << "pinned, and not copied";
}

}  // namespace
}  // namespace walkrace
