// Swap-out, swap-in and MADV_FREE: what is where afterwards, and each back-off.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/swap.h"
#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

void MadvFree(int page) {
  madvise_free(MachineMm(), AddressOfPage(page), AddressOfPage(page + 1), 0);
}

class Reclaims : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Profiles, Reclaims, ::testing::Values("x86-64", "arm64"),
                         [](const auto& info) { return std::string(info.param, 3); });

TEST_P(Reclaims, WriteThePageOutAndFreeIt) {
  SetUpPaths(LayoutOf("ww------"), GetParam());
  RunOnMachine([] { Reclaim(0, 2); });
  for (int page = 0; page < 2; ++page) {
    EXPECT_EQ(Translate(page).pfn, 0);
    EXPECT_TRUE(FrameIsFree(1 + page));
    EXPECT_EQ(RefcountOf(1 + page), 0);
    EXPECT_EQ(arena.swap_map[page], 1u);
    EXPECT_EQ(arena.swap_cache[page], 0u);
    EXPECT_EQ(ContentAt(page), 100u + page);
  }
}

TEST_P(Reclaims, AReadBringsThePageBackAndKeepsTheSlot) {
  SetUpPaths(LayoutOf("ww------"), GetParam());
  RunOnMachine([] {
    Reclaim(0);
    EXPECT_EQ(Read(0), 100u);
  });
  const uint16_t pfn = Translate(0).pfn;
  EXPECT_NE(pfn, 0);
  EXPECT_TRUE(IsAnonExclusive(pfn));
  EXPECT_EQ(RefcountOf(pfn), 2) << "the mapping and the swap cache";
  EXPECT_EQ(arena.swap_map[0], SWAP_HAS_CACHE);
}

TEST_P(Reclaims, AWriteBringsThePageBackAndFreesTheSlot) {
  SetUpPaths(LayoutOf("ww------"), GetParam());
  RunOnMachine([] {
    Reclaim(0);
    EXPECT_TRUE(user_write(MachineMm(), AddressOfPage(0), 7));
  });
  EXPECT_TRUE(Translate(0).writable);
  EXPECT_EQ(RefcountOf(Translate(0).pfn), 1);
  EXPECT_EQ(arena.swap_map[0], 0u);
  EXPECT_EQ(ContentAt(0), 7u);
}

TEST_P(Reclaims, APinnedPageStays) {
  SetUpPaths(LayoutOf("ww------"), GetParam());
  RunOnMachine([] {
    EXPECT_EQ(Gup(0, 1, FOLL_PIN | FOLL_WRITE).nr, 1);
    Reclaim(0);
  });
  EXPECT_EQ(Translate(0), (Translation{1, true, false}));
  EXPECT_TRUE(IsAnonExclusive(1));
  EXPECT_EQ(arena.swap_map[0], 0u);
}

TEST_P(Reclaims, AReferencedPageStaysInTheSwapCache) {
  SetUpPaths(LayoutOf("ww------"), GetParam());
  RunOnMachine([] {
    EXPECT_EQ(Gup(0, 1, FOLL_GET | FOLL_WRITE).nr, 1);
    Reclaim(0);
    EXPECT_EQ(Translate(0).pfn, 0);
    EXPECT_EQ(arena.swap_cache[0], 1u);
    EXPECT_EQ(RefcountOf(1), 2) << "the reference and the swap cache";
    EXPECT_EQ(Read(0), 100u);
  });
  EXPECT_EQ(Translate(0).pfn, 1) << "the same page";
}

TEST_P(Reclaims, AZapFreesWhatIsInSwap) {
  SetUpPaths(LayoutOf("ww------"), GetParam());
  RunOnMachine([] {
    Reclaim(0);
    madvise_dontneed(MachineMm(), AddressOfPage(0), AddressOfPage(1), 0);
    EXPECT_EQ(Read(0), 0u);
  });
  EXPECT_EQ(arena.swap_map[0], 0u);
}

