// fork: what is shared, what is copied early, and what it leaves alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/swap.h"
#include "kernel/user_access.h"
#include "machine/arena.h"
#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

TEST(Fork, SharesWhatNobodyPins) {
  SetUpFork(LayoutOf("wr------"));
  RunOnMachine([] { Fork(); });
  for (int page : {0, 1}) {
    const auto pfn = static_cast<uint16_t>(page + 1);
    EXPECT_EQ(Translate(page), (Translation{pfn, false, false}));
    EXPECT_EQ(Translate(kChild + page), (Translation{pfn, false, false}));
    EXPECT_EQ(RefcountOf(pfn), 2);
    EXPECT_EQ(MapcountOf(pfn), 2);
    EXPECT_FALSE(IsAnonExclusive(pfn));
  }
  EXPECT_EQ(Translate(kChild + 2).pfn, 0);
  EXPECT_EQ(MachineMm()->write_protect_seq.sequence, 4u) << "odd once for each region";
}

TEST(Fork, CopiesAtOnceWhatMayBePinned) {
  for (unsigned flags : {FOLL_PIN | FOLL_WRITE, FOLL_PIN + 0u}) {
    SetUpFork(LayoutOf("ww------"));
    RunOnMachine([flags] {
      EXPECT_EQ(Gup(0, 1, flags).nr, 1);
      Fork();
    });
    EXPECT_EQ(Translate(0), (Translation{1, true, false})) << "as it was";
    EXPECT_TRUE(IsAnonExclusive(1));
    EXPECT_EQ(RefcountOf(1), 1 + GUP_PIN_COUNTING_BIAS);
    EXPECT_EQ(Translate(kChild), (Translation{3, true, false}));
    EXPECT_TRUE(IsAnonExclusive(3));
    EXPECT_EQ(ContentOf(3), kFirstContent);
    EXPECT_EQ(RefcountOf(3), 1);
    EXPECT_FALSE(Translate(1).writable) << "the other page is shared";
    EXPECT_EQ(Translate(kChild + 1).pfn, 2);
  }
}

TEST(Fork, LeavesARegionAloneWhereTheChildHasAFile) {
  Layout layout = LayoutOf("w-------", "w-------");
  layout.backing[1] = Backing::kFile;
  SetUpFork(layout);
  RunOnMachine([] {
    struct mm_struct* child = MachineMm(1);
    mremap_region(child, AddressOfPage(kChild + 8), AddressOfPage(kChild + 16), 0);
    Fork();
  });
  EXPECT_EQ(Translate(kChild), Translate(8)) << "the file's page";
  EXPECT_TRUE(Translate(0).writable) << "not shared";
}

TEST(Fork, SharesWhatIsHeldByAnOrdinaryReference) {
  SetUpFork(LayoutOf("w-------"));
  RunOnMachine([] {
    EXPECT_EQ(Gup(0, 1, FOLL_GET | FOLL_WRITE).nr, 1);
    Fork();
  });
  EXPECT_EQ(Translate(kChild), (Translation{1, false, false}));
  EXPECT_EQ(RefcountOf(1), 3);
}

TEST(Fork, SharesAHugePage) {
  SetUpFork(LayoutOf("W"));
  RunOnMachine([] { Fork(); });
  EXPECT_EQ(Translate(3), (Translation{kHuge + 3, false, true}));
  EXPECT_EQ(Translate(kChild + 3), (Translation{kHuge + 3, false, true}));
  EXPECT_EQ(RefcountOf(kHuge), 2);
  EXPECT_EQ(MapcountOf(kHuge), 2);
  EXPECT_FALSE(IsAnonExclusive(kHuge));
}

TEST(Fork, CopiesAPinnedHugePageToBasePages) {
  SetUpFork(LayoutOf("W"));
  RunOnMachine([] {
    EXPECT_EQ(Gup(3, 1, FOLL_PIN | FOLL_WRITE).nr, 1);
    Fork();
  });
  EXPECT_EQ(Translate(3), (Translation{kHuge + 3, true, true}));
  EXPECT_TRUE(IsAnonExclusive(kHuge));
  for (int i = 0; i < kPagesPerRegion; ++i) {
    const Translation copy = Translate(kChild + i);
    EXPECT_TRUE(copy.pfn != 0 && copy.writable && !copy.huge);
    EXPECT_EQ(ContentOf(copy.pfn), kFirstContent + i);
  }
}

TEST(Fork, LeavesFilesAlone) {
  Layout layout = LayoutOf("w-------");
  layout.backing[0] = Backing::kFile;
  SetUpFork(layout);
  RunOnMachine([] { Fork(); });
  EXPECT_EQ(Translate(0), (Translation{1, true, false}));
  EXPECT_EQ(Translate(kChild), (Translation{1, true, false}));
  EXPECT_EQ(RefcountOf(1), 3) << "two mappings and the page cache";
}

TEST(Fork, DoesNothingWhereTheChildHasMemoryAlready) {
  SetUpFork(LayoutOf("w-------"));
  RunOnMachine([] {
    uint64_t value = 0;
    EXPECT_TRUE(user_read(MachineMm(1), AddressOfPage(kChild + 2), &value));
    Fork();
  });
  EXPECT_EQ(Translate(0), (Translation{1, true, false}));
  EXPECT_EQ(Translate(kChild).pfn, 0);
}

