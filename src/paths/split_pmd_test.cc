// Split of a huge pmd: the same pages, with the same rights, by ptes.
#include <gtest/gtest.h>

#include "machine/allocator.h"
#include "machine/tlb_state.h"
#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

void SplitPmd() { split_pmd_region(MachineMm(), AddressOfPage(0), AddressOfPage(8), 0); }

TEST(SplitPmd, MapsTheSamePagesByPtes) {
  for (const char* layout : {"WWWWWWWW", "RRRRRRRR"}) {
    SetUpPaths(LayoutOf(layout));
    const bool writable = layout[0] == 'W';
    FillTlb(1, 2, Translate(2));
    FollowSchedule in_order({});
    RunOnMachine(in_order, 2, [](CpuId cpu) {
      if (cpu == 0) SplitPmd();
    });
    for (int page = 0; page < kPagesPerRegion; ++page) {
      EXPECT_EQ(Translate(page),
                (Translation{static_cast<uint16_t>(kHuge + page), writable, false}));
      EXPECT_EQ(MapcountOf(kHuge + page), 1);
      EXPECT_TRUE(IsAnonExclusive(kHuge + page));
    }
    EXPECT_EQ(RefcountOf(kHuge), 8);
    EXPECT_EQ(arena.pmd_huge_pte[0][0], 0u) << "the deposited table is in use";
    EXPECT_EQ(TlbEntry(1, 2), nullptr) << "flushed";
    EXPECT_EQ(arena.mm[0].page_table_lock.word, 0u);
    EXPECT_EQ(arena.mm[0].mmap_lock.word, 0u);
  }
}

TEST(SplitPmd, LeavesWhatIsNotHugeAlone) {
  for (const char* layout : {"wwwwwwww", "--------"}) {
    SetUpPaths(LayoutOf(layout));
    const RecordedRun run = RunOnMachine(SplitPmd);
    EXPECT_FALSE(Has(run, EventKind::kStore));
    EXPECT_EQ(arena.mm[0].mmap_lock.word, 0u);
  }
}

TEST(SplitPmd, LetsAPinOfTheHugePageLive) {
  SetUpPaths(LayoutOf("WWWWWWWW"));
  RunOnMachine([] {
    const Got got = Gup(3, 1, FOLL_PIN | FOLL_WRITE);
    SplitPmd();
    EXPECT_EQ(RefcountOf(kHuge), 9);
    unpin_user_page(got.pages[0], AddressOfPage(3));
    EXPECT_EQ(RefcountOf(kHuge), 8);
    EXPECT_EQ(PincountOf(kHuge), 0);
  });
}

}  // namespace
}  // namespace walkrace
