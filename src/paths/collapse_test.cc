// Collapse: what a region looks like afterwards, and that each back-off leaves it as it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "kernel/tlb.h"
#include "machine/allocator.h"
#include "machine/tlb_state.h"
#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

using ::testing::ElementsAre;

class Collapse : public ::testing::TestWithParam<const char*> {
 protected:
  void Begin(const Layout& layout) { SetUpPaths(layout, GetParam()); }

  static scan_result CollapseRegion(int region = 0) {
    return collapse_huge_page(MachineVma(), AddressOfPage(region * kPagesPerRegion));
  }
};
INSTANTIATE_TEST_SUITE_P(Profiles, Collapse,
                         ::testing::Values("x86-64", "x86-64-paravirt", "arm64", "powerpc-hash"),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name) {
                             if (c == '-') c = '_';
                           }
                           return name;
                         });

void ExpectAllLocksFree() {
  EXPECT_EQ(arena.mm[0].mmap_lock.word, 0u);
  EXPECT_EQ(arena.mm[0].page_table_lock.word, 0u);
  for (const spinlock_t& lock : arena.ptl) EXPECT_EQ(lock.word, 0u);
}

TEST_P(Collapse, MakesOneHugePageOfEight) {
  Begin(LayoutOf("wwwwwwww", "ww------"));
  scan_result result = SCAN_PMD_NULL;
  const RecordedRun run = RunOnMachine([&] { result = CollapseRegion(); });
  EXPECT_EQ(result, SCAN_SUCCEED);
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  for (int page = 0; page < 8; ++page) {
    EXPECT_EQ(Translate(page), (Translation{static_cast<uint16_t>(kHuge + page), true, true}));
    EXPECT_EQ(ContentOf(kHuge + page), 100u + page) << "copied";
    EXPECT_TRUE(FrameIsFree(1 + page)) << "the old page";
    EXPECT_EQ(RefcountOf(1 + page), 0);
    EXPECT_EQ(MapcountOf(1 + page), 0);
  }
  EXPECT_EQ(RefcountOf(kHuge), 1);
  EXPECT_EQ(MapcountOf(kHuge), 1);
  EXPECT_EQ(Translate(8), (Translation{9, true, false})) << "the other region stays";
  ExpectAllLocksFree();
}

TEST_P(Collapse, DepositsTheEmptyTable) {
  Begin(LayoutOf("ww------"));
  RunOnMachine([&] { EXPECT_EQ(CollapseRegion(), SCAN_SUCCEED); });
  EXPECT_EQ(arena.pmd_huge_pte[0][0], kTablePfnBase + kT0);
  for (unsigned long entry : arena.tables[kT0].entry) EXPECT_EQ(entry, 0u);
}

TEST_P(Collapse, HolesBecomeZeroes) {
  Begin(LayoutOf("-w--w---"));
  RunOnMachine([&] { EXPECT_EQ(CollapseRegion(), SCAN_SUCCEED); });
  for (int page = 0; page < 8; ++page) {
    EXPECT_EQ(ContentOf(kHuge + page), page == 1 ? 101u : page == 4 ? 104u : 0u) << page;
  }
  EXPECT_TRUE(FrameIsFree(1));
  EXPECT_TRUE(FrameIsFree(2));
}

TEST_P(Collapse, OneWritablePageIsEnough) {
  Begin(LayoutOf("rrrwrrrr"));
  RunOnMachine([&] { EXPECT_EQ(CollapseRegion(), SCAN_SUCCEED); });
  EXPECT_TRUE(Translate(0).writable);
}

TEST_P(Collapse, WorksOnTheSecondRegionAndWithFiveLevels) {
  Layout layout = LayoutOf("w-------", "ww------");
  layout.levels = 5;
  Begin(layout);
  RunOnMachine([&] { EXPECT_EQ(CollapseRegion(1), SCAN_SUCCEED); });
  EXPECT_EQ(Translate(9), (Translation{kHuge + 1, true, true}));
  EXPECT_EQ(ContentOf(kHuge + 1), 109u);
  EXPECT_EQ(Translate(0), (Translation{1, true, false}));
  EXPECT_EQ(arena.pmd_huge_pte[0][1], kTablePfnBase + kT0 + 1);
}

