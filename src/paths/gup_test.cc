// GUP-fast and its slow path: which pages, which counts, and when it falls back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/locking.h"
#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kBias = GUP_PIN_COUNTING_BIAS;

// --- The fast path -----------------------------------------------------------------------------

class GupFast : public ::testing::TestWithParam<int> {
 protected:
  void Begin(Layout layout) {
    layout.levels = GetParam();
    SetUpPaths(layout);
  }
};
INSTANTIATE_TEST_SUITE_P(Levels, GupFast, ::testing::Values(3, 4, 5));

TEST_P(GupFast, GetsOnePage) {
  Begin(LayoutOf("ww------"));
  Got got;
  const RecordedRun run = RunOnMachine([&] { got = Gup(1, 1, FOLL_GET); });
  EXPECT_THAT(got.Pfns(), ElementsAre(2));
  EXPECT_EQ(RefcountOf(2), 2);
  EXPECT_EQ(RefcountOf(1), 1);
  EXPECT_FALSE(TookMmapLock(run));
}

TEST_P(GupFast, PinsWithTheBias) {
  Begin(LayoutOf("ww------"));
  Got got;
  const RecordedRun run = RunOnMachine([&] { got = Gup(0, 1, FOLL_PIN | FOLL_WRITE); });
  EXPECT_THAT(got.Pfns(), ElementsAre(1));
  EXPECT_EQ(RefcountOf(1), 1 + kBias);
  EXPECT_EQ(PincountOf(1), 0) << "of large folios only";
  EXPECT_FALSE(TookMmapLock(run));
}

TEST_P(GupFast, GetsABatch) {
  Begin(LayoutOf("wwwwwwww"));
  Got got;
  RunOnMachine([&] { got = Gup(2, 4, FOLL_GET); });
  EXPECT_THAT(got.Pfns(), ElementsAre(3, 4, 5, 6));
  for (uint16_t pfn = 1; pfn <= 8; ++pfn) EXPECT_EQ(RefcountOf(pfn), pfn >= 3 && pfn <= 6 ? 2 : 1);
}

TEST_P(GupFast, CrossesFromBasePagesIntoAHugePage) {
  Begin(LayoutOf("------ww", "W"));
  Got got;
  const RecordedRun run = RunOnMachine([&] { got = Gup(6, 5, FOLL_PIN | FOLL_WRITE); });
  EXPECT_THAT(got.Pfns(), ElementsAre(1, 2, kHuge, kHuge + 1, kHuge + 2));
  EXPECT_EQ(RefcountOf(2), 1 + kBias);
  EXPECT_EQ(RefcountOf(kHuge), 4);
  EXPECT_EQ(PincountOf(kHuge), 3);
  EXPECT_FALSE(TookMmapLock(run));
}

TEST_P(GupFast, GetsTheLastPageOfTheArea) {
  Begin(LayoutOf("--------", "-------r"));
  Got got;
  RunOnMachine([&] { got = Gup(15, 1, FOLL_GET); });
  EXPECT_THAT(got.Pfns(), ElementsAre(1));
}

TEST_P(GupFast, HugeLeafIsOneReferenceAPageOnTheHead) {
  Begin(LayoutOf("W"));
  Got got;
  const RecordedRun run = RunOnMachine([&] { got = Gup(2, 3, FOLL_GET); });
  EXPECT_THAT(got.Pfns(), ElementsAre(kHuge + 2, kHuge + 3, kHuge + 4));
  EXPECT_EQ(RefcountOf(kHuge), 4);
  EXPECT_EQ(PincountOf(kHuge), 0);
  EXPECT_FALSE(TookMmapLock(run));
}

TEST_P(GupFast, HugeLeafCountsPinsApart) {
  Begin(LayoutOf("W"));
  RunOnMachine([&] { (void)Gup(0, 8, FOLL_PIN | FOLL_WRITE); });
  EXPECT_EQ(RefcountOf(kHuge), 9);
  EXPECT_EQ(PincountOf(kHuge), 8);
}

TEST_P(GupFast, ReadOnlyPagesAreGivenToReaders) {
  Begin(LayoutOf("rw------", "R"));
  const RecordedRun run = RunOnMachine([&] {
    EXPECT_THAT(Gup(0, 2, FOLL_GET).Pfns(), ElementsAre(1, 2));
    EXPECT_THAT(Gup(9, 1, FOLL_PIN).Pfns(), ElementsAre(kHuge + 1));
  });
  EXPECT_FALSE(TookMmapLock(run));
  EXPECT_FALSE(Translate(0).writable);
  EXPECT_FALSE(Translate(9).writable);
}