TEST_P(Reclaims, WhatIsFreedLazilyIsDiscarded) {
  SetUpPaths(LayoutOf("ww------"), GetParam());
  RunOnMachine([] {
    MadvFree(0);
    EXPECT_EQ(Read(0), 100u) << "still there";
    Reclaim(0);
    EXPECT_TRUE(FrameIsFree(1));
    EXPECT_EQ(arena.swap_map[0], 0u);
    EXPECT_EQ(Read(0), 0u);
  });
}

TEST_P(Reclaims, WhatIsWrittenSinceIsKept) {
  SetUpPaths(LayoutOf("ww------"), GetParam());
  RunOnMachine([] {
    MadvFree(0);
    EXPECT_TRUE(user_write(MachineMm(), AddressOfPage(0), 7));
    Reclaim(0);
    EXPECT_EQ(Translate(0).pfn, 1) << "back in its place, and not lazy any more";
    Reclaim(0);
    EXPECT_EQ(Read(0), 7u) << "from swap";
  });
}

TEST_P(Reclaims, WhatIsReferencedSinceIsKept) {
  SetUpPaths(LayoutOf("ww------"), GetParam());
  RunOnMachine([] {
    MadvFree(0);
    EXPECT_EQ(Gup(0, 1, FOLL_GET | FOLL_WRITE).nr, 1);
    Reclaim(0);
  });
  EXPECT_EQ(Translate(0).pfn, 1);
}

TEST(Reclaim, FlushesTheBatchBeforeEachWriteOut) {
  for (const bool batched : {false, true}) {
    SetUpPaths(LayoutOf("ww------"), batched ? "x86-64" : "arm64");
    FollowSchedule in_order({});
    const RecordedRun run = RunOnMachine(in_order, 2, [](CpuId cpu) {
      if (cpu == 0) Reclaim(0, 2);
    });
    int flushes = 0;
    for (const Event& event : run.events) flushes += event.kind == EventKind::kTlb;
    EXPECT_EQ(flushes, 2);
    EXPECT_EQ(arena.words[WR_WORD_MM0_TLB_FLUSH_BATCHED], batched ? 2u : 0u);
  }
}

void Ksm() { ksm_scan(MachineMm(), AddressOfPage(0), AddressOfPage(2), 0); }

TEST(Ksm, MergesPagesThatHoldTheSame) {
  SetUpPaths(LayoutOf("--------", "w-------"));
  RunOnMachine([] {
    fault_in_writable(MachineMm(), AddressOfPage(0), 0, 0);
    fault_in_writable(MachineMm(), AddressOfPage(1), 0, 0);
    Ksm();
    EXPECT_EQ(Translate(0).pfn, Translate(1).pfn);
    EXPECT_FALSE(Translate(0).writable);
    EXPECT_EQ(MapcountOf(Translate(0).pfn), 2);
    EXPECT_TRUE(user_write(MachineMm(), AddressOfPage(0), 7));
    EXPECT_EQ(Read(1), 0u) << "a copy of its own";
    EXPECT_EQ(Read(0), 7u);
  });
  EXPECT_EQ(RefcountOf(Translate(1).pfn), 1);
}

TEST(Ksm, LeavesPagesThatDifferAndPagesInUse) {
  SetUpPaths(LayoutOf("ww------"));
  RunOnMachine([] { Ksm(); });
  EXPECT_TRUE(Translate(0).writable && Translate(1).writable);
  SetUpPaths(LayoutOf("--------", "w-------"));
  RunOnMachine([] {
    fault_in_writable(MachineMm(), AddressOfPage(0), 0, 0);
    EXPECT_EQ(Gup(1, 1, FOLL_GET | FOLL_WRITE).nr, 1);
    Ksm();
  });
  EXPECT_NE(Translate(0).pfn, Translate(1).pfn);
  EXPECT_TRUE(Translate(1).writable);
}

}  // namespace
}  // namespace walkrace
