#include <gtest/gtest.h>

#include "oracle/test_bed.h"

namespace walkrace {
namespace {

constexpr unsigned kGetWrite = FOLL_GET | FOLL_WRITE;

// MADV_DONTNEED of page 0, which maps folio1.
void Zap() {
  DiscardBegin(0);
  ClearPte(0);
  Flush();
  DropMapping(1);
  DiscardEnd(0);
}

TEST(NoStalePage, FrameReusedElsewhereDuringTheCall) {
  Script script;
  script.On(0, [] { GupBegin(0, kGet); })
      .On(1,
          [] {
            Zap();
            ASSERT_EQ(Alloc(), 1);
            SetPte(2, 1);
          })
      .On(0, [] {
        Take(1);
        Return(0, 1, kGet);
        GupEnd();
      });
  script.Run();
  EXPECT_EQ(script.Verdict(), "no-stale-page: ClearPte / Take");
}

TEST(NoStalePage, MappedThereOnlyBeforeTheCall) {
  Script script;
  script
      .On(0, [] { Take(1); })  // keeps folio1 alive
      .On(1, Zap)
      .On(0, [] {
        GupBegin(0, kGet);
        Take(1);
        Return(0, 1, kGet);
      });
  script.Run();
  EXPECT_EQ(script.Verdict(), "no-stale-page: ClearPte / Take");
}

TEST(NoStalePage, NeverMappedThere) {
  Script script;
  script.On(0, [] {
    GupBegin(0, kGet);
    const uint16_t pfn = Alloc();
    Take(pfn);
    Return(0, pfn, kGet);
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "no-stale-page: Alloc / Take");
}

TEST(NoStalePage, ReadOnlyPageReturnedForWriting) {
  Layout layout;
  layout.pages[0] = PageState::kReadOnly;
  Script script(layout);
  script.On(0, [] { Pin(0, 1, kGetWrite); });
  const Violation& violation = script.Run();
  EXPECT_STREQ(violation.oracle, "no-stale-page");
  EXPECT_NE(std::string(violation.message).find("read-only"), std::string::npos);
}

TEST(NoStalePage, ReadOnlyPageReturnedForReading) {
  Layout layout;
  layout.pages[0] = PageState::kReadOnly;
  Script script(layout);
  script.On(0, [] { Pin(0, 1, kGet); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoStalePage, PageReturnedWithoutAReferenceOnItsFolio) {
  Script script(HugeLayout());
  script.On(0, [] {
    GupBegin(3, kGet);
    AddToCount(35, 1);  // the tail's own count
    Return(3, 35, kGet);
  });
  const Violation& violation = script.Run();
  // That a tail's count is raised from zero is seen first.
  EXPECT_STREQ(violation.oracle, "counts-conserved");

  Script nothing_taken;
  nothing_taken.On(0, [] {
    GupBegin(0, kGet);
    Return(0, 1, kGet);
  });
  nothing_taken.Run();
  EXPECT_EQ(nothing_taken.Verdict(), "no-stale-page: - / Return");
}

TEST(NoStalePage, NoSuchFrame) {
  Script script;
  script.On(0, [] {
    GupBegin(0, kGet);
    wr_note(WR_NOTE_PAGE_RETURNED, nullptr, kAreaStart, uint64_t{kGet} << 32 | 0xdead, WR_HERE);
  });
  EXPECT_STREQ(script.Run().oracle, "no-stale-page");
}

TEST(NoStalePage, UnmappedDuringTheCallIsAnOrphanAndLegal) {
  Script script;
  script
      .On(0,
          [] {
            GupBegin(0, kGet);
            Take(1);
          })
      .On(1, Zap)
      .On(0, [] {
        Return(0, 1, kGet);
        GupEnd();
        PutPage(0, 1, kGet);
      });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoStalePage, MappedOnlyDuringTheCallIsLegal) {
  Script script;
  script.On(0, [] { GupBegin(2, kGetWrite); }).On(1, [] { SetPte(2, Alloc()); }).On(0, [] {
    Take(3);
    Return(2, 3, kGetWrite);
    GupEnd();
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoStalePage, UnmappedForAWhileByACollapseThatBacksOffIsLegal) {
  Script script;
  script.On(0, [] { GupBegin(0, kGet); })
      .On(1,
          [] {
            UnmapBegin();
            ClearPmd();
          })
      .On(0,
          [] {
            Take(1);
            Return(0, 1, kGet);
            GupEnd();
          })
      .On(1, [] {
        RestorePmd();
        BackOff();
      });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoStalePage, TailOfAHugePage) {
  Script script(HugeLayout());
  script.On(0, [] { Pin(5, 37); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

}  // namespace
}  // namespace walkrace
