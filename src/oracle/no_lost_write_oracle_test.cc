#include <gtest/gtest.h>

#include "oracle/test_bed.h"

namespace walkrace {
namespace {

// Page 0 (folio1) moves to a new frame, folio3, as a collapse or a migration does it.
void Move(bool flush, bool copy = true) {
  UnmapBegin();
  ClearPte(0);
  if (flush) Flush();
  Look(0, 1);
  ASSERT_EQ(Alloc(), 3);
  Scribble(3, copy ? ContentOf(1) : 0);
  Replace(0, 1);
}
void InstallMoved() {
  SetPte(0, 3);
  DropMapping(1);
  MutatorEnd();
}

void BeginZap() {
  DiscardBegin(0);
  ClearPte(0);
}
void EndZap() {
  Flush();
  DropMapping(1);
  DiscardEnd(0);
}

TEST(NoLostWrite, WriteThroughAStaleTranslationIsMissedAtTheEnd) {
  Script script;
  script.On(0, [] { UserWrite(0, 1); })
      .On(1, [] { Move(false); })
      .On(0, [] { UserWrite(0, 2); })
      .On(1, InstallMoved);
  const Violation& violation = script.Run();
  EXPECT_EQ(script.Verdict(), "no-lost-write: ClearPte / UserWrite");
  EXPECT_STREQ(violation.message, "at the end page 0 maps folio3 and shows 1; it must show 2");
  EXPECT_EQ(script.engine().events()[violation.second_event].after, 2u);
}

TEST(NoLostWrite, WriteThroughAStaleTranslationIsMissedAtARead) {
  Script script;
  script.On(0, [] { UserWrite(0, 1); })
      .On(1, [] { Move(false); })
      .On(0, [] { UserWrite(0, 2); })
      .On(1,
          [] {
            InstallMoved();
            Flush();
          })
      .On(0, [] { UserRead(0); });
  EXPECT_EQ(script.Run().cpu, 0);
  EXPECT_EQ(script.Verdict(), "no-lost-write: ClearPte / UserWrite");
}

// A reference keeps the frame from being freed: else tlb-coherent is first.
TEST(NoLostWrite, ReadThroughAStaleTranslation) {
  Script script;
  script.On(0, [] { UserRead(0); })
      .On(0, [] { Take(1); })
      .On(1,
          [] {
            Move(false);
            InstallMoved();
            UserWrite(0, 5);
          })
      .On(0, [] { UserRead(0); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "no-lost-write: ClearPte / UserRead");
}

TEST(NoLostWrite, WriteThroughAStaleTranslationToAFrameThatServesAnotherPage) {
  Script script;
  script.On(0, [] { UserRead(0); })
      .On(0, [] { UserWrite(0, 1); })
      .On(0, [] { Take(1); })
      .On(1,
          [] {
            Move(false);
            InstallMoved();
            SetPte(7, 1);
            UserWrite(7, 70);
          })
      .On(0, [] { UserWrite(0, 2); })
      .On(1, [] { UserRead(7); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "no-lost-write: ClearPte / UserWrite");
}

TEST(NoLostWrite, InitialContentIsLost) {
  Script script;
  script.On(1, [] {
    Move(true, false);
    InstallMoved();
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "no-lost-write: SetPte / -");
}

TEST(NoLostWrite, UnmappedForGoodWithoutADiscard) {
  Script script;
  script.On(0, [] { UserWrite(0, 1); }).On(1, [] {
    ClearPte(0);
    Flush();
    DropMapping(1);
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "no-lost-write: ClearPte / UserWrite");
}

TEST(NoLostWrite, WriteThroughAReferenceThatProtects) {
  Script lost;
  lost.On(0, [] { Pin(0, 1, kPinWrite); }).On(0, [] { PinWrite(0, 1, 9); }).On(1, [] {
    Scribble(1, 8);
    UserRead(0);
  });
  lost.Run();
  EXPECT_EQ(lost.Verdict(), "no-lost-write: - / PinWrite");

  Script seen;
  seen.On(0, [] { Pin(0, 1, kPinWrite); })
      .On(0, [] { PinWrite(0, 1, 9); })
      .On(1, [] { EXPECT_EQ(UserRead(0), 9u); })
      .On(1, [] { UserWrite(0, 10); })
      .On(0, [] { EXPECT_EQ(PinRead(0, 1), 10u); });
  seen.Run();
  EXPECT_EQ(seen.Verdict(), "clean");
}

TEST(NoLostWrite, AReferenceProtectsItsPageWhileACollapseHasItUnmapped) {
  Script script;
  script.On(0, [] { Pin(0, 1, kPinWrite); })
      .On(1,
          [] {
            UnmapBegin();
            ClearPmd();
          })
      .On(0, [] { PinWrite(0, 1, 9); })
      .On(1,
          [] {
            RestorePmd();
            BackOff();
          })
      .On(1, [] { UserRead(0); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoLostWrite, AMoveThatCopiesLosesNothing) {
  Script script;
  script.On(0, [] { UserWrite(0, 1); }).On(1, [] { Move(true); }).On(1, InstallMoved).On(0, [] {
    EXPECT_EQ(UserRead(0), 1u);
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoLostWrite, ADiscardMayLoseWhatOverlapsIt) {
  Script script;
  script.On(0, [] { UserWrite(0, 1); })
      .On(1, BeginZap)
      .On(0, [] { UserWrite(0, 2); })  // its translation is not flushed yet
      .On(1, EndZap);
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoLostWrite, AWriteToTheFreshPageDuringTheDiscardSurvives) {
  Script script;
  script.On(1, BeginZap)
      .On(1, Flush)
      .On(0,
          [] {
            SetPte(0, Alloc());
            UserWrite(0, 2);
          })
      .On(1, EndZap)
      .On(0, [] { EXPECT_EQ(UserRead(0), 2u); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoLostWrite, AReadSettlesWhatTheDiscardLeft) {
  Script script;
  script.On(1, BeginZap)
      .On(1, EndZap)
      .On(0,
          [] {
            SetPte(0, Alloc());
            EXPECT_EQ(UserRead(0), 0u);
          })
      .On(1, [] {
        Scribble(1, 100);  // the frame is reused: what the page showed before
        UserRead(0);
      });
  EXPECT_STREQ(script.Run().oracle, "no-lost-write");
}

TEST(NoLostWrite, WhatWasDiscardedDoesNotComeBack) {
  Script skipped;
  skipped.On(0, [] { UserWrite(0, 1); })
      .On(1,
          [] {
            DiscardBegin(0);
            DiscardEnd(0);
          })
      .On(0, [] { UserRead(0); });
  EXPECT_STREQ(skipped.Run().oracle, "no-lost-write");
  EXPECT_STREQ(skipped.Run().message, "CPU 0 reads 1 at page 0, which must show 0");
  Script at_the_end;
  at_the_end.On(1, [] {
    DiscardBegin(0);
    DiscardEnd(0);
  });
  at_the_end.Run();
  EXPECT_EQ(at_the_end.Verdict(), "no-lost-write: - / DiscardEnd");
}

TEST(NoLostWrite, OfTwoDiscardsEachForgetsWhatWasThereBeforeIt) {
  Script script;
  script.On(0, BeginZap)
      .On(1, [] { DiscardBegin(0); })
      .On(0,
          [] {
            EndZap();
            SetPte(0, Alloc());
            UserWrite(0, 2);
          })
      .On(1, [] { DiscardEnd(0); })  // which found nothing
      .On(0, [] { EXPECT_EQ(UserRead(0), 2u); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoLostWrite, NothingElseComesOutOfADiscard) {
  Script script;
  script.On(1, BeginZap).On(1, EndZap).On(0, [] {
    SetPte(0, Alloc());
    Scribble(1, 77);
    UserRead(0);
  });
  EXPECT_STREQ(script.Run().oracle, "no-lost-write");
}

TEST(NoLostWrite, AWriteAfterTheDiscardIsCertain) {
  Script script;
  script.On(1, BeginZap)
      .On(1, EndZap)
      .On(0,
          [] {
            SetPte(0, Alloc());
            UserWrite(0, 5);
          })
      .On(0, [] { Scribble(1, 0); });
  EXPECT_STREQ(script.Run().oracle, "no-lost-write");
}

TEST(NoLostWrite, AnOrphansReadsAndWritesAreNotJudged) {
  Script script;
  script.On(0, [] { Pin(0, 1, kPinWrite); })
      .On(1,
          [] {
            BeginZap();
            EndZap();
            SetPte(0, Alloc());
            UserWrite(0, 50);
          })
      .On(0,
          [] {
            PinWrite(0, 1, 9);
            EXPECT_EQ(PinRead(0, 1), 9u);
          })
      .On(1, [] { EXPECT_EQ(UserRead(0), 50u); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoLostWrite, AnOrphansWriteWhileNothingIsMappedIsUncertain) {
  Script script;
  script.On(0, [] { Pin(0, 1, kPinWrite); })
      .On(1,
          [] {
            BeginZap();
            EndZap();
          })
      .On(0, [] { PinWrite(0, 1, 9); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoLostWrite, ACallThatOverlapsADiscardMayStillHoldTheMappedPage) {
  // The call began during the discard, and references the fresh page.
  Script script;
  script
      .On(1,
          [] {
            BeginZap();
            Flush();
          })
      .On(0,
          [] {
            SetPte(0, Alloc());
            Pin(0, 3, kPinWrite);
          })
      .On(1, EndZap)
      .On(0, [] { PinWrite(0, 3, 9); })
      .On(1, [] {
        Scribble(3, 8);
        UserRead(0);
      });
  EXPECT_STREQ(script.Run().oracle, "no-lost-write");
}

TEST(NoLostWrite, MoreValuesThanFitAreNotJudgedUntilTheNextWrite) {
  Script script;
  script.On(1, BeginZap)
      .On(1, Flush)
      .On(0,
          [] {
            SetPte(0, Alloc());
            for (uint64_t value = 1; value < 20; ++value) UserWrite(0, value);
          })
      .On(1, EndZap)
      .On(0,
          [] {
            Scribble(3, 1234);
            UserRead(0);
            UserWrite(0, 30);
          })
      .On(0, [] { EXPECT_EQ(UserRead(0), 30u); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoLostWrite, AParentThatWritesOnAfterTheForkIsMissed) {
  Script script;
  script.InMm1(2)
      .On(0, [] { UserWrite(0, 1); })
      .On(1,
          [] {
            ForkPage(0, 1);
            EndFork();  // and nothing flushed
          })
      .On(0, [] { UserWrite(0, 2); })
      .On(2, [] { UserRead(kPagesMax); });
  EXPECT_EQ(script.Run().cpu, 2);
  EXPECT_EQ(std::string(script.Run().oracle), "no-lost-write");
}

TEST(NoLostWrite, UntilTheFlushBothShowWhatTheParentWrites) {
  Script script;
  script.InMm1(2)
      .On(0, [] { UserWrite(0, 1); })
      .On(1, [] { ForkPage(0, 1); })
      .On(2, [] { EXPECT_EQ(UserRead(kPagesMax), 1u); })
      .On(0, [] { UserWrite(0, 2); })
      .On(1,
          [] {
            Flush();
            EndFork();
          })
      .On(2, [] { EXPECT_EQ(UserRead(kPagesMax), 2u); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoLostWrite, AnOrdinaryReferenceOnASharedPageProtectsNothing) {
  Script script;
  script.InMm1(2)
      .On(0, [] { Pin(0, 1, FOLL_GET | FOLL_WRITE); })
      .On(1,
          [] {
            ForkPage(0, 1);
            Flush();
            EndFork();
          })
      .On(0, [] { PinWrite(0, 1, 5); })
      .On(2, [] { EXPECT_EQ(UserRead(kPagesMax), 5u); })
      .On(1, [] { Scribble(1, 100); })  // as if it had been copied away before
      .On(2, [] { EXPECT_EQ(UserRead(kPagesMax), 100u); })
      .On(0, [] { PutPage(0, 1, FOLL_GET); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

void SetChildPte(uint64_t value) {
  wr_store(EntryOfChildPte(0), 8, value, WR_RELAXED, WR_ENTRY, WR_HERE);
}

TEST(NoLostWrite, NorWhileTheOtherEntryIsClearForAMomentOrMigrates) {
  for (const uint64_t meanwhile : {uint64_t{0}, pte_val(make_migration_pte(1, false, false))}) {
    Script script;
    script.InMm1(2)
        .On(0, [] { Pin(0, 1, FOLL_GET | FOLL_WRITE); })
        .On(1,
            [meanwhile] {
              ForkPage(0, 1);
              Flush();
              EndFork();
              SetChildPte(meanwhile);
            })
        .On(0, [] { PinWrite(0, 1, 5); })
        .On(1, [] { SetChildPte(pte_val(pfn_pte(1))); })
        .On(2, [] { EXPECT_EQ(UserRead(kPagesMax), 5u); })
        .On(0, [] { PutPage(0, 1, FOLL_GET); });
    EXPECT_EQ(script.Run().oracle, nullptr) << script.Verdict();
  }
}

TEST(NoLostWrite, APinKeepsItsPage) {
  Script script;
  script.On(0, [] { Pin(0, 1, kPinWrite); })
      .On(0, [] { PinWrite(0, 1, 5); })
      .On(1, [] { Scribble(1, 100); })
      .On(1, [] { UserRead(0); });
  EXPECT_EQ(script.Run().cpu, 1);
  EXPECT_EQ(std::string(script.Run().oracle), "no-lost-write");
}

TEST(NoLostWrite, WhatIsMappedFromAFileIsOneForAllMms) {
  Layout layout;
  layout.backing[0] = Backing::kFile;
  Script script(layout);
  script.InMm1(2)
      .On(0, [] { UserWrite(0, 5); })
      .On(2,
          [] {
            EXPECT_EQ(UserRead(kPagesMax), 5u);
            UserWrite(kPagesMax, 6);
          })
      .On(0, [] { EXPECT_EQ(UserRead(0), 6u); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

// mremap of the region of page 0 to that of page 8: its table moves.
void BeginMremap() {
  wr_note(WR_NOTE_MOVE_BEGIN, nullptr, AddressOfAreaPage(0), AddressOfAreaPage(8), WR_HERE);
}
void MoveTable() {
  uint64_t* pmd = EntryOfPmd();
  const uint64_t table = *pmd;
  wr_store(pmd, 8, 0, WR_RELAXED, WR_ENTRY, WR_HERE);
  wr_store(pmd + 1, 8, table, WR_RELAXED, WR_ENTRY, WR_HERE);
}
void EndMremap() {
  wr_note(WR_NOTE_MOVE_END, nullptr, AddressOfAreaPage(0), AddressOfAreaPage(8), WR_HERE);
}
void Mremap() {
  BeginMremap();
  MoveTable();
  Flush();
  EndMremap();
}

TEST(NoLostWrite, MremapTakesWhatWasWrittenAlong) {
  Script script;
  script.On(0, [] { UserWrite(0, 1); }).On(1, Mremap).On(0, [] { UserRead(8); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoLostWrite, AWriteByAnOldTranslationIsSeenAtTheNewAddressUntilTheFlush) {
  Script script;
  script.On(0, [] { UserWrite(0, 1); })
      .On(1,
          [] {
            BeginMremap();
            MoveTable();
          })
      .On(0, [] { UserWrite(0, 2); })
      .On(1,
          [] {
            Flush();
            EndMremap();
          })
      .On(0, [] { UserRead(8); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoLostWrite, AWriteByAnOldTranslationAfterMremapIsLost) {
  Script script;
  script.On(0, [] { UserWrite(0, 1); })
      .On(1,
          [] {
            BeginMremap();
            MoveTable();
            EndMremap();
          })
      .On(0, [] { UserWrite(0, 2); });
  script.Run();
  EXPECT_EQ(script.Verdict().substr(0, 13), "no-lost-write");
}

TEST(NoLostWrite, AReferenceFollowsItsPageThroughMremap) {
  Script script;
  script.On(0, [] { Pin(0, 1); }).On(1, Mremap).On(0, [] {
    PinWrite(0, 1, 5);
    UserRead(8);
    PutPage(0, 1, kPinWrite);
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoLostWrite, AReferenceThatIsReturnedDuringMremapFollowsToo) {
  Script script;
  script.On(1, BeginMremap)
      .On(0, [] { Pin(0, 1); })
      .On(1,
          [] {
            MoveTable();
            Flush();
            EndMremap();
          })
      .On(0, [] {
        PinWrite(0, 1, 5);
        UserRead(8);
        PutPage(0, 1, kPinWrite);
      });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoLostWrite, WhatIsLostAfterMremapIsMissedAtTheNewAddress) {
  Script script;
  script.On(0, [] { UserWrite(0, 1); })
      .On(1,
          [] {
            Mremap();
            Scribble(1, 9);
          })
      .On(0, [] { UserRead(8); });
  script.Run();
  EXPECT_EQ(script.Verdict().substr(0, 13), "no-lost-write");
}

Layout FileLayout() {
  Layout layout;
  layout.backing[0] = Backing::kFile;
  return layout;
}

void FileDiscard(uint64_t first, uint64_t end, unsigned what) {
  wr_note(what, nullptr, first, end, WR_HERE);
}

TEST(NoLostWrite, ATruncatedPageMayShowZero) {
  Script script(FileLayout());
  script.On(0, [] { UserWrite(0, 5); })
      .On(1,
          [] {
            FileDiscard(0, 1, WR_NOTE_FILE_DISCARD_BEGIN);
            Scribble(1, 0);
            FileDiscard(0, 1, WR_NOTE_FILE_DISCARD_END);
          })
      .On(0, [] { UserRead(0); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoLostWrite, APageBesideTheTruncatedOneMayNot) {
  Script script(FileLayout());
  script.On(0, [] { UserWrite(1, 5); })
      .On(1,
          [] {
            FileDiscard(0, 1, WR_NOTE_FILE_DISCARD_BEGIN);
            Scribble(2, 0);
            FileDiscard(0, 1, WR_NOTE_FILE_DISCARD_END);
          })
      .On(0, [] { UserRead(1); });
  script.Run();
  EXPECT_EQ(script.Verdict().substr(0, 13), "no-lost-write");
}

void LazyFree(int page) {
  wr_note(WR_NOTE_LAZY_FREE_BEGIN, nullptr, AddressOfAreaPage(page), AddressOfAreaPage(page + 1),
          WR_HERE);
  wr_note(WR_NOTE_LAZY_FREE_END, nullptr, AddressOfAreaPage(page), AddressOfAreaPage(page + 1),
          WR_HERE);
}

TEST(NoLostWrite, WhatIsFreedLazilyMayBecomeZeroLater) {
  Script script;
  script.On(0, [] {
    UserWrite(0, 1);
    LazyFree(0);
    EXPECT_EQ(UserRead(0), 1u);
    Scribble(1, 0);
    EXPECT_EQ(UserRead(0), 0u);
  });
  EXPECT_EQ(script.Run().oracle, nullptr) << script.Verdict();
}

TEST(NoLostWrite, ButNotComeBackFromThere) {
  Script script;
  script.On(0, [] {
    UserWrite(0, 1);
    LazyFree(0);
    Scribble(1, 0);
    UserRead(0);
    Scribble(1, 1);
    UserRead(0);
  });
  EXPECT_STREQ(script.Run().oracle, "no-lost-write");
}

TEST(NoLostWrite, WhatIsWrittenAfterALazyFreeIsKept) {
  Script script;
  script.On(0, [] {
    LazyFree(0);
    UserWrite(0, 1);
    Scribble(1, 0);
  });
  EXPECT_STREQ(script.Run().oracle, "no-lost-write");
  Script pinned;
  pinned.On(0, [] {
    LazyFree(0);
    Pin(0, 1);
    PinWrite(0, 1, 1);
    Scribble(1, 0);
    UserRead(0);
  });
  EXPECT_STREQ(pinned.Run().oracle, "no-lost-write");
}

}  // namespace
}  // namespace walkrace
