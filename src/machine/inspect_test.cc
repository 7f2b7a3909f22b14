#include "machine/inspect.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "machine/machine_test_bed.h"

namespace walkrace {
namespace {

constexpr int kT0 = kFirstPteTable;
constexpr int kT2 = kFirstPteTable + 2;
constexpr uint16_t kHuge = kFirstHugeFrame + HPAGE_PMD_NR;  // the second huge folio
constexpr uint64_t kPresent = _PAGE_PRESENT | _PAGE_USER;

uint64_t TableEntry(int table) { return wr_pfn_bits(kTablePfnBase + table) | _PAGE_TABLE; }
uint64_t LeafEntry(uint64_t pfn, uint64_t bits) { return wr_pfn_bits(pfn) | bits; }

class Inspect : public ::testing::Test {
 protected:
  void SetUp() override { SetUpMachine(Layout(), *FindProfile("arm64")); }
};

std::string Name(const void* object) { return NameOf(LocationOf(object)); }
std::string Value(const void* object, uint64_t value) {
  return NameOfValue(LocationOf(object), value);
}

// --- Names -------------------------------------------------------------------------------------

TEST_F(Inspect, NamesEntriesByTheLevelOfTheirTable) {
  EXPECT_EQ(Name(&arena.tables[kPgdTable].entry[1]), "pgd[1]");
  EXPECT_EQ(Name(&arena.tables[kP4dTable].entry[2]), "p4d[2]");
  EXPECT_EQ(Name(&arena.tables[kPudTable].entry[3]), "pud[3]");
  EXPECT_EQ(Name(&arena.tables[kPmdTable].entry[0]), "pmd[0]");
  EXPECT_EQ(Name(&arena.tables[kT0].entry[0]), "T0.pte[0]");
  EXPECT_EQ(Name(&arena.tables[kT2].entry[7]), "T2.pte[7]");
}

TEST_F(Inspect, NamesTheFieldsOfPagesByTheirFolio) {
  EXPECT_EQ(Name(&arena.mem_map[5]._refcount), "folio5.refcount");
  EXPECT_EQ(Name(&arena.mem_map[5]._mapcount), "folio5.mapcount");
  EXPECT_EQ(Name(&arena.mem_map[5]._pincount), "folio5.pincount");
  EXPECT_EQ(Name(&arena.mem_map[5].flags), "folio5.flags");
  EXPECT_EQ(Name(&arena.mem_map[5].compound_head), "folio5.compound_head");
  EXPECT_EQ(Name(&arena.content[5]), "folio5.content");
  EXPECT_EQ(Name(&arena.mem_map[kHuge]._refcount), "folio40.refcount");
  EXPECT_EQ(Name(&arena.mem_map[kHuge + 3]._mapcount), "folio40+3.mapcount");
  EXPECT_EQ(Name(&arena.content[kHuge + 7]), "folio40+7.content");
}

TEST_F(Inspect, NamesLocksAndTheRest) {
  EXPECT_EQ(Name(&arena.mm[0].mmap_lock), "mmap_lock");
  EXPECT_EQ(Name(&arena.mm[0].page_table_lock), "pmd_lock");
  EXPECT_EQ(Name(&arena.ptl[kT2]), "T2.ptl");
  EXPECT_EQ(Name(&arena.mm[0].write_protect_seq), "write_protect_seq");
  EXPECT_EQ(Name(&arena.pmd_huge_pte[0][1]), "deposited[1]");
  EXPECT_EQ(NameOf(kNoLocation), "");
}

TEST_F(Inspect, NamesTablesAndFrames) {
  EXPECT_EQ(NameOfTable(kPgdTable), "pgd");
  EXPECT_EQ(NameOfTable(kP4dTable), "p4d");
  EXPECT_EQ(NameOfTable(kPudTable), "pud");
  EXPECT_EQ(NameOfTable(kPmdTable), "pmd");
  EXPECT_EQ(NameOfTable(kUpperTables + kPmdTable), "mm1.pmd");
  EXPECT_EQ(NameOfTable(kTablesMax - 1), "T15");
  EXPECT_EQ(NameOfFrame(31), "folio31");
  EXPECT_EQ(NameOfFrame(32), "folio32");
  EXPECT_EQ(NameOfFrame(39), "folio32+7");
  EXPECT_EQ(NameOfFrame(63), "folio56+7");
}

// What is not known as an object is still told apart, and no two places share a name: a reader
// could not tell which was meant.
TEST_F(Inspect, EveryPlaceOfTheArenaHasANameOfItsOwn) {
  std::map<std::string, LocationId> names;
  for (LocationId location = 0; location < sizeof(Arena) / 8; ++location) {
    const auto [other, is_new] = names.emplace(NameOf(location), location);
    EXPECT_TRUE(is_new) << "locations " << other->second << " and " << location << ": "
                        << other->first;
  }
  EXPECT_EQ(names.count(""), 0u);
}

TEST_F(Inspect, KnowsTheObjectAtEachPlace) {
  const Object& pte = ObjectAt(LocationOf(&arena.tables[kT2].entry[6]));
  EXPECT_EQ(pte.kind, ObjectKind::kPte);
  EXPECT_EQ(pte.frame, kT2);
  EXPECT_EQ(pte.index, 6);
  const Object& pmd = ObjectAt(LocationOf(&arena.tables[kPmdTable].entry[1]));
  EXPECT_EQ(pmd.kind, ObjectKind::kPmd);
  EXPECT_EQ(pmd.index, 1);
  const Object& count = ObjectAt(LocationOf(&arena.mem_map[kHuge]._refcount));
  EXPECT_EQ(count.kind, ObjectKind::kRefcount);
  EXPECT_EQ(count.frame, kHuge);
  EXPECT_EQ(ObjectAt(LocationOf(&arena.content[7])).kind, ObjectKind::kContent);
  EXPECT_EQ(ObjectAt(LocationOf(&arena.mm[0].mmap_lock)).kind, ObjectKind::kLock);
  EXPECT_EQ(ObjectAt(LocationOf(&arena.pmd_huge_pte[0][0])).kind, ObjectKind::kDeposit);
  EXPECT_EQ(ObjectAt(kNoLocation).kind, ObjectKind::kOther);
  EXPECT_EQ(ObjectAt(sizeof(Arena) / 8).kind, ObjectKind::kOther);
}

TEST_F(Inspect, EntriesAreTheFiveLevels) {
  int entries = 0;
  for (int kind = 0; kind < static_cast<int>(ObjectKind::kKindCount); ++kind) {
    entries += IsEntry(static_cast<ObjectKind>(kind));
  }
  EXPECT_EQ(entries, 5);
  EXPECT_TRUE(IsEntry(ObjectKind::kPgd) && IsEntry(ObjectKind::kPte));
}

// --- Values ------------------------------------------------------------------------------------

TEST_F(Inspect, NamesTheValuesOfEntries) {
  const void* const pmd = &arena.tables[kPmdTable].entry[0];
  EXPECT_EQ(Value(pmd, 0), "none");
  EXPECT_EQ(Value(pmd, TableEntry(kT2)), "T2");
  EXPECT_EQ(Value(pmd, pmd_val(pfn_pmd_huge(kHuge))), "folio40 ro");
  EXPECT_EQ(Value(pmd, pmd_val(pmd_mkwrite(pfn_pmd_huge(kHuge)))), "folio40 rw");
  const void* const pte = &arena.tables[kT0].entry[0];
  EXPECT_EQ(Value(pte, 0), "none");
  EXPECT_EQ(Value(pte, pte_val(pfn_pte(5))), "folio5 ro");
  EXPECT_EQ(Value(pte, pte_val(pte_mkwrite(pfn_pte(5)))), "folio5 rw");
  EXPECT_EQ(Value(pte, 0xdeaddeaddeadd000), "poison");
  EXPECT_EQ(Value(&arena.tables[kPudTable].entry[0], TableEntry(kPmdTable)), "pmd");
  EXPECT_EQ(Value(&arena.tables[kP4dTable].entry[0], TableEntry(kPudTable)), "pud");
  EXPECT_EQ(Value(&arena.tables[kPgdTable].entry[0], TableEntry(kP4dTable)), "p4d");
}

TEST_F(Inspect, NamesTheValuesOfLocks) {
  const void* const mmap_lock = &arena.mm[0].mmap_lock;
  EXPECT_EQ(Value(mmap_lock, 0), "free");
  EXPECT_EQ(Value(mmap_lock, 1), "1 reader");
  EXPECT_EQ(Value(mmap_lock, 3), "3 readers");
  EXPECT_EQ(Value(mmap_lock, WR_RW_WRITER), "writer");
  for (const void* lock : {static_cast<const void*>(&arena.mm[0].page_table_lock),
                           static_cast<const void*>(&arena.ptl[kT0])}) {
    EXPECT_EQ(Value(lock, 0), "free");
    EXPECT_EQ(Value(lock, 1), "CPU 0");
    EXPECT_EQ(Value(lock, 4), "CPU 3");
  }
}

TEST_F(Inspect, NamesTheOtherValues) {
  EXPECT_EQ(Value(&arena.pmd_huge_pte[0][0], 0), "none");
  EXPECT_EQ(Value(&arena.pmd_huge_pte[0][0], kTablePfnBase + kT2), "T2");
  EXPECT_EQ(Value(&arena.mem_map[5].compound_head, 0), "itself");
  EXPECT_EQ(Value(&arena.mem_map[kHuge + 1].compound_head, kHuge << 1 | 1), "folio40");
  EXPECT_EQ(Value(&arena.mem_map[5]._refcount, 1025), "1025");
  EXPECT_EQ(Value(&arena.mem_map[5]._refcount, static_cast<uint64_t>(-3)), "-3");
  EXPECT_EQ(Value(&arena.content[5], 42), "42");
  EXPECT_EQ(Value(&arena.mm[0].write_protect_seq, 7), "7");
  EXPECT_EQ(NameOfValue(kNoLocation, 7), "7");
}

// --- Entries -----------------------------------------------------------------------------------

constexpr ObjectKind kLevels[] = {ObjectKind::kPgd, ObjectKind::kP4d, ObjectKind::kPud,
                                  ObjectKind::kPmd, ObjectKind::kPte};

TEST(DecodeEntry, ZeroIsNoneAtEveryLevel) {
  for (ObjectKind level : kLevels) EXPECT_EQ(DecodeEntry(level, 0).kind, EntryView::kNone);
}

TEST(DecodeEntry, WhatIsNotPresentIsNothingThatOneCouldFollow) {
  for (ObjectKind level : kLevels) {
    EXPECT_EQ(DecodeEntry(level, 0xdeaddeaddeadd000).kind, EntryView::kOther);
    EXPECT_EQ(DecodeEntry(level, LeafEntry(5, _PAGE_RW | _PAGE_USER)).kind, EntryView::kOther);
  }
}

TEST(DecodeEntry, PteIsALeaf) {
  const EntryView writable = DecodeEntry(ObjectKind::kPte, LeafEntry(5, kPresent | _PAGE_RW));
  EXPECT_EQ(writable.kind, EntryView::kLeaf);
  EXPECT_TRUE(writable.writable);
  EXPECT_EQ(writable.frame, 5);
  const EntryView read_only = DecodeEntry(ObjectKind::kPte, LeafEntry(6, kPresent));
  EXPECT_EQ(read_only.kind, EntryView::kLeaf);
  EXPECT_FALSE(read_only.writable);
  EXPECT_EQ(DecodeEntry(ObjectKind::kPte, LeafEntry(7, _PAGE_PROTNONE)).kind, EntryView::kLeaf);
}

TEST(DecodeEntry, UpperLevelsPointToTablesUnlessTheyAreHuge) {
  for (ObjectKind level :
       {ObjectKind::kPgd, ObjectKind::kP4d, ObjectKind::kPud, ObjectKind::kPmd}) {
    const EntryView table = DecodeEntry(level, TableEntry(kT2));
    EXPECT_EQ(table.kind, EntryView::kTable);
    EXPECT_EQ(table.frame, kT2);
  }
  const EntryView huge = DecodeEntry(ObjectKind::kPmd, pmd_val(pmd_mkwrite(pfn_pmd_huge(kHuge))));
  EXPECT_EQ(huge.kind, EntryView::kLeaf);
  EXPECT_TRUE(huge.writable);
  EXPECT_EQ(huge.frame, kHuge);
}

TEST(DecodeEntry, FramesAndTablesThatAreNotThereAreNoLinks) {
  for (uint64_t pfn : {uint64_t{0}, uint64_t{kFramesMax}, kTablePfnBase, uint64_t{1} << 40}) {
    EXPECT_EQ(DecodeEntry(ObjectKind::kPte, LeafEntry(pfn, kPresent)).kind, EntryView::kOther)
        << pfn;
    EXPECT_EQ(DecodeEntry(ObjectKind::kPmd, LeafEntry(pfn, kPresent | _PAGE_PSE)).kind,
              EntryView::kOther)
        << pfn;
  }
  for (uint64_t pfn :
       {uint64_t{5}, kTablePfnBase - 1, kTablePfnBase + kTablesMax, uint64_t{1} << 40}) {
    EXPECT_EQ(DecodeEntry(ObjectKind::kPmd, LeafEntry(pfn, kPresent)).kind, EntryView::kOther)
        << pfn;
  }
}

// --- Translations and counts -------------------------------------------------------------------

Layout LayoutWith(PageState state) {
  Layout layout;
  for (PageState& page : layout.pages) page = state;
  return layout;
}

TEST(AreaPage, CountsPagesFromTheStartOfTheArea) {
  EXPECT_EQ(AreaPage(kAreaStart), 0);
  EXPECT_EQ(AreaPage(kAreaStart + kBytesPerPage - 1), 0);
  EXPECT_EQ(AreaPage(kAreaStart + kBytesPerPage), 1);
  EXPECT_EQ(AreaPage(kAreaStart + kPagesMax * kBytesPerPage - 1), kPagesMax - 1);
  EXPECT_EQ(AreaPage(kAreaStart + kPagesMax * kBytesPerPage), -1);
  EXPECT_EQ(AreaPage(AddressOfAreaPage(kPagesMax)), kPagesMax) << "of the other mm";
  EXPECT_EQ(AreaPage(AddressOfAreaPage(kAreaPages)), -1);
  EXPECT_EQ(AreaPage(kAreaStart - 1), -1);
  EXPECT_EQ(AreaPage(0), -1);
  EXPECT_EQ(AreaPage(UINT64_MAX), -1);
}

class TranslateTest : public ::testing::TestWithParam<int> {
 protected:
  void Begin(Layout layout) {
    layout.levels = GetParam();
    SetUpMachine(layout, *FindProfile("arm64"));
  }
};
INSTANTIATE_TEST_SUITE_P(Levels, TranslateTest, ::testing::Values(3, 4, 5));

TEST_P(TranslateTest, DefaultLayoutMapsTwoWritablePages) {
  Begin(Layout());
  EXPECT_EQ(Translate(0), (Translation{1, true, false}));
  EXPECT_EQ(Translate(1), (Translation{2, true, false}));
  for (int page = 2; page < kAreaPages; ++page) EXPECT_EQ(Translate(page), Translation()) << page;
}

TEST_P(TranslateTest, RightsAndHoles) {
  Layout layout = LayoutWith(PageState::kNone);
  layout.pages[3] = PageState::kReadOnly;
  layout.pages[7] = PageState::kWritable;
  layout.pages[15] = PageState::kReadOnly;
  Begin(layout);
  EXPECT_EQ(Translate(3), (Translation{1, false, false}));
  EXPECT_EQ(Translate(7), (Translation{2, true, false}));
  EXPECT_EQ(Translate(15), (Translation{3, false, false}));
  EXPECT_EQ(Translate(0), Translation());
  EXPECT_EQ(Translate(8), Translation());
}

TEST_P(TranslateTest, NothingMapped) {
  Begin(LayoutWith(PageState::kNone));
  for (int page = 0; page < kAreaPages; ++page) EXPECT_EQ(Translate(page), Translation()) << page;
}

TEST_P(TranslateTest, HugeRegions) {
  Layout layout = LayoutWith(PageState::kWritable);
  layout.huge[1] = true;
  Begin(layout);
  for (int page = 0; page < 8; ++page) {
    EXPECT_EQ(Translate(page), (Translation{static_cast<uint16_t>(1 + page), true, false}));
  }
  for (int page = 8; page < 16; ++page) {
    EXPECT_EQ(Translate(page),
              (Translation{static_cast<uint16_t>(kFirstHugeFrame + page - 8), true, true}));
  }
}

TEST_P(TranslateTest, ReadOnlyHugeRegion) {
  Layout layout = LayoutWith(PageState::kReadOnly);
  layout.huge[0] = layout.huge[1] = true;
  Begin(layout);
  EXPECT_EQ(Translate(2), (Translation{kFirstHugeFrame + 2, false, true}));
  EXPECT_EQ(Translate(9), (Translation{kFirstHugeFrame + 9, false, true}));
}

TEST_P(TranslateTest, FollowsWhatMemoryHoldsNow) {
  Begin(LayoutWith(PageState::kWritable));
  EntryOf(kT0, 2) = pte_val(pfn_pte(9));
  EXPECT_EQ(Translate(2), (Translation{9, false, false}));
  EntryOf(kT0, 2) = 0xdeaddeaddeadd000;
  EXPECT_EQ(Translate(2), Translation());
  EntryOf(kPmdTable, 0) = 0;
  EXPECT_EQ(Translate(1), Translation());
  EXPECT_NE(Translate(8), Translation());
  const int top = GetParam() == 3 ? kPudTable : kPgdTable;
  EntryOf(top, 0) = EntryOf(top, 1) = 0;
  EXPECT_EQ(Translate(8), Translation());
}

TEST_P(TranslateTest, PagesStartWithContentAndCountsOfTheirOwn) {
  Layout layout = LayoutWith(PageState::kWritable);
  layout.huge[1] = true;
  Begin(layout);
  for (int page = 0; page < kPagesMax; ++page) {
    const uint16_t pfn = Translate(page).pfn;
    EXPECT_EQ(ContentOf(pfn), 100u + page);
    const FolioCounts counts = CountsOf(pfn);
    EXPECT_EQ(counts.head, page < 8 ? pfn : kFirstHugeFrame);
    EXPECT_EQ(counts.pages, page < 8 ? 1 : 8);
    EXPECT_EQ(counts.refcount, 1);
    EXPECT_EQ(counts.pincount, 0);
    EXPECT_EQ(MapcountOf(pfn), page <= 8 ? 1 : 0) << "the head's serves the huge mapping";
    EXPECT_FALSE(FrameIsFree(pfn));
  }
  EXPECT_TRUE(FrameIsFree(9));
  EXPECT_TRUE(FrameIsFree(kHuge));
  EXPECT_EQ(CountsOf(9).refcount, 0);
}

}  // namespace
}  // namespace walkrace
