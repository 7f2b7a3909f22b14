#include <gtest/gtest.h>

#include <algorithm>

#include "oracle/test_bed.h"

namespace walkrace {
namespace {

TEST(CountsConserved, ReferenceTakenOnACountOfZero) {
  Script script;
  script
      .On(1,
          [] {
            DiscardBegin(0);
            ClearPte(0);
            DropMapping(1);
            DiscardEnd(0);
          })
      .On(0, [] { AddToCount(1, 1); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "counts-conserved: DropMapping / AddToCount");
}

TEST(CountsConserved, ReferenceTakenBeforeTheAllocatorSetIt) {
  Script script;
  script.On(1, [] { wr_note(WR_NOTE_FOLIO_ALLOC, &pfn_to_page(3)->_refcount, 3, 0, WR_HERE); });
  script.On(0, [] { atomic_set(&pfn_to_page(3)->_refcount, 1); });
  EXPECT_STREQ(script.Run().oracle, "counts-conserved");
}

// What migration and reclaim do.
void Freeze(uint16_t pfn, int64_t count) { EXPECT_TRUE(page_ref_freeze(pfn_to_page(pfn), count)); }
void Unfreeze(uint16_t pfn, int64_t count) { page_ref_unfreeze(pfn_to_page(pfn), count); }

TEST(CountsConserved, WhoFrozeACountMayRaiseItAgain) {
  Script script;
  script.On(0, [] { Freeze(1, 1); }).On(1, [] { Take(1); }).On(0, [] { Unfreeze(1, 1); });
  EXPECT_EQ(script.Run().oracle, nullptr) << script.Verdict();
}

TEST(CountsConserved, NobodyElseMay) {
  Script script;
  script.On(0, [] { Freeze(1, 1); }).On(1, [] { Unfreeze(1, 1); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "counts-conserved: Freeze / Unfreeze");
  Script taken;
  taken.On(0, [] { Freeze(1, 1); }).On(1, [] { AddToCount(1, 1); });
  taken.Run();
  EXPECT_EQ(taken.Verdict(), "counts-conserved: Freeze / AddToCount");
}

TEST(CountsConserved, BelowZero) {
  Script references;
  references.On(0, [] { AddToCount(1, -1); }).On(1, [] { AddToCount(1, -1); });
  references.Run();
  EXPECT_EQ(references.Verdict(), "counts-conserved: AddToCount / AddToCount");

  Script maps;
  maps.On(0, [] { AddToMapcount(1, -2); });
  maps.Run();
  EXPECT_EQ(maps.Verdict(), "counts-conserved: - / AddToMapcount");

  Script pins(HugeLayout());
  pins.On(0, [] { AddToPincount(32, -1); });
  pins.Run();
  EXPECT_EQ(pins.Verdict(), "counts-conserved: - / AddToPincount");
}

TEST(CountsConserved, ReferenceLeakedByAGupCall) {
  Script script;
  script.On(0, [] {
    GupBegin(0, FOLL_GET);
    Take(1);
    PutBack(1);  // this one is put back
    GupEnd();
    GupBegin(0, FOLL_GET);
    Take(1);
    GupEnd();
  });
  const Violation& violation = script.Run();
  EXPECT_EQ(script.Verdict(), "counts-conserved: Take / -");
  EXPECT_EQ(violation.cpu, kNoCpu);
  // The second one.
  int taken = 0;
  for (uint32_t i = 0; i <= violation.first_event; ++i) {
    const Event& event = script.engine().events()[i];
    if (event.kind == EventKind::kRmw && event.after > event.before) ++taken;
  }
  EXPECT_EQ(taken, 2);
}

TEST(CountsConserved, ReferenceLeakedOutsideOfGup) {
  Script script;
  script.On(0, [] { AddToCount(1, 1); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "counts-conserved: - / -");
}

TEST(CountsConserved, PutTwice) {
  Script script;
  script.On(0, [] {
    Pin(0, 1, FOLL_GET);
    PutPage(0, 1, FOLL_GET);
    AddToCount(1, -1);
  });
  EXPECT_STREQ(script.Run().oracle, "counts-conserved");
}

TEST(CountsConserved, FolioNobodyKnowsOf) {
  Script script;
  script.On(0, [] { Alloc(); });
  EXPECT_STREQ(script.Run().oracle, "counts-conserved");
  Script unfreed;
  unfreed.On(0, [] { AddToCount(Alloc(), -1); });
  EXPECT_STREQ(unfreed.Run().oracle, "counts-conserved");
}

TEST(CountsConserved, MapCountThatIsNotItsMappings) {
  Script script;
  script.On(0, [] { AddToMapcount(1, 1); });
  EXPECT_STREQ(script.Run().oracle, "counts-conserved");
}

TEST(CountsConserved, MappedAndFree) {
  Script script;
  script.On(0, [] {
    PutBack(1);
    Scribble(1, 100);  // or that the content is gone would be seen first
  });
  EXPECT_STREQ(script.Run().oracle, "counts-conserved");
}

TEST(CountsConserved, MappedWithoutAReference) {
  Script script;
  script.On(0, [] {
    // Page 2 maps folio1 as well, and nothing counts that.
    SetPte(2, 1);
    AddToMapcount(1, -1);
    UserWrite(2, 100);
  });
  EXPECT_STREQ(script.Run().oracle, "counts-conserved");
}

TEST(CountsConserved, PinCountOfALargeFolio) {
  Script script(HugeLayout());
  script.On(0, [] {
    Pin(0, 32, kPinWrite);
    AddToPincount(32, 1);
  });
  EXPECT_STREQ(script.Run().oracle, "counts-conserved");
}

TEST(CountsConserved, ReferencesHeldAtTheEndAreLegal) {
  Script small;
  small.On(0, [] { Pin(0, 1, kPinWrite); }).On(1, [] { Pin(0, 1, FOLL_GET); });
  small.Run();
  EXPECT_EQ(small.Verdict(), "clean");

  Script large(HugeLayout());
  large.On(0, [] { Pin(0, 32, kPinWrite); }).On(1, [] {
    Pin(7, 39, FOLL_GET);
    Pin(3, 35, kPinWrite);
    PutPage(3, 35, kPinWrite);
  });
  large.Run();
  EXPECT_EQ(large.Verdict(), "clean");
}

TEST(CountsConserved, AnOrphanKeptByItsReferenceIsLegal) {
  Script script;
  script.On(0, [] { Pin(0, 1, kPinWrite); }).On(1, [] {
    DiscardBegin(0);
    ClearPte(0);
    DropMapping(1);
    DiscardEnd(0);
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(CountsConserved, MapAndUnmapAddUp) {
  Script script;
  script.On(0, [] { SetPte(5, Alloc()); }).On(1, [] {
    DiscardBegin(5);
    ClearPte(5);
    DropMapping(3);
    DiscardEnd(5);
    ASSERT_EQ(Alloc(), 3);
    SetPte(6, 3);
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(CountsConserved, ASpeculativeTryOnACountOfZeroIsLegal) {
  Script script;
  script.On(0, [] { EXPECT_FALSE(Take(3)); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

Layout DaxLayout() {
  Layout layout;
  std::fill_n(&layout.pages[kPagesPerRegion], kPagesPerRegion, PageState::kWritable);
  layout.backing[1] = Backing::kDax;
  return layout;
}

TEST(CountsConserved, ADevicePageHasOneReferenceWhileNobodyUsesIt) {
  Script script(DaxLayout());
  script.On(0, [] {
    Pin(8, 32, FOLL_GET);
    PutPage(8, 32, FOLL_GET);
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(CountsConserved, ALeakOfADevicePageIsReported) {
  Script script(DaxLayout());
  script.On(0, [] {
    GupBegin(8, FOLL_GET);
    Take(33);
    GupEnd();
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "counts-conserved: Take / -");
}

}  // namespace
}  // namespace walkrace