// ORDER(D irq-off-walk): every entry is read between the two.
TEST_P(GupFast, WalksWithInterruptsOff) {
  Begin(LayoutOf("ww------", "W"));
  const RecordedRun run = RunOnMachine([&] {
    (void)Gup(0, 2, FOLL_PIN);
    EXPECT_FALSE(irqs_disabled());
    (void)Gup(8, 1, FOLL_GET);
    EXPECT_FALSE(irqs_disabled());
  });
  bool off = false;
  int entries = 0;
  for (const Event& event : run.events) {
    if (event.kind == EventKind::kIrqOff || event.kind == EventKind::kIrqOn) {
      EXPECT_NE(off, event.kind == EventKind::kIrqOff);
      off = event.kind == EventKind::kIrqOff;
    }
    if (event.kind == EventKind::kNote || !IsEntry(ObjectAt(event.location).kind)) continue;
    EXPECT_TRUE(off) << NameOf(event.location);
    ++entries;
  }
  EXPECT_FALSE(off);
  // pgd to pmd (folded, the pgd entry is read as the p4d again), then for each pte a load and the
  // re-reads of pmd and pte; the huge leaf's re-read.
  EXPECT_EQ(entries, (4 + 2 * 3) + (4 + 1));
}

TEST_P(GupFast, TellsWhatItReturns) {
  Begin(LayoutOf("ww------"));
  const RecordedRun run = RunOnMachine([&] { (void)Gup(0, 2, FOLL_PIN | FOLL_WRITE); });
  std::vector<std::string> said;
  for (const Event& event : run.events) {
    if (event.kind != EventKind::kNote || event.detail == WR_NOTE_ENTRY_CHECKED) continue;
    said.push_back(std::to_string(event.detail) + ":" + std::to_string(event.before));
  }
  const auto note = [](wr_note_kind kind, uint64_t value) {
    return std::to_string(kind) + ":" + std::to_string(value);
  };
  EXPECT_THAT(said,
              ElementsAre(note(WR_NOTE_GUP_BEGIN, AddressOfPage(0)),
                          note(WR_NOTE_PAGE_KEPT, AddressOfPage(0)),
                          note(WR_NOTE_PAGE_KEPT, AddressOfPage(1)),
                          note(WR_NOTE_PAGE_RETURNED, AddressOfPage(0)),
                          note(WR_NOTE_PAGE_RETURNED, AddressOfPage(1)), note(WR_NOTE_GUP_END, 2)));
}

// For each entry that it tests: the value, before it reads the entry again.
TEST_P(GupFast, TellsWhatItTested) {
  Begin(LayoutOf("w-------", "W"));
  const uint64_t table = EntryOf(kPmdTable, 0);
  const uint64_t leaf = EntryOf(kFirstPteTable, 0);
  const uint64_t huge = EntryOf(kPmdTable, 1);
  const RecordedRun run = RunOnMachine([&] {
    (void)Gup(0, 1, FOLL_GET);
    (void)Gup(8, 2, FOLL_GET);
  });
  std::vector<std::string> said;
  for (const Event& event : run.events) {
    if (event.kind != EventKind::kNote || event.detail != WR_NOTE_ENTRY_CHECKED) continue;
    said.push_back(NameOf(event.location) + " " + std::to_string(event.after));
  }
  EXPECT_THAT(said,
              ElementsAre("pmd[0] " + std::to_string(table), "T0.pte[0] " + std::to_string(leaf),
                          "pmd[1] " + std::to_string(huge)));
}

// --- The slow path -----------------------------------------------------------------------------

class GupSlow : public GupFast {};
INSTANTIATE_TEST_SUITE_P(Levels, GupSlow, ::testing::Values(4, 5));

TEST_P(GupSlow, FaultsInAHoleInTheMiddle) {
  Begin(LayoutOf("w-w-----"));
  Got got;
  const RecordedRun run = RunOnMachine([&] { got = Gup(0, 3, FOLL_PIN | FOLL_WRITE); });
  EXPECT_THAT(got.Pfns(), ElementsAre(1, 3, 2)) << "3 is the first free frame";
  EXPECT_TRUE(TookMmapLock(run));
  EXPECT_EQ(Translate(1), (Translation{3, true, false}));
  EXPECT_EQ(ContentOf(3), 0u);
  for (uint16_t pfn = 1; pfn <= 3; ++pfn) {
    EXPECT_EQ(RefcountOf(pfn), 1 + kBias) << pfn;
    EXPECT_EQ(MapcountOf(pfn), 1) << pfn;
  }
}

