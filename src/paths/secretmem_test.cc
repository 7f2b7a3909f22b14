// GUP against memory of memfd_secret, and what else leaves it alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

using ::testing::ElementsAre;

Layout SecretLayout() {
  Layout layout = LayoutOf("w-------", "w-------");
  layout.backing[0] = Backing::kSecretmem;
  return layout;
}

TEST(Secretmem, NeitherWalkGivesItsPages) {
  SetUpPaths(SecretLayout());
  const RecordedRun run = RunOnMachine([] {
    EXPECT_EQ(Gup(0, 1, FOLL_GET).nr, 0);
    EXPECT_EQ(Gup(1, 1, FOLL_PIN | FOLL_WRITE).nr, 0) << "not mapped";
  });
  EXPECT_TRUE(TookMmapLock(run)) << "vma_is_secretmem() of the slow path has the last word";
  EXPECT_EQ(RefcountOf(1), 2) << "the page cache's and the mapping's";
  EXPECT_EQ(Translate(1).pfn, 0) << "nor is it faulted in";
}

TEST(Secretmem, ABatchEndsBeforeIt) {
  Layout layout = LayoutOf("-------w", "w-------");
  layout.backing[1] = Backing::kSecretmem;
  SetUpPaths(layout);
  Got got;
  RunOnMachine([&] { got = Gup(7, 2, FOLL_GET); });
  EXPECT_THAT(got.Pfns(), ElementsAre(1));
}

TEST(Secretmem, AFaultMapsItAndThenPutsItOnTheList) {
  SetUpPaths(SecretLayout());
  uint64_t value = 1;
  RunOnMachine([&value] { (void)user_read(MachineMm(), AddressOfPage(1), &value); });
  const uint16_t pfn = Translate(1).pfn;
  EXPECT_EQ(value, 0u);
  EXPECT_EQ(PinnableOf(pfn), Pinnable::kNever);
  EXPECT_NE(arena.mem_map[pfn].flags & 1ul << PG_lru, 0u);
}

// B6: between the two it is known for what it is all the same.
TEST(Secretmem, IsKnownWhileItWaitsInTheBatch) {
  for (const bool cut : {false, true}) {
    SetUpPaths(SecretLayout());
    if (cut) SetCuts({"secretmem-lru"});
    Got got;
    HandOvers schedule({{0, "lru_add_drain", EventKind::kRmw, nullptr, 1}});
    RunOnMachine(schedule, 2, [&](CpuId cpu) {
      if (cpu == 0) {
        fault_in_writable(MachineMm(), AddressOfPage(1), AddressOfPage(2), 0);
      } else {
        got = Gup(1, 1, FOLL_GET);
      }
    });
    EXPECT_TRUE(schedule.done());
    EXPECT_EQ(got.nr, cut ? 1 : 0);
  }
  SetCuts({});
}

TEST(Secretmem, MadviseLeavesItAlone) {
  SetUpPaths(SecretLayout());
  RunOnMachine([] { madvise_dontneed(MachineMm(), AddressOfPage(0), AddressOfPage(16), 0); });
  EXPECT_EQ(Translate(0).pfn, 1) << "it is locked";
  EXPECT_EQ(Translate(8).pfn, 0);
}

// Without such a region a kernel has no CONFIG_SECRETMEM, and the walk reads no mapping.
TEST(Secretmem, IsNotAskedForWhereThereIsNone) {
  SetUpPaths(LayoutOf("w-------"));
  const RecordedRun run = RunOnMachine([] { EXPECT_EQ(Gup(0, 1, FOLL_GET).nr, 1); });
  for (const Event& event : run.events) {
    EXPECT_NE(ObjectAt(event.location).kind, ObjectKind::kMapping);
  }
}

}  // namespace
}  // namespace walkrace