TEST_P(Collapse, FlushesTheTranslations) {
  Begin(LayoutOf("ww------"));
  FillTlb(0, 0, Translate(0));
  FillTlb(1, 1, Translate(1));
  FollowSchedule in_order({});
  RunOnMachine(in_order, 2, [](CpuId cpu) {
    if (cpu == 0) EXPECT_EQ(CollapseRegion(), SCAN_SUCCEED);
  });
  EXPECT_EQ(TlbEntry(0, 0), nullptr);
  EXPECT_EQ(TlbEntry(1, 1), nullptr);
}

TEST_P(Collapse, CanBeDoneAgainAfterAZap) {
  Begin(LayoutOf("ww------"));
  RunOnMachine([&] {
    EXPECT_EQ(CollapseRegion(), SCAN_SUCCEED);
    madvise_dontneed(MachineMm(), AddressOfPage(0), AddressOfPage(8), 0);
    EXPECT_TRUE(FrameIsFree(kHuge));
    EXPECT_TRUE(user_write(MachineMm(), AddressOfPage(3), 7));
    EXPECT_EQ(CollapseRegion(), SCAN_SUCCEED);
  });
  EXPECT_EQ(Translate(3), (Translation{kHuge + 3, true, true}));
  EXPECT_EQ(ContentOf(kHuge + 3), 7u);
  EXPECT_EQ(ContentOf(kHuge), 0u);
}

// --- Back-offs ---------------------------------------------------------------------------------

class CollapseBacksOff : public Collapse {
 protected:
  // Collapses, and expects that nothing is different afterwards. `prepare` runs on the same CPU.
  template <typename Prepare>
  void Expect(scan_result expected, const Prepare& prepare) {
    const auto before = std::make_unique<Arena>();
    FixedVector<uint8_t, kFramesMax> huge_frames;
    scan_result result = SCAN_SUCCEED;
    const RecordedRun run = RunOnMachine([&] {
      prepare();
      std::memcpy(before.get(), &arena, sizeof(Arena));
      huge_frames = allocator.huge_frames;
      result = CollapseRegion();
    });
    EXPECT_EQ(result, expected);
    EXPECT_EQ(run.result.outcome, Outcome::kFinished);
    // But for the huge page that came and went.
    std::memcpy(&before->mem_map[kHuge], &arena.mem_map[kHuge], sizeof(page));
    std::memcpy(&before->content[kHuge], &arena.content[kHuge], sizeof(uint64_t) * HPAGE_PMD_NR);
    EXPECT_EQ(RefcountOf(kHuge), result == SCAN_PMD_MAPPED ? 1 : 0);
    EXPECT_TRUE(huge_frames == allocator.huge_frames) << "leaked";
    for (LocationId location = 0; location < sizeof(Arena) / 8; ++location) {
      const uint64_t was = reinterpret_cast<const uint64_t*>(before.get())[location];
      const uint64_t is = reinterpret_cast<const uint64_t*>(&arena)[location];
      EXPECT_EQ(was, is) << NameOf(location);
    }
    ExpectAllLocksFree();
  }
};
INSTANTIATE_TEST_SUITE_P(Profiles, CollapseBacksOff,
                         ::testing::Values("x86-64", "x86-64-paravirt", "arm64", "powerpc-hash"),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name) {
                             if (c == '-') c = '_';
                           }
                           return name;
                         });

TEST_P(CollapseBacksOff, WhereAPageIsPinned) {
  for (int pinned : {0, 3, 7}) {
    for (unsigned flags : {unsigned{FOLL_GET}, FOLL_PIN, FOLL_PIN | FOLL_WRITE}) {
      Begin(LayoutOf("wwwwwwww"));
      Expect(SCAN_PAGE_COUNT, [&] { EXPECT_EQ(Gup(pinned, 1, flags).nr, 1); });
    }
  }
}