TEST_P(GupSlow, FaultsInATable) {
  Begin(LayoutOf("--------"));
  Got got;
  RunOnMachine([&] { got = Gup(7, 2, FOLL_GET); });
  EXPECT_THAT(got.Pfns(), ElementsAre(1, 2));
  EXPECT_EQ(Translate(7).pfn, 1);
  EXPECT_EQ(Translate(8).pfn, 2);
  EXPECT_EQ(RefcountOf(1), 2);
}

TEST_P(GupSlow, AReadOnlyPageBecomesWritableForAWriter) {
  Begin(LayoutOf("r-------"));
  Got got;
  const RecordedRun run = RunOnMachine([&] { got = Gup(0, 1, FOLL_PIN | FOLL_WRITE); });
  EXPECT_THAT(got.Pfns(), ElementsAre(1));
  EXPECT_TRUE(TookMmapLock(run));
  EXPECT_EQ(Translate(0), (Translation{1, true, false})) << "the same page";
  EXPECT_EQ(ContentOf(1), 100u);
  EXPECT_EQ(RefcountOf(1), 1 + kBias);
}

TEST_P(GupSlow, AReadOnlyHugePageBecomesWritableForAWriter) {
  Begin(LayoutOf("R"));
  Got got;
  const RecordedRun run = RunOnMachine([&] { got = Gup(3, 2, FOLL_PIN | FOLL_WRITE); });
  EXPECT_THAT(got.Pfns(), ElementsAre(kHuge + 3, kHuge + 4));
  EXPECT_TRUE(TookMmapLock(run));
  EXPECT_EQ(Translate(0), (Translation{kHuge, true, true}));
  EXPECT_EQ(RefcountOf(kHuge), 3);
  EXPECT_EQ(PincountOf(kHuge), 2);
}

TEST_P(GupSlow, KeepsWhatTheFastPathGot) {
  Begin(LayoutOf("wr------"));
  Got got;
  RunOnMachine([&] { got = Gup(0, 2, FOLL_GET | FOLL_WRITE); });
  EXPECT_THAT(got.Pfns(), ElementsAre(1, 2));
  EXPECT_EQ(RefcountOf(1), 2) << "taken once, not again by the slow path";
  EXPECT_EQ(RefcountOf(2), 2);
}

TEST_P(GupSlow, GivesWhatItHasWhenMemoryRunsOut) {
  Begin(LayoutOf("w-w-----"));
  Got got;
  RunOnMachine([&] {
    while (folio_alloc(0) != nullptr) {
    }
    got = Gup(0, 3, FOLL_GET);
  });
  EXPECT_THAT(got.Pfns(), ElementsAre(1)) << "not the page behind the hole";
  EXPECT_EQ(RefcountOf(2), 1);
}

TEST_P(GupSlow, GivesNothingWhereAnUpperLevelIsMissing) {
  Begin(LayoutOf("w-------"));
  Got got;
  const RecordedRun run = RunOnMachine([&] {
    for (unsigned long& entry : arena.tables[kPudTable].entry) entry = 0;
    got = Gup(0, 1, FOLL_GET);
  });
  EXPECT_THAT(got.Pfns(), IsEmpty());
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
}

TEST_P(GupSlow, TakesMmapLockWithInterruptsOn) {
  Begin(LayoutOf("w-------"));
  const RecordedRun run = RunOnMachine([&] { (void)Gup(0, 2, FOLL_GET); });
  bool off = false;
  for (const Event& event : run.events) {
    if (event.kind == EventKind::kIrqOff) off = true;
    if (event.kind == EventKind::kIrqOn) off = false;
    if (event.kind == EventKind::kLock) EXPECT_FALSE(off) << NameOf(event.location);
  }
  EXPECT_EQ(arena.mm[0].mmap_lock.word, 0u);
  EXPECT_EQ(arena.mm[0].page_table_lock.word, 0u);
}

// --- Fork in progress --------------------------------------------------------------------------

