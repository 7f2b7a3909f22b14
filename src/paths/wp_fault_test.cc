// Copy-on-write and unsharing, after a fork.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/user_access.h"
#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

bool Write(int page, uint64_t value) {
  return user_write(MachineMm(page / kPagesMax), AddressOfPage(page), value);
}

TEST(WpFault, CopiesASharedPageAndLeavesTheOtherItsOwn) {
  SetUpFork(LayoutOf("w-------"));
  RunOnMachine([] {
    Fork();
    EXPECT_TRUE(Write(0, 7));
  });
  EXPECT_EQ(Translate(0), (Translation{2, true, false}));
  EXPECT_TRUE(IsAnonExclusive(2));
  EXPECT_EQ(ContentOf(2), 7u);
  EXPECT_EQ(Translate(kChild), (Translation{1, false, false}));
  EXPECT_EQ(ContentOf(1), kFirstContent);
  EXPECT_EQ(RefcountOf(1), 1);
  EXPECT_EQ(MapcountOf(1), 1);
  EXPECT_FALSE(IsAnonExclusive(1)) << "until the child writes";
}

TEST(WpFault, TakesThePageForItsOwnWhenTheOtherHasGone) {
  SetUpFork(LayoutOf("w-------"));
  RunOnMachine([] {
    Fork();
    EXPECT_TRUE(Write(0, 7));
    EXPECT_TRUE(Write(kChild, 8));
  });
  EXPECT_EQ(Translate(kChild), (Translation{1, true, false})) << "not copied";
  EXPECT_TRUE(IsAnonExclusive(1));
}

TEST(WpFault, CopiesAwayFromAnOrdinaryReference) {
  SetUpFork(LayoutOf("w-------"));
  RunOnMachine([] {
    EXPECT_EQ(Gup(0, 1, FOLL_GET).nr, 1);
    Fork();
    madvise_dontneed(MachineMm(1), AddressOfPage(kChild), AddressOfPage(kChild + 1), 0);
    EXPECT_TRUE(Write(0, 7));
  });
  EXPECT_EQ(Translate(0), (Translation{2, true, false}));
  EXPECT_EQ(RefcountOf(1), 1) << "the reference's";
}

TEST(WpFault, DoesNotCopyWhileSomebodyHasThePageLockedOrDoes) {
  SetUpFork(LayoutOf("w-------"));
  RunOnMachine([] {
    Fork();
    madvise_dontneed(MachineMm(1), AddressOfPage(kChild), AddressOfPage(kChild + 1), 0);
    EXPECT_TRUE(trylock_page(pfn_to_page(1)));
    EXPECT_TRUE(Write(0, 7)) << "copied: the lock cannot be had under the table lock";
    unlock_page(pfn_to_page(1));
  });
  EXPECT_EQ(Translate(0), (Translation{2, true, false}));
  EXPECT_TRUE(FrameIsFree(1));
}

TEST(WpFault, ReusesAnExclusivePageThatIsPinned) {
  SetUpFork(LayoutOf("r-------"));
  RunOnMachine([] {
    EXPECT_EQ(Gup(0, 1, FOLL_PIN).nr, 1);
    EXPECT_TRUE(Write(0, 7));
  });
  EXPECT_EQ(Translate(0), (Translation{1, true, false}));
}

TEST(WpFault, UnsharesForAReadOnlyPin) {
  SetUpFork(LayoutOf("w-------"));
  Got got;
  RunOnMachine([&got] {
    Fork();
    got = Gup(0, 1, FOLL_PIN);
  });
  EXPECT_THAT(got.Pfns(), ::testing::ElementsAre(2));
  EXPECT_EQ(Translate(0), (Translation{2, false, false})) << "exclusive, and read-only still";
  EXPECT_TRUE(IsAnonExclusive(2));
  EXPECT_EQ(Translate(kChild).pfn, 1);
}

TEST(WpFault, AnOrdinaryReferenceNeedsNoUnsharing) {
  SetUpFork(LayoutOf("w-------"));
  Got got;
  RunOnMachine([&got] {
    Fork();
    got = Gup(0, 1, FOLL_GET);
  });
  EXPECT_THAT(got.Pfns(), ::testing::ElementsAre(1));
}

TEST(WpFault, CopiesASharedHugePageWhole) {
  SetUpFork(LayoutOf("W"));
  RunOnMachine([] {
    Fork();
    EXPECT_TRUE(Write(kChild + 3, 7));
    EXPECT_EQ(Read(3), kFirstContent + 3);
    EXPECT_TRUE(Write(2, 8));
  });
  EXPECT_EQ(Translate(kChild + 3), (Translation{kHuge + 8 + 3, true, true}));
  EXPECT_EQ(ContentOf(kHuge + 8 + 2), kFirstContent + 2);
  EXPECT_EQ(Translate(2), (Translation{kHuge + 2, true, true})) << "the parent's alone again";
  EXPECT_TRUE(IsAnonExclusive(kHuge));
  EXPECT_EQ(RefcountOf(kHuge), 1);
  EXPECT_EQ(MapcountOf(kHuge), 1);
}

TEST(WpFault, UnsharesAHugePageForAReadOnlyPin) {
  SetUpFork(LayoutOf("W"));
  Got got;
  RunOnMachine([&got] {
    Fork();
    got = Gup(3, 1, FOLL_PIN);
  });
  EXPECT_THAT(got.Pfns(), ::testing::ElementsAre(kHuge + 8 + 3));
  EXPECT_EQ(Translate(3), (Translation{kHuge + 8 + 3, false, true}));
  EXPECT_TRUE(IsAnonExclusive(kHuge + 8));
}

// The entry changed while the copy was made: the copy is dropped, and the fault taken again.
TEST(WpFault, DropsTheCopyWhenTheEntryHasChanged) {
  SetUpFork(LayoutOf("w-------"));
  RunOnMachine([] { Fork(); });
  HandOvers hand_overs({{0, "wp_page_copy", EventKind::kLock, "T0.ptl", 1}});
  RunOnMachine(hand_overs, 2, [](CpuId cpu) {
    if (cpu == 0) {
      EXPECT_TRUE(Write(0, 7));
    } else {
      madvise_dontneed(MachineMm(), AddressOfPage(0), AddressOfPage(1), 0);
    }
  });
  EXPECT_TRUE(hand_overs.done());
  EXPECT_EQ(ContentOf(Translate(0).pfn), 7u);
  EXPECT_EQ(RefcountOf(1), 1);
}

}  // namespace
}  // namespace walkrace