TEST(Fork, DoesNothingWithoutAnotherMmOrInTheChild) {
  SetUpPaths(LayoutOf("w-------"));
  RunOnMachine([] { Fork(); });
  EXPECT_TRUE(Translate(0).writable);
  SetUpFork(LayoutOf("w-------"));
  RunOnMachine([] { dup_mm(MachineMm(1), 0, 0, 0); });
  EXPECT_TRUE(Translate(0).writable);
}

TEST(Fork, FlushesTheParent) {
  SetUpFork(LayoutOf("w-------"));
  RunOnMachine([] {
    uint64_t value = 0;
    EXPECT_TRUE(user_write(MachineMm(), AddressOfPage(0), 1));
    Fork();
    EXPECT_FALSE(wr_user_write(MachineMm(), AddressOfPage(0), 2, WR_HERE));
    EXPECT_TRUE(user_read(MachineMm(1), AddressOfPage(kChild), &value));
    EXPECT_EQ(value, 1u);
  });
}

// GUP-fast has the writable entry when fork looks at the count, and pins the page before fork
// write-protects the entry.
Got PinBetweenCountAndProtection() {
  Got got;
  HandOvers hand_overs({{0, "try_get_folio", EventKind::kRmw, "folio1.refcount", 1},
                        {1, "copy_present_pte", EventKind::kRmw, "T0.pte[0]", 0}});
  RunOnMachine(hand_overs, 2, [&got](CpuId cpu) {
    if (cpu == 0) {
      got = Gup(0, 1, FOLL_PIN | FOLL_WRITE);
    } else {
      Fork();
    }
  });
  EXPECT_TRUE(hand_overs.done());
  EXPECT_EQ(Translate(kChild), (Translation{1, false, false}));
  return got;
}

TEST(Fork, PinThatFallsBetweenCountAndProtectionIsPutBack) {
  SetUpFork(LayoutOf("w-------"));
  EXPECT_THAT(PinBetweenCountAndProtection().Pfns(), ::testing::ElementsAre(2))
      << "copied away from what the child has, by the slow path after the fork";
  EXPECT_TRUE(IsAnonExclusive(2));
}

TEST(Fork, WithoutTheSequenceThePinStaysOnASharedPage) {
  SetUpFork(LayoutOf("w-------"));
  SetCuts({"fork-seqcount"});
  EXPECT_THAT(PinBetweenCountAndProtection().Pfns(), ::testing::ElementsAre(1));
  EXPECT_FALSE(IsAnonExclusive(1));
  SetCuts({});
}

TEST(Fork, SharesWhatIsSwappedOut) {
  SetUpFork(LayoutOf("w-------"));
  RunOnMachine([] {
    Reclaim(0);
    Fork();
    uint64_t value = 0;
    EXPECT_TRUE(user_read(MachineMm(), AddressOfPage(0), &value));
    EXPECT_EQ(value, kFirstContent);
  });
  EXPECT_EQ(arena.swap_map[0], 1 | SWAP_HAS_CACHE) << "the child's entry";
  EXPECT_EQ(ContentAt(kChild), kFirstContent);
  const uint16_t pfn = Translate(0).pfn;
  EXPECT_FALSE(IsAnonExclusive(pfn)) << "the child has it as well";
  EXPECT_EQ(RefcountOf(pfn), 2) << "the mapping and the swap cache";
}

TEST(Fork, WhatItSharesIsSwappedOutOfBoth) {
  SetUpFork(LayoutOf("w-------"));
  RunOnMachine([] {
    Fork();
    Reclaim(0);
  });
  EXPECT_EQ(Translate(0).pfn, 0);
  EXPECT_EQ(Translate(kChild).pfn, 0);
  EXPECT_TRUE(FrameIsFree(1));
  EXPECT_EQ(arena.swap_map[0], 2u);
  EXPECT_EQ(ContentAt(kChild), kFirstContent);
}

TEST(Fork, WhatItSharesMovesForBoth) {
  SetUpFork(LayoutOf("w-------"));
  RunOnMachine([] {
    Fork();
    migrate_pages(MachineMm(), AddressOfPage(0), AddressOfPage(1), 0);
  });
  const uint16_t pfn = Translate(0).pfn;
  EXPECT_NE(pfn, 1);
  EXPECT_EQ(Translate(0), (Translation{pfn, false, false}));
  EXPECT_EQ(Translate(kChild), Translate(0));
  EXPECT_FALSE(IsAnonExclusive(pfn));
  EXPECT_EQ(RefcountOf(pfn), 2);
  EXPECT_EQ(MapcountOf(pfn), 2);
  EXPECT_TRUE(FrameIsFree(1));
}

TEST(Fork, LeavesAChildAloneThatHasOtherVmas) {
  SetUpFork(LayoutOf("w-------"));
  RunOnMachine([] {
    mremap_region(MachineMm(), AddressOfPage(0), AddressOfPage(kPagesPerRegion), 0);
    Fork();
  });
  EXPECT_EQ(Translate(kPagesPerRegion), (Translation{1, true, false}));
  EXPECT_EQ(Translate(kChild + kPagesPerRegion).pfn, 0);
}

}  // namespace
}  // namespace walkrace