// An odd count: fork write-protects right now. A pin must not be taken without mmap_lock.
TEST_P(GupSlow, PinsWaitForForkAndGetsDoNot) {
  Begin(LayoutOf("w-------"));
  arena.mm[0].write_protect_seq.sequence = 1;
  const RecordedRun pin = RunOnMachine([&] { (void)Gup(0, 1, FOLL_PIN); });
  EXPECT_TRUE(TookMmapLock(pin));
  EXPECT_FALSE(Has(pin, EventKind::kIrqOff));
  EXPECT_EQ(RefcountOf(1), 1 + kBias);

  Begin(LayoutOf("w-------"));
  arena.mm[0].write_protect_seq.sequence = 1;
  const RecordedRun get = RunOnMachine([&] { (void)Gup(0, 1, FOLL_GET); });
  EXPECT_FALSE(TookMmapLock(get));
  EXPECT_EQ(RefcountOf(1), 2);
}

TEST_P(GupSlow, PutsBackWhatItPinnedWhileForkBegan) {
  Begin(LayoutOf("ww------"));
  Got got;
  HandOvers schedule({{0, "lockless_pages_from_mm", EventKind::kIrqOn, nullptr, 1}});
  const RecordedRun run = RunOnMachine(schedule, 2, [&](CpuId cpu) {
    if (cpu == 0) {
      got = Gup(0, 2, FOLL_PIN);
    } else {
      raw_write_seqcount_begin(&MachineMm()->write_protect_seq);
      raw_write_seqcount_end(&MachineMm()->write_protect_seq);
    }
  });
  EXPECT_TRUE(schedule.done());
  EXPECT_THAT(got.Pfns(), ElementsAre(1, 2));
  EXPECT_TRUE(TookMmapLock(run));
  EXPECT_EQ(RefcountOf(1), 1 + kBias) << "one pin, not two";
  EXPECT_EQ(RefcountOf(2), 1 + kBias);
}

// --- Putting back ------------------------------------------------------------------------------

TEST(Unpin, RestoresTheCounts) {
  SetUpPaths(LayoutOf("ww------", "W"));
  RunOnMachine([] {
    const Got pinned = Gup(0, 1, FOLL_PIN);
    unpin_user_page(pinned.pages[0], AddressOfPage(0));
    EXPECT_EQ(RefcountOf(1), 1);
    const Got got = Gup(1, 1, FOLL_GET);
    put_user_page(got.pages[0], AddressOfPage(1));
    EXPECT_EQ(RefcountOf(2), 1);
    const Got huge = Gup(10, 2, FOLL_PIN);
    unpin_user_page(huge.pages[1], AddressOfPage(11));
    EXPECT_EQ(RefcountOf(kHuge), 2);
    EXPECT_EQ(PincountOf(kHuge), 1);
    unpin_user_page(huge.pages[0], AddressOfPage(10));
    EXPECT_EQ(RefcountOf(kHuge), 1);
    EXPECT_EQ(PincountOf(kHuge), 0);
  });
}

TEST(Unpin, TwoPinsOfOnePageAreTwo) {
  SetUpPaths(LayoutOf("w-------"));
  RunOnMachine([] {
    const Got first = Gup(0, 1, FOLL_PIN);
    const Got second = Gup(0, 1, FOLL_PIN);
    EXPECT_EQ(RefcountOf(1), 1 + 2 * kBias);
    unpin_user_page(first.pages[0], AddressOfPage(0));
    EXPECT_EQ(RefcountOf(1), 1 + kBias);
    unpin_user_page(second.pages[0], AddressOfPage(0));
    EXPECT_EQ(RefcountOf(1), 1);
  });
}

// B2: a count of half the range or more is negative, and is given no more references by any walk.
TEST(TryGrabFolio, RefusesANegativeCount) {
  SetUpPaths(LayoutOf("w-------"));
  const RecordedRun run = RunOnMachine([&] {
    for (int i = 0; i < 4; ++i) EXPECT_EQ(Gup(0, 1, FOLL_PIN | FOLL_WRITE).nr, 1);
    EXPECT_EQ(RefcountOf(1), 1 + 4 * kBias);
    EXPECT_LT(wr_ref_value(RefcountOf(1)), 0);
    EXPECT_EQ(Gup(0, 1, FOLL_PIN | FOLL_WRITE).nr, 0);
    EXPECT_EQ(Gup(0, 1, FOLL_GET).nr, 0);
  });
  EXPECT_TRUE(TookMmapLock(run)) << "the slow path says -ENOMEM";
  EXPECT_EQ(RefcountOf(1), 1 + 4 * kBias);
}

