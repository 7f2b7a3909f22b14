#include <gtest/gtest.h>

#include "oracle/test_bed.h"

namespace walkrace {
namespace {

TEST(BackOffRestores, LeavesThePmdClear) {
  Script script;
  script.On(1, [] {
    UnmapBegin();
    ClearPmd();
    BackOff();
  });
  const Violation& violation = script.Run();
  EXPECT_EQ(script.Verdict(), "back-off-restores: ClearPmd / BackOff");
  EXPECT_STREQ(violation.message,
               "CPU 1 backed off and leaves nothing mapped at page 0, where it found folio1 rw");
}

TEST(BackOffRestores, LeavesAnotherPage) {
  Script script;
  script.On(1, [] {
    UnmapBegin();
    ClearPte(0);
    SetPte(0, Alloc());
    BackOff();
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "back-off-restores: SetPte / BackOff");
}

TEST(BackOffRestores, LeavesThePageWithOtherRights) {
  Script script;
  script.On(1, [] {
    UnmapBegin();
    ClearPte(0);
    SetPte(0, 1, false);
    BackOff();
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "back-off-restores: SetPte / BackOff");
}

TEST(BackOffRestores, AReusedFrameIsNotTheSamePage) {
  Script script;
  script.On(1, [] {
    UnmapBegin();
    ClearPte(0);
    DropMapping(1);
    ASSERT_EQ(Alloc(), 1);
    SetPte(0, 1);
    BackOff();
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "back-off-restores: SetPte / BackOff");
}

TEST(BackOffRestores, PutsBackWhatItFound) {
  Script script;
  script.On(1, [] {
    UnmapBegin();
    ClearPmd();
    RestorePmd();
    BackOff();
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(BackOffRestores, AccessedAndDirtyBitsMayDiffer) {
  Script script;
  script.On(1, [] {
    UnmapBegin();
    ClearPte(0);  // it was dirty
    SetPte(0, 1);
    AddToMapcount(1, -1);
    BackOff();
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(BackOffRestores, WhatTheMutatorDidNotDoIsNotItsFault) {
  Script script;
  // Page 0 is gone before the mutator begins.
  script
      .On(0,
          [] {
            DiscardBegin(0);
            ClearPte(0);
            DropMapping(1);
            DiscardEnd(0);
          })
      .On(1, [] {
        UnmapBegin();
        ClearPmd();
        RestorePmd();
        BackOff();
      });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(BackOffRestores, AMutatorThatGoesThroughIsNotJudged) {
  Script script;
  script.On(1, [] {
    UnmapBegin();
    ClearPte(0);
    SetPte(0, 1, false);
    AddToMapcount(1, -1);
    MutatorEnd();
    BackOff();  // of nothing
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

// --- Of a file's pages ---------------------------------------------------------------------------

TEST(BackOffRestores, LeavesAnotherPageInThePageCache) {
  Script script;
  script.On(1, [] {
    SetFileSlot(3, 5);
    FileReplaceBegin(3);
    SetFileSlot(3, 7);
    FileBackOff(3);
  });
  const Violation& violation = script.Run();
  EXPECT_EQ(script.Verdict(), "back-off-restores: SetFileSlot / FileBackOff");
  EXPECT_STREQ(violation.message,
               "CPU 1 backed off and leaves folio7 in the page cache as page 3 of the file, where "
               "it found folio5");
}

TEST(BackOffRestores, LeavesAHoleFilled) {
  Script script;
  script.On(1, [] {
    FileReplaceBegin(3);
    SetFileSlot(3, 7);
    FileBackOff(3);
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "back-off-restores: SetFileSlot / FileBackOff");
}

TEST(BackOffRestores, PutsThePageCachesPageBack) {
  Script script;
  script.On(1, [] {
    SetFileSlot(3, 5);
    FileReplaceBegin(3);
    SetFileSlot(3, 7);
    SetFileSlot(3, 5);
    FileBackOff(3);
    SetFileSlot(3, 0);
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(BackOffRestores, WhatWasNotReplacedMayChange) {
  Script script;
  script.On(1, [] {
    FileReplaceBegin(3);
    OpBegin();
    SetFileSlot(3, 7);
    FileBackOff(3);
    SetFileSlot(3, 0);
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

}  // namespace
}  // namespace walkrace