TEST_P(CollapseBacksOff, WhereNoTableIs) {
  Begin(LayoutOf("--------", "w-------"));
  Expect(SCAN_PMD_NULL, [] {});
}

TEST_P(CollapseBacksOff, WhereAnUpperLevelIsMissing) {
  Begin(LayoutOf("w-------"));
  Expect(SCAN_PMD_NULL, [] {
    for (unsigned long& entry : arena.tables[kPudTable].entry) entry = 0;
  });
}

TEST_P(CollapseBacksOff, WhereNothingIsMapped) {
  Begin(LayoutOf("ww------"));
  Expect(SCAN_EXCEED_NONE_PTE,
         [] { madvise_dontneed(MachineMm(), AddressOfPage(0), AddressOfPage(8), 0); });
}

TEST_P(CollapseBacksOff, WhereNoPageIsWritable) {
  Begin(LayoutOf("rr-r----"));
  Expect(SCAN_PAGE_RO, [] {});
}

TEST_P(CollapseBacksOff, WhereThePageIsHugeAlready) {
  SetUpPaths(LayoutOf("W"), GetParam());
  RunOnMachine([] { EXPECT_EQ(CollapseRegion(), SCAN_PMD_MAPPED); });
  EXPECT_EQ(Translate(0), (Translation{kHuge, true, true}));
  EXPECT_EQ(RefcountOf(kHuge), 1);
  EXPECT_TRUE(FrameIsFree(kHuge + 8));
  ExpectAllLocksFree();
}

TEST_P(CollapseBacksOff, WhereHugePagesRanOut) {
  Begin(LayoutOf("ww------"));
  RunOnMachine([] {
    while (folio_alloc(HPAGE_PMD_ORDER) != nullptr) {
    }
    EXPECT_EQ(CollapseRegion(), SCAN_ALLOC_HUGE_PAGE_FAIL);
  });
  EXPECT_EQ(Translate(0), (Translation{1, true, false}));
  ExpectAllLocksFree();
}

TEST_P(CollapseBacksOff, WhereSomebodyHasLockedAPage) {
  Begin(LayoutOf("wwww----"));
  Expect(SCAN_PAGE_LOCK, [] { arena.mem_map[3].flags |= 1ul << PG_locked; });
}

TEST_P(CollapseBacksOff, WhereSomebodyHasIsolatedAPage) {
  Begin(LayoutOf("wwww----"));
  Expect(SCAN_PAGE_LRU, [] { arena.mem_map[4].flags &= ~(1ul << PG_lru); });
}

TEST_P(CollapseBacksOff, WhereAnEntryIsNotPresent) {
  Begin(LayoutOf("wwww----"));
  Expect(SCAN_PTE_NON_PRESENT, [] { EntryOf(kT0, 2) = 0x1234000; });
}

// --- Against a walker --------------------------------------------------------------------------

// The walker has its reference when collapse looks: it backs off, whatever the walker does then.
TEST_P(CollapseBacksOff, BeforeAWalkerThatHoldsAReference) {
  Begin(LayoutOf("ww------"));
  scan_result result = SCAN_SUCCEED;
  Got got;
  HandOvers schedule({{0, "gup_pte_range", EventKind::kLoad, "pmd[0]", 1}});
  const RecordedRun run = RunOnMachine(schedule, 2, [&](CpuId cpu) {
    if (cpu == 0) {
      got = Gup(0, 1, FOLL_PIN | FOLL_WRITE);
    } else {
      result = CollapseRegion();
    }
  });
  EXPECT_TRUE(schedule.done());
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  // The sync lets the walker put back its reference first, then collapse finds nobody; or the
  // walker got on before the clear. Never both.
  const bool collapsed = result == SCAN_SUCCEED;
  EXPECT_EQ(Translate(0).huge, collapsed);
  EXPECT_EQ(got.nr, 1);
  EXPECT_EQ(page_to_pfn(got.pages[0]), Translate(0).pfn);
}

}  // namespace
}  // namespace walkrace