// What a driver maps without a page behind it: remap_pfn_range().
TEST(GupPteRange, BacksOffFromASpecialEntry) {
  SetUpPaths(LayoutOf("ww------"));
  EntryOf(kFirstPteTable, 0) |= _PAGE_SPECIAL;
  const RecordedRun run = RunOnMachine([] {
    EXPECT_EQ(Gup(0, 1, FOLL_GET).nr, 0);
    EXPECT_EQ(Gup(1, 1, FOLL_GET).nr, 1);
  });
  EXPECT_TRUE(TookMmapLock(run)) << "which has none for it either";
  EXPECT_EQ(RefcountOf(1), 1);
}

// D1: across the end of a pud entry with three levels, folded at build time or at run time.
TEST(GupPudRange, StaysInTheTableWhereLevelsAreFolded) {
  Layout layout = LayoutOf("-------w", "wwwwwwww");
  layout.backing[1] = Backing::kHugetlb;
  layout.levels = 3;
  for (const bool cut : {false, true}) {
    for (const char* profile : {"arm64", "s390"}) {
      SCOPED_TRACE(profile);
      SetUpPaths(layout, profile);
      if (cut) SetCuts({"offset-lockless"});
      const RecordedRun run =
          RunOnMachine([] { EXPECT_THAT(Gup(7, 2, FOLL_GET).Pfns(), ElementsAre(1, kHuge)); });
      bool stack = false;
      for (const Event& event : run.events) stack |= NameOf(event.location) == "stack[1]";
      const bool bites = cut && std::strcmp(profile, "s390") == 0;
      EXPECT_EQ(stack, bites);
      EXPECT_EQ(TookMmapLock(run), bites) << "what stands there is no entry";
    }
  }
  SetCuts({});
}

// --- Against a mutator -------------------------------------------------------------------------

// The page goes between the walker's load of the pte and its reference: the count is zero by then.
TEST(TryGrabFolio, TakesNoReferenceOnAFreeFolio) {
  SetUpPaths(LayoutOf("w-------"));
  Got got;
  HandOvers schedule({{0, "try_get_folio", EventKind::kLoad, "folio1.compound_head", 1}});
  const RecordedRun run = RunOnMachine(schedule, 2, [&](CpuId cpu) {
    if (cpu == 0) {
      got = Gup(0, 1, FOLL_GET);
    } else {
      madvise_dontneed(MachineMm(), AddressOfPage(0), AddressOfPage(1), 0);
    }
  });
  EXPECT_TRUE(schedule.done());
  EXPECT_TRUE(TookMmapLock(run));
  EXPECT_THAT(got.Pfns(), ElementsAre(1)) << "a fresh page in the same frame";
  EXPECT_EQ(ContentOf(1), 0u);
  EXPECT_EQ(RefcountOf(1), 2);
}

TEST(GupPteRange, PutsTheReferenceBackWhenThePteChanged) {
  SetUpPaths(LayoutOf("ww------"));
  Got got;
  HandOvers schedule({{0, "gup_pte_range", EventKind::kLoad, "pmd[0]", 1}});
  RunOnMachine(schedule, 2, [&](CpuId cpu) {
    if (cpu == 0) {
      got = Gup(0, 1, FOLL_PIN | FOLL_WRITE);
    } else {
      madvise_dontneed(MachineMm(), AddressOfPage(0), AddressOfPage(1), 0);
    }
  });
  EXPECT_TRUE(schedule.done());
  // The walker's reference was the last: the frame is freed, and taken again by the fault.
  EXPECT_THAT(got.Pfns(), ElementsAre(1));
  EXPECT_EQ(ContentOf(1), 0u) << "a fresh page";
  EXPECT_EQ(Translate(0).pfn, 1);
  EXPECT_EQ(RefcountOf(1), 1 + kBias);
}

TEST(GupPteRange, PutsTheReferenceBackWhenThePmdChanged) {
  SetUpPaths(LayoutOf("ww------"));
  Got got;
  HandOvers schedule({{0, "gup_pte_range", EventKind::kLoad, "pmd[0]", 1}});
  RunOnMachine(schedule, 2, [&](CpuId cpu) {
    if (cpu == 0) {
      got = Gup(0, 1, FOLL_PIN | FOLL_WRITE);
    } else {
      EntryOf(kPmdTable, 0) |= 1ul << 9;  // anything else than before
      smp_mb();
    }
  });
  EXPECT_TRUE(schedule.done());
  EXPECT_THAT(got.Pfns(), ElementsAre(1)) << "by the slow path";
  EXPECT_EQ(RefcountOf(1), 1 + kBias) << "one pin, not two";
}

