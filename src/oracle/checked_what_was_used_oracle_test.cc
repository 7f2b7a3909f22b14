#include <gtest/gtest.h>

#include "oracle/test_bed.h"

namespace walkrace {
namespace {

unsigned long PteValue(uint16_t pfn, bool writable = true) {
  return pte_val(writable ? pte_mkwrite(pfn_pte(pfn)) : pfn_pte(pfn));
}

LocationId PteLocation(const Script& script, int page) {
  for (size_t i = 0; i < script.engine().event_count(); ++i) {
    const Event& event = script.engine().events()[i];
    const Object& object = ObjectAt(event.location);
    if (object.kind == ObjectKind::kPte && object.index == page) return event.location;
  }
  return kNoLocation;
}

void Tested(int page, unsigned long value) {
  wr_note(WR_NOTE_ENTRY_CHECKED, EntryOfPte(page), AddressOfAreaPage(page), value, WR_HERE);
}
void TestedPmd(int page, unsigned long value) {
  wr_note(WR_NOTE_ENTRY_CHECKED, EntryOfPmd(), AddressOfAreaPage(page), value, WR_HERE);
}
void Keep(int page, uint16_t pfn) {
  wr_note(WR_NOTE_PAGE_KEPT, nullptr, AddressOfAreaPage(page), pfn, WR_HERE);
}

// Page 0 maps folio1 for writing; the walk has tested it so.
void TakePage0() {
  GupBegin(0, FOLL_GET);
  ReadPmd();
  TestedPmd(0, *EntryOfPmd());
  ReadPte(0);
  Tested(0, *EntryOfPte(0));
  Take(1);
}
void EndWalk() {
  Keep(0, 1);
  Return(0, 1, FOLL_GET);
  GupEnd();
}
void WriteProtect() {
  wr_store(EntryOfPte(0), 8, PteValue(1, false), WR_RELAXED, WR_ENTRY, WR_HERE);
}

TEST(CheckedWhatWasUsed, TheReReadFindsWhatWasTested) {
  Script script;
  script.On(0, [] {
    TakePage0();
    ReadPmd();
    ReadPte(0);
    EndWalk();
    PutPage(0, 1, FOLL_GET);
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(CheckedWhatWasUsed, AnotherValueWasUsed) {
  Script script;
  script.On(0, TakePage0).On(1, WriteProtect).On(0, [] {
    ReadPte(0);
    EndWalk();
  });
  const Violation& violation = script.Run();
  EXPECT_EQ(script.Verdict(), "checked-what-was-used: WriteProtect / ReadPte");
  EXPECT_STREQ(violation.message,
               "GUP returned page 0 by T0.pte[0], which it tested as folio1 rw and then used as "
               "folio1 ro");
  EXPECT_NE(PteLocation(script, 0), kNoLocation);
}

TEST(CheckedWhatWasUsed, AnotherPmdWasUsed) {
  Script script;
  script.On(0, TakePage0)
      .On(1, ClearPmd)
      .On(0,
          [] {
            ReadPmd();
            ReadPte(0);
          })
      .On(1, RestorePmd)
      .On(0, EndWalk);
  script.Run();
  EXPECT_EQ(script.Verdict(), "checked-what-was-used: ClearPmd / ReadPmd");
}

TEST(CheckedWhatWasUsed, WithoutASecondLoadNothingIsCompared) {
  Script script;
  script.On(0, TakePage0).On(1, WriteProtect).On(0, [] {
    EndWalk();
    PutPage(0, 1, FOLL_GET);
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(CheckedWhatWasUsed, AFrameThatTheTestedValueDoesNotName) {
  Script script;
  script.On(0, [] {
    GupBegin(0, FOLL_GET);
    ReadPte(0);
    Tested(0, PteValue(2));
    Take(1);
    EndWalk();
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "checked-what-was-used: - / Keep");
}

// The next page's failing re-read says nothing of the one that was kept.
TEST(CheckedWhatWasUsed, ReadsAfterThePageWasKeptAreOfOthers) {
  Script script;
  script
      .On(0,
          [] {
            TakePage0();
            ReadPmd();
            ReadPte(0);
            Keep(0, 1);
          })
      .On(1, WriteProtect)
      .On(0, [] {
        ReadPte(0);
        Return(0, 1, FOLL_GET);
        GupEnd();
        PutPage(0, 1, FOLL_GET);
      });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(CheckedWhatWasUsed, WhatTheWalkPutsBackIsNotJudged) {
  Script script;
  script.On(0, TakePage0).On(1, WriteProtect).On(0, [] {
    ReadPte(0);
    Keep(0, 1);
    Keep(0, 0);
    PutBack(1);
    Take(1);  // the slow path
    Return(0, 1, FOLL_GET);
    GupEnd();
    PutPage(0, 1, FOLL_GET);
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(CheckedWhatWasUsed, PagesOfAHugeLeafAreCountedFromItsFirst) {
  Script script(HugeLayout());
  script.On(0, [] {
    GupBegin(3, FOLL_GET);
    ReadPmd();
    TestedPmd(3, *EntryOfPmd());
    Take(32);
    ReadPmd();
    Keep(3, 35);
    Return(3, 35, FOLL_GET);
    GupEnd();
    PutPage(3, 35, FOLL_GET);
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

void TestedMapping() {
  page* folio = pfn_to_page(1);
  wr_note(WR_NOTE_MAPPING_TESTED, &folio->mapping, READ_ONCE(folio->mapping), 0, WR_HERE);
}
void ReadMapping() { (void)READ_ONCE(pfn_to_page(1)->mapping); }
void EmptyMapping() { WRITE_ONCE(pfn_to_page(1)->mapping, 0); }

TEST(CheckedWhatWasUsed, AMappingThatIsLoadedAgainAndHasChangedIsReported) {
  Script script;
  script.On(0, TakePage0).On(0, TestedMapping).On(1, EmptyMapping).On(0, ReadMapping);
  EXPECT_EQ(script.Run().cpu, 0);
  EXPECT_EQ(script.Verdict(), "checked-what-was-used: EmptyMapping / ReadMapping");
}

TEST(CheckedWhatWasUsed, AMappingIsNotFollowedBeyondItsPage) {
  Script script;
  script.On(0, TakePage0)
      .On(0, TestedMapping)
      .On(0, ReadMapping)
      .On(0, EndWalk)
      .On(1, EmptyMapping)
      .On(0, ReadMapping);
  script.Run();
  EXPECT_EQ(script.Verdict().find("checked-what-was-used"), std::string::npos);
}

}  // namespace
}  // namespace walkrace
