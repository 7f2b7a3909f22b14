// FOLL_LONGTERM: which memory a long-term pin for writing may have, in both walks.
#include <gtest/gtest.h>

#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

Layout BackedBy(Backing backing) {
  Layout layout = LayoutOf("w-------");
  layout.backing[0] = backing;
  return layout;
}

TEST(Longterm, NeitherWalkPinsATrackedFileForWriting) {
  SetUpPaths(BackedBy(Backing::kDirtyTracked));
  const RecordedRun run = RunOnMachine([] {
    EXPECT_EQ(Gup(0, 1, kLongTermWrite).nr, 0);
    EXPECT_EQ(Gup(1, 1, kLongTermWrite).nr, 0) << "not mapped";
  });
  EXPECT_TRUE(TookMmapLock(run));
  EXPECT_EQ(RefcountOf(1), 2);
  EXPECT_EQ(Translate(1).pfn, 0);
}

TEST(Longterm, OtherPinsOfItAreFast) {
  for (const unsigned flags : {FOLL_PIN | FOLL_WRITE, FOLL_PIN | FOLL_LONGTERM, FOLL_GET}) {
    SetUpPaths(BackedBy(Backing::kDirtyTracked));
    const RecordedRun run = RunOnMachine([flags] { EXPECT_EQ(Gup(0, 1, flags).nr, 1); });
    EXPECT_FALSE(TookMmapLock(run));
  }
}

TEST(Longterm, AnonymousMemoryAndShmemAreFast) {
  for (const Backing backing : {Backing::kAnon, Backing::kFile}) {
    SetUpPaths(BackedBy(backing));
    const RecordedRun run = RunOnMachine([] { EXPECT_EQ(Gup(0, 1, kLongTermWrite).nr, 1); });
    EXPECT_FALSE(TookMmapLock(run));
  }
  SetUpPaths(LayoutOf("W"));
  const RecordedRun run = RunOnMachine([] { EXPECT_EQ(Gup(0, 3, kLongTermWrite).nr, 3); });
  EXPECT_FALSE(TookMmapLock(run));
}

}  // namespace
}  // namespace walkrace