TEST(GupHugePmd, PutsTheReferencesBackWhenThePmdChanged) {
  SetUpPaths(LayoutOf("W"));
  Got got;
  HandOvers schedule({{0, "gup_huge_pmd", EventKind::kLoad, "pmd[0]", 1}});
  RunOnMachine(schedule, 2, [&](CpuId cpu) {
    if (cpu == 0) {
      got = Gup(0, 3, FOLL_PIN | FOLL_WRITE);
    } else {
      madvise_dontneed(MachineMm(), AddressOfPage(0), AddressOfPage(8), 0);
    }
  });
  EXPECT_TRUE(schedule.done());
  EXPECT_TRUE(FrameIsFree(kHuge));
  EXPECT_EQ(RefcountOf(kHuge), 0);
  EXPECT_EQ(PincountOf(kHuge), 0);
  EXPECT_THAT(got.Pfns(), ElementsAre(1, 2, 3));
}

// --- gup_huge_pud --------------------------------------------------------------------------------

// Hugetlb's page of PUD size is the second region.
Layout PudLayout(const char* region = "wwwwwwww") {
  Layout layout = LayoutOf("------ww", region);
  layout.backing[1] = Backing::kHugetlbPud;
  return layout;
}

TEST(GupHugePud, TakesOneBatchAcrossThePudsBegin) {
  for (const int levels : {3, 4, 5}) {
    for (const unsigned flags : {FOLL_GET, FOLL_PIN | FOLL_WRITE}) {
      Layout layout = PudLayout();
      layout.levels = levels;
      SetUpPaths(layout);
      Got got;
      const RecordedRun run = RunOnMachine([&] { got = Gup(7, 4, flags); });
      EXPECT_THAT(got.Pfns(), ElementsAre(2, kHuge, kHuge + 1, kHuge + 2));
      EXPECT_EQ(RefcountOf(kHuge), 2 + 3);
      EXPECT_EQ(PincountOf(kHuge), (flags & FOLL_PIN) != 0 ? 3 : 0);
      EXPECT_FALSE(TookMmapLock(run));
    }
  }
}

TEST(GupHugePud, LeavesAWriteThroughAReadOnlyLeafToTheFault) {
  SetUpPaths(PudLayout("rrrrrrrr"));
  Got got;
  const RecordedRun run = RunOnMachine([&got] { got = Gup(9, 1, FOLL_PIN | FOLL_WRITE); });
  EXPECT_THAT(got.Pfns(), ElementsAre(kHuge + 1));
  EXPECT_TRUE(TookMmapLock(run));
  EXPECT_TRUE(Translate(9).writable);
}

// The region is unmapped before the re-read, and anonymous after that.
TEST(GupHugePud, PutsTheReferencesBackWhenThePudChanged) {
  for (const bool cut : {false, true}) {
    SetUpPaths(PudLayout());
    if (cut) SetCuts({"huge-pud-recheck"});
    Got got;
    HandOvers schedule({cut ? HandOver{0, "folio_fast_pin_allowed", EventKind::kLoad, nullptr, 1}
                            : HandOver{0, "gup_huge_pud", EventKind::kLoad, "pud[2]", 1}});
    RunOnMachine(schedule, 2, [&](CpuId cpu) {
      if (cpu == 0) {
        got = Gup(8, 2, FOLL_PIN | FOLL_WRITE | FOLL_LONGTERM);
      } else {
        mmap_over_hugetlb(MachineMm(), AddressOfPage(8), AddressOfPage(16), 0);
      }
    });
    EXPECT_TRUE(schedule.done());
    EXPECT_EQ(FrameIsFree(kHuge), !cut);
    EXPECT_EQ(RefcountOf(kHuge), cut ? 2 : 0);
    EXPECT_EQ(PincountOf(kHuge), cut ? 2 : 0);
    EXPECT_EQ(got.nr, 2);
    EXPECT_EQ(got.pages[0] == pfn_to_page(kHuge), cut);
    SetCuts({});
  }
}

}  // namespace
}  // namespace walkrace
