// Device memory behind a huge leaf: GUP's references and their undo, the fault, and truncation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

using ::testing::ElementsAre;

constexpr uint16_t kDevice = kFirstHugeFrame;

Layout DaxLayout(const char* first_region = "--------") {
  Layout layout = LayoutOf(first_region, "wwwwwwww");
  layout.backing[1] = Backing::kDax;
  return layout;
}

void Truncate() { dax_truncate(MachineMm(), AddressOfPage(8), AddressOfPage(16), 0); }

TEST(GupDevice, ReferencesPageByPage) {
  SetUpPaths(DaxLayout("-------w"));
  Got got;
  const RecordedRun run = RunOnMachine([&] { got = Gup(7, 3, FOLL_PIN | FOLL_WRITE); });
  EXPECT_THAT(got.Pfns(), ElementsAre(1, kDevice, kDevice + 1));
  EXPECT_EQ(RefcountOf(kDevice), 1 + GUP_PIN_COUNTING_BIAS);
  EXPECT_EQ(RefcountOf(kDevice + 1), 1 + GUP_PIN_COUNTING_BIAS);
  EXPECT_EQ(RefcountOf(kDevice + 2), 1) << "no folio together";
  EXPECT_FALSE(TookMmapLock(run));
}

TEST(GupDevice, GivesNoLongTermPin) {
  SetUpPaths(DaxLayout());
  RunOnMachine([] { EXPECT_EQ(Gup(8, 1, FOLL_PIN | FOLL_LONGTERM).nr, 0); });
  EXPECT_EQ(RefcountOf(kDevice), 1);
}

TEST(GupDevice, PutsAllBackWhenThePmdChanged) {
  SetUpPaths(DaxLayout());
  Got got;
  HandOvers schedule({{0, "__gup_device_huge_pmd", EventKind::kLoad, "pmd[1]", 1}});
  RunOnMachine(schedule, 2, [&](CpuId cpu) {
    if (cpu == 0) {
      got = Gup(8, 3, FOLL_PIN | FOLL_WRITE);
    } else {
      Truncate();
    }
  });
  EXPECT_TRUE(schedule.done());
  EXPECT_EQ(got.nr, 3) << "truncation found them in use; the slow path faults them in again";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(RefcountOf(kDevice + i), 1 + GUP_PIN_COUNTING_BIAS);
}

TEST(GupDevice, UndoesWhatItHasWhenAPageIsRefused) {
  SetUpPaths(DaxLayout());
  arena.mem_map[kDevice + 1]._refcount.counter = 1 + 4 * GUP_PIN_COUNTING_BIAS;
  RunOnMachine([] { EXPECT_EQ(Gup(8, 2, FOLL_GET).nr, 1) << "the first, by the slow path"; });
  EXPECT_EQ(RefcountOf(kDevice), 2);
  EXPECT_EQ(RefcountOf(kDevice + 1), 1 + 4 * GUP_PIN_COUNTING_BIAS);
}

TEST(DaxTruncate, UnmapsAndGivesTheBlocksBack) {
  SetUpPaths(DaxLayout());
  RunOnMachine([] {
    Truncate();
    EXPECT_EQ(Gup(8, 1, FOLL_GET).nr, 0) << "behind the end of the file";
  });
  EXPECT_EQ(Translate(8).pfn, 0);
  EXPECT_EQ(FrameOfFilePage(WR_FILE_PAGES), 0);
  EXPECT_EQ(RefcountOf(kDevice), 1) << "the device's";
  EXPECT_EQ(ContentAt(8), 0u);
}

TEST(DaxTruncate, LeavesPagesThatAreInUse) {
  SetUpPaths(DaxLayout());
  const uint64_t content = ContentAt(9);
  uint64_t value = 0;
  RunOnMachine([&] {
    (void)Gup(8, 1, FOLL_GET);
    Truncate();
    (void)user_read(MachineMm(), AddressOfPage(9), &value);
  });
  EXPECT_EQ(value, content) << "unmapped all the same, and mapped again by the fault";
  EXPECT_EQ(Translate(9), (Translation{kDevice + 1, true, true}));
}

TEST(DaxFault, GivesTheRightToWriteBack) {
  SetUpPaths(DaxLayout());
  RunOnMachine([] {
    clear_refs_write(MachineMm(), AddressOfPage(0), AddressOfPage(16), 0);
    EXPECT_FALSE(Translate(8).writable);
    EXPECT_EQ(Gup(8, 1, FOLL_GET | FOLL_WRITE).nr, 1);
  });
  EXPECT_TRUE(Translate(8).writable);
}

}  // namespace
}  // namespace walkrace
