// Migration: where a page is afterwards, what a fault finds meanwhile, and each back-off.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/swap.h"
#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

using ::testing::ElementsAre;

void Migrate(int page, int count = 1) {
  migrate_pages(MachineMm(), AddressOfPage(page), AddressOfPage(page + count), 0);
}
void MigrateToDevice(int page) {
  migrate_to_device(MachineMm(), AddressOfPage(page), AddressOfPage(page + 1), 0);
}

void ExpectUnlockedAndOnTheLru(uint16_t pfn) {
  const unsigned long flags = pfn_to_page(pfn)->flags;
  EXPECT_EQ(flags & 1ul << PG_locked, 0u);
  EXPECT_NE(flags & 1ul << PG_lru, 0u);
}

TEST(Migrate, MovesPagesWithContentAndRights) {
  for (const auto& migrate : {+[] { Migrate(0, 2); },
                              +[] {
                                MigrateToDevice(0);
                                MigrateToDevice(1);
                              }}) {
    SetUpPaths(LayoutOf("wr------"));
    const RecordedRun run = RunOnMachine(migrate);
    EXPECT_EQ(run.result.outcome, Outcome::kFinished);
    for (int page = 0; page < 2; ++page) {
      const Translation now = Translate(page);
      EXPECT_NE(now.pfn, page + 1);
      EXPECT_EQ(now.writable, page == 0);
      EXPECT_EQ(ContentOf(now.pfn), 100u + page);
      EXPECT_TRUE(IsAnonExclusive(now.pfn));
      EXPECT_EQ(RefcountOf(now.pfn), 1);
      EXPECT_EQ(MapcountOf(now.pfn), 1);
      ExpectUnlockedAndOnTheLru(now.pfn);
    }
    EXPECT_TRUE(FrameIsFree(1) || Translate(1).pfn == 1) << "the old page, or used again";
  }
}

TEST(Migrate, MovesThePageCachesReferenceAsWell) {
  SetUpPaths(FileLayout("ww------"));
  RunOnMachine([] { Migrate(0); });
  const uint16_t now = Translate(0).pfn;
  EXPECT_NE(now, 1);
  EXPECT_EQ(arena.file.i_pages[0], now);
  EXPECT_EQ(RefcountOf(now), 2);
  EXPECT_TRUE(FrameIsFree(1));
}

TEST(Migrate, BacksOffFromAReferenceAndFromAPin) {
  for (const unsigned flags : {FOLL_GET, FOLL_PIN}) {
    for (const bool file : {false, true}) {
      SetUpPaths(file ? FileLayout("ww------") : LayoutOf("ww------"));
      RunOnMachine([flags] {
        EXPECT_EQ(Gup(0, 1, flags).nr, 1);
        const int64_t before = RefcountOf(1);
        Migrate(0);
        if (!IsAnonExclusive(1)) MigrateToDevice(1);
        EXPECT_EQ(RefcountOf(1), before);
      });
      EXPECT_EQ(Translate(0), (Translation{1, true, false}));
      EXPECT_EQ(IsAnonExclusive(1), !file);
      EXPECT_EQ(MapcountOf(1), 1);
      ExpectUnlockedAndOnTheLru(1);
    }
  }
}

TEST(Migrate, AFaultWaitsUntilTheMigrationHasEnded) {
  SetUpPaths(LayoutOf("w-------"));
  // The fault comes when the migration entry stands.
  HandOvers strategy({{1, "folio_migrate_mapping", EventKind::kLoad, "folio1.refcount", 0}}, 1);
  const RecordedRun run = RunOnMachine(strategy, 2, [](CpuId cpu) {
    uint64_t value = 0;
    if (cpu == 1) {
      Migrate(0);
    } else {
      EXPECT_TRUE(user_read(MachineMm(), AddressOfPage(0), &value));
      EXPECT_EQ(value, 100u);
    }
  });
  EXPECT_TRUE(strategy.done());
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  EXPECT_TRUE(Has(run, EventKind::kLoad, "migration_entry_wait"));
  EXPECT_NE(Translate(0).pfn, 1);
}

TEST(Migrate, AZapMeanwhileLeavesNothingBehind) {
  SetUpPaths(LayoutOf("w-------"));
  HandOvers strategy({{1, "folio_migrate_mapping", EventKind::kLoad, "folio1.refcount", 0}}, 1);
  RunOnMachine(strategy, 2, [](CpuId cpu) {
    if (cpu == 1) {
      Migrate(0);
    } else {
      madvise_dontneed(MachineMm(), AddressOfPage(0), AddressOfPage(1), 0);
    }
  });
  EXPECT_TRUE(strategy.done());
  EXPECT_EQ(Translate(0).pfn, 0);
  EXPECT_TRUE(FrameIsFree(1));
  EXPECT_TRUE(FrameIsFree(2));
}

}  // namespace
}  // namespace walkrace
