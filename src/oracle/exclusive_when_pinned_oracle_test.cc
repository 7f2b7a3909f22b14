#include <gtest/gtest.h>

#include "oracle/test_bed.h"

namespace walkrace {
namespace {

constexpr uint16_t kHuge = 32;

void MakeShared(uint16_t pfn) { ClearPageAnonExclusive(pfn_to_page(pfn)); }
void MakeExclusive(uint16_t pfn) { SetPageAnonExclusive(pfn_to_page(pfn)); }

TEST(ExclusiveWhenPinned, APinOnASharedPageIsReported) {
  Script script;
  script.On(1, [] { MakeShared(1); }).On(0, [] { Pin(0, 1, FOLL_PIN); });
  EXPECT_EQ(script.Run().cpu, 0);
  EXPECT_EQ(script.Verdict(), "exclusive-when-pinned: MakeShared / Take");
}

TEST(ExclusiveWhenPinned, MakingAPinnedPageSharedIsReported) {
  Script script;
  script.On(0, [] { Pin(0, 1, FOLL_PIN); }).On(1, [] { MakeShared(1); });
  EXPECT_EQ(script.Run().cpu, 1);
  EXPECT_EQ(script.Verdict(), "exclusive-when-pinned: MakeShared / Take");
}

TEST(ExclusiveWhenPinned, TheHeadSpeaksForAHugePage) {
  Script script(HugeLayout());
  script.On(0, [] { Pin(3, kHuge + 3, FOLL_PIN); }).On(1, [] { MakeShared(kHuge); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "exclusive-when-pinned: MakeShared / Take");
}

TEST(ExclusiveWhenPinned, AnOrdinaryReferencePromisesNothing) {
  Script script;
  script.On(0, [] { Pin(0, 1, FOLL_GET); }).On(1, [] { MakeShared(1); }).On(0, [] {
    Pin(0, 1, FOLL_GET);
  });
  script.Run();
  EXPECT_EQ(script.Verdict().find("exclusive-when-pinned"), std::string::npos);
}

TEST(ExclusiveWhenPinned, APinThatIsPutBackBeforeTheReturnIsLegal) {
  Script script;
  script
      .On(0,
          [] {
            GupBegin(0, FOLL_PIN);
            ASSERT_TRUE(Take(1, GUP_PIN_COUNTING_BIAS));
          })
      .On(1, [] { MakeShared(1); })
      .On(0, [] {
        PutBack(1, GUP_PIN_COUNTING_BIAS);
        GupEnd();
      });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(ExclusiveWhenPinned, AfterTheUnpinThePageMayBeShared) {
  Script script;
  script
      .On(0,
          [] {
            Pin(0, 1, FOLL_PIN);
            PutPage(0, 1, FOLL_PIN);
          })
      .On(1,
          [] {
            MakeShared(1);
            MakeExclusive(1);
          })
      .On(0, [] {
        Pin(0, 1, FOLL_PIN);
        PutPage(0, 1, FOLL_PIN);
      });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(ExclusiveWhenPinned, APageOfAFileIsNotJudged) {
  Layout layout;
  layout.backing[0] = Backing::kFile;
  Script script(layout);
  script.On(0, [] { Pin(0, 1, FOLL_PIN); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

}  // namespace
}  // namespace walkrace
