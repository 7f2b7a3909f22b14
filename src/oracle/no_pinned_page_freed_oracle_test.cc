#include <gtest/gtest.h>

#include "oracle/test_bed.h"

namespace walkrace {
namespace {

// CPU 0 walks page 0 (folio1), CPU 1 collapses.
void BeginWalk() { GupBegin(0, kGet); }
void FinishWalk() {
  Return(0, 1, kGet);
  GupEnd();
}
void BeginCollapse() {
  UnmapBegin();
  ClearPmd();
}

TEST(NoPinnedPageFreed, ReferenceTakenAfterTheCheckAndHeldAtTheReplacement) {
  Script script;
  script.On(0, BeginWalk)
      .On(1,
          [] {
            BeginCollapse();
            Look(0, 1);
          })
      .On(0,
          [] {
            Take(1);
            FinishWalk();
          })
      .On(1, [] { Replace(0, 1); });
  const Violation& violation = script.Run();
  EXPECT_EQ(script.Verdict(), "no-pinned-page-freed: Look / Take");
  EXPECT_EQ(violation.cpu, 1);
  EXPECT_STREQ(violation.message,
               "CPU 1 replaced page 0 (folio1) on a check of the counts that missed the reference "
               "of CPU 0's GUP call: it holds");
  EXPECT_EQ(script.engine().events()[violation.first_event].kind, EventKind::kLoad);
  EXPECT_EQ(script.engine().events()[violation.second_event].kind, EventKind::kRmw);
}

TEST(NoPinnedPageFreed, ReferenceReturnedAfterTheReplacement) {
  Script script;
  script.On(0, BeginWalk)
      .On(1,
          [] {
            BeginCollapse();
            Look(0, 1);
          })
      .On(0, [] { Take(1); })
      .On(1, [] { Replace(0, 1); })
      .On(0, FinishWalk);
  EXPECT_EQ(script.Run().cpu, 0);
  EXPECT_EQ(script.Verdict(), "no-pinned-page-freed: Look / Take");
}

TEST(NoPinnedPageFreed, ReferenceReturnedAndPutBackBetweenCheckAndReplacement) {
  Script script;
  script.On(0, BeginWalk)
      .On(1,
          [] {
            BeginCollapse();
            Look(0, 1);
          })
      .On(0,
          [] {
            Take(1);
            FinishWalk();
            PutPage(0, 1, kGet);
          })
      .On(1, [] { Replace(0, 1); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "no-pinned-page-freed: Look / Take");
}

TEST(NoPinnedPageFreed, CheckLeftOutCountsAsMissedWhenTheMutatorBegan) {
  Script script;
  script.On(0, [] { Pin(0, 1); }).On(1, [] {
    BeginCollapse();
    Replace(0, 1);
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "no-pinned-page-freed: UnmapBegin / Take");
}

TEST(NoPinnedPageFreed, CheckBeforeTheClearIsTheOneThatMissed) {
  Script script;
  script.On(1, [] { Look(0, 1); }).On(0, [] { Pin(0, 1); }).On(1, [] {
    BeginCollapse();
    Replace(0, 1);
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "no-pinned-page-freed: Look / Take");
}

TEST(NoPinnedPageFreed, FreedWhileHeld) {
  Script script;
  script.On(0, [] { Pin(0, 1); }).On(1, [] { PutBack(1, 1 + GUP_PIN_COUNTING_BIAS); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "no-pinned-page-freed: PutBack / Take");
}

TEST(NoPinnedPageFreed, ReferenceOnAnyPageOfTheFolioCounts) {
  Script script(HugeLayout());
  script.On(0, [] { Pin(3, 35); }).On(1, [] {
    UnmapBegin();
    ClearPmd();
    Replace(0, 32);
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "no-pinned-page-freed: UnmapBegin / Take");
}

// MADV_FREE's pages go one by one: page 0 of a large folio on a check that page 3's reference is
// too young for.
std::string VerdictOnALargeFolio(bool page_3_is_mapped) {
  Layout layout;
  for (int page = 0; page < kPagesPerRegion; ++page) layout.pages[page] = PageState::kWritable;
  layout.backing[0] = Backing::kCompound;
  Script script(layout);
  script
      .On(1,
          [] {
            UnmapBegin();
            ClearPte(0);
            Look(0, 32);
          })
      .On(0,
          [] {
            GupBegin(3, kGet);
            Take(32);
            Return(3, 35, kGet);
            GupEnd();
          })
      .On(1, [page_3_is_mapped] {
        if (!page_3_is_mapped) ClearPte(3);
        Replace(0, 32);
        MutatorEnd();
      });
  script.Run();
  return script.Verdict();
}

TEST(NoPinnedPageFreed, OfALargeFolioThatGoesPageByPageTheOthersReferencesAreTheirOwnMatter) {
  EXPECT_EQ(VerdictOnALargeFolio(true).find("no-pinned-page-freed"), std::string::npos);
  EXPECT_EQ(VerdictOnALargeFolio(false), "no-pinned-page-freed: Look / Take");
}

TEST(NoPinnedPageFreed, ASpeculativeReferenceIsNoReturnedOne) {
  Script script;
  script.On(0, BeginWalk)
      .On(1,
          [] {
            BeginCollapse();
            Look(0, 1);
          })
      .On(0, [] { Take(1); })
      .On(1, [] { Replace(0, 1); })
      .On(0,
          [] {
            PutBack(1);
            GupEnd();
          })
      .On(1, [] {
        RestorePmd();
        MutatorEnd();
      });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoPinnedPageFreed, AReferencePutBackBeforeTheCheckIsSeenByNobody) {
  Script script;
  script.On(0, [] { Pin(0, 1, kGet); })
      .On(1, BeginCollapse)
      .On(0, [] { PutPage(0, 1, kGet); })
      .On(1, [] {
        Look(0, 1);
        Replace(0, 1);
        RestorePmd();
        MutatorEnd();
      });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoPinnedPageFreed, ACheckIsForgottenWhenTheMutatorBacksOff) {
  Script script;
  script
      .On(1,
          [] {
            BeginCollapse();
            Look(0, 1);
            RestorePmd();
            BackOff();
          })
      .On(0,
          [] {
            Pin(0, 1, kGet);
            PutPage(0, 1, kGet);
          })
      .On(1, [] {
        BeginCollapse();
        Replace(0, 1);
        RestorePmd();
        MutatorEnd();
      });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoPinnedPageFreed, ACheckIsForgottenWhenTheOperationEnds) {
  Script script;
  script
      .On(1,
          [] {
            OpBegin();
            Look(0, 1);  // goes on to nothing
          })
      .On(0,
          [] {
            Pin(0, 1, kGet);
            PutPage(0, 1, kGet);
          })
      .On(1, [] {
        OpBegin();
        BeginCollapse();
        Replace(0, 1);
        RestorePmd();
        MutatorEnd();
      });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoPinnedPageFreed, TheUsersOwnUnmapLeavesAnOrphan) {
  Script script;
  script.On(0, [] { Pin(0, 1, kPinWrite); })
      .On(1,
          [] {
            DiscardBegin(0);
            ClearPte(0);
            DropMapping(1);
            DiscardEnd(0);
          })
      .On(0, [] { PutPage(0, 1, kPinWrite); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoPinnedPageFreed, AReusedFrameIsAnotherPage) {
  Script script;
  script
      .On(1,
          [] {
            UnmapBegin();
            ClearPte(0);
            Look(0, 1);
            Replace(0, 1);
            DropMapping(1);
            MutatorEnd();
          })
      .On(1,
          [] {
            ASSERT_EQ(Alloc(), 1);
            SetPte(0, 1);
          })
      .On(0, [] { Pin(0, 1); });
  script.Run();
  // The content that the user had there is gone: not this oracle's matter.
  EXPECT_EQ(script.Verdict().find("no-pinned-page-freed"), std::string::npos);
}

TEST(NoPinnedPageFreed, AReferenceToAnotherPageIsNotMissed) {
  Script script;
  script.On(0, [] { Pin(1, 2); }).On(1, [] {
    BeginCollapse();
    Look(0, 1);
    Replace(0, 1);
    RestorePmd();
    MutatorEnd();
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

// Page 0 is shared by a fork, referenced, and replaced without a look at its counts.
std::string VerdictOnAForkedPage(unsigned flags, bool exclusive_again) {
  Script script;
  script
      .On(1,
          [exclusive_again] {
            ForkPage(0, 1);
            Flush();
            EndFork();
            if (exclusive_again) SetPageAnonExclusive(pfn_to_page(1));
          })
      .On(0, [flags] { Pin(0, 1, flags); })
      .On(1, [] {
        UnmapBegin();
        ClearPte(0);
        Replace(0, 1);
        MutatorEnd();
      });
  (void)script.InMm1(2).Run();
  return script.Verdict();
}

TEST(NoPinnedPageFreed, AnOrdinaryReferenceOnASharedPageNeedNotBeCounted) {
  EXPECT_EQ(VerdictOnAForkedPage(FOLL_GET, false).find("no-pinned-page-freed"), std::string::npos);
  EXPECT_EQ(VerdictOnAForkedPage(FOLL_GET, true).find("no-pinned-page-freed"), 0u);
  EXPECT_EQ(VerdictOnAForkedPage(FOLL_PIN, true).find("no-pinned-page-freed"), 0u);
}

// Swap-out looks at pins, swap-in brings the same page back.
void LookAtPins(int page, uint16_t pfn) {
  EXPECT_FALSE(page_maybe_dma_pinned(pfn_to_page(pfn)));
  wr_note(WR_NOTE_COUNT_CHECK, &pfn_to_page(pfn)->_refcount, AddressOfAreaPage(page),
          (uint64_t)WR_COUNTS_PINS << 32 | pfn, WR_HERE);
}
void ReplaceForPins(int page, uint16_t pfn) {
  wr_note(WR_NOTE_PAGE_REPLACED, &pfn_to_page(pfn)->_refcount, AddressOfAreaPage(page),
          (uint64_t)WR_COUNTS_PINS << 32 | pfn, WR_HERE);
}
void SwapOut() {
  UnmapBegin();
  ClearPte(0);
  LookAtPins(0, 1);
  ReplaceForPins(0, 1);
  MutatorEnd();
}

TEST(NoPinnedPageFreed, APinOfThePageThatCameBackIsNone) {
  Script script;
  script.On(0, [] { GupBegin(0, kPinWrite); }).On(1, SwapOut).On(0, [] {
    AddToMapcount(1, -1);
    SetPte(0, 1);
    Take(1, GUP_PIN_COUNTING_BIAS);
    Return(0, 1, kPinWrite);
    GupEnd();
  });
  EXPECT_EQ(script.Run().oracle, nullptr) << script.Verdict();
}

TEST(NoPinnedPageFreed, APinOfThePageThatDidNot) {
  Script script;
  script.On(0, [] { GupBegin(0, kPinWrite); }).On(1, SwapOut).On(0, [] {
    Take(1, GUP_PIN_COUNTING_BIAS);
    Return(0, 1, kPinWrite);
  });
  EXPECT_STREQ(script.Run().oracle, "no-pinned-page-freed");
}

TEST(NoPinnedPageFreed, ACheckOfOneKindIsNoneOfAnother) {
  Script script;
  script
      .On(1,
          [] {
            UnmapBegin();
            Look(0, 1);
          })
      .On(0, [] { Pin(0, 1, FOLL_GET); })
      .On(1, [] {
        ClearPte(0);
        LookAtPins(0, 1);
        Replace(0, 1);
      });
  script.Run();
  EXPECT_EQ(script.Verdict(), "no-pinned-page-freed: Look / Take");
}

}  // namespace
}  // namespace walkrace
