// Folios and tables: who gets which, and what a freed one looks like.
#include "machine/allocator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <vector>

#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "kernel/tlb.h"
#include "machine/machine_test_bed.h"

namespace walkrace {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

constexpr uint64_t kFreedContent = 0xdeadbeefdeadbeef;

class AllocatorTest : public ::testing::Test {
 protected:
  void SetUp() override { SetUpMachine(Layout(), *FindProfile("arm64")); }
};

using TableTest = AllocatorTest;

// The notes of a run about folios or tables: what, and which.
std::vector<std::pair<int, uint64_t>> NotesOf(const RecordedRun& run) {
  std::vector<std::pair<int, uint64_t>> notes;
  for (const Event& event : run.events) {
    if (event.kind == EventKind::kNote) notes.emplace_back(event.detail, event.before);
  }
  return notes;
}

TEST_F(AllocatorTest, AFreshFolioHasOneReferenceAndZeroedContent) {
  unsigned long pfn = 0;
  const RecordedRun run = RunOnMachine([&] { pfn = folio_pfn(folio_alloc(0)); });
  EXPECT_EQ(pfn, 3u) << "the default layout has taken 1 and 2";
  EXPECT_EQ(CountsOf(pfn).refcount, 1);
  EXPECT_EQ(MapcountOf(pfn), 0);
  EXPECT_EQ(ContentOf(pfn), 0u);
  EXPECT_FALSE(FrameIsFree(pfn));
  EXPECT_THAT(NotesOf(run), ElementsAre(Pair(WR_NOTE_FOLIO_ALLOC, 3)));
}

TEST_F(AllocatorTest, AHugeFolioIsEightPagesOfOneHead) {
  unsigned long pfn = 0;
  RunOnMachine([&] { pfn = folio_pfn(folio_alloc(HPAGE_PMD_ORDER)); });
  EXPECT_EQ(pfn, static_cast<unsigned long>(kFirstHugeFrame));
  for (unsigned i = 0; i < HPAGE_PMD_NR; ++i) {
    EXPECT_FALSE(FrameIsFree(pfn + i));
    EXPECT_EQ(ContentOf(pfn + i), 0u);
    EXPECT_EQ(CountsOf(pfn + i).head, pfn);
    EXPECT_EQ(CountsOf(pfn + i).refcount, 1);
  }
  EXPECT_EQ(folio_nr_pages(reinterpret_cast<folio*>(pfn_to_page(pfn))), HPAGE_PMD_NR);
  EXPECT_EQ(folio_nr_pages(reinterpret_cast<folio*>(pfn_to_page(1))), 1ul);
}

TEST_F(AllocatorTest, TheLastReferenceFreesAndPoisons) {
  unsigned long pfn = 0;
  const RecordedRun run = RunOnMachine([&] {
    folio* made = folio_alloc(0);
    pfn = folio_pfn(made);
    folio_get(made);
    folio_put(made);
    EXPECT_FALSE(FrameIsFree(pfn));
    folio_put(made);
    EXPECT_TRUE(FrameIsFree(pfn));
  });
  EXPECT_EQ(CountsOf(pfn).refcount, 0);
  EXPECT_EQ(ContentOf(pfn), kFreedContent);
  EXPECT_THAT(NotesOf(run),
              ElementsAre(Pair(WR_NOTE_FOLIO_ALLOC, pfn), Pair(WR_NOTE_FOLIO_FREE, pfn)));
}

TEST_F(AllocatorTest, FreedFoliosAreReusedLastInFirstOut) {
  RunOnMachine([&] {
    folio* first = folio_alloc(0);
    folio* second = folio_alloc(0);
    folio* huge = folio_alloc(HPAGE_PMD_ORDER);
    folio_put(first);
    folio_put(huge);
    folio_put(second);
    EXPECT_EQ(folio_alloc(0), second);
    EXPECT_EQ(folio_alloc(0), first);
    EXPECT_EQ(folio_alloc(HPAGE_PMD_ORDER), huge);
    EXPECT_EQ(ContentOf(folio_pfn(first)), 0u) << "zeroed again";
  });
}

TEST_F(AllocatorTest, RunsOutOfBasePagesAndComesBack) {
  RunOnMachine([] {
    folio* last = nullptr;
    int count = 0;
    for (folio* next = folio_alloc(0); next != nullptr; next = folio_alloc(0)) {
      last = next;
      ++count;
    }
    EXPECT_EQ(count, kFirstHugeFrame - 1 - 2);
    EXPECT_EQ(folio_alloc(0), nullptr);
    EXPECT_NE(folio_alloc(HPAGE_PMD_ORDER), nullptr) << "huge pages are kept apart";
    folio_put(last);
    EXPECT_EQ(folio_alloc(0), last);
    EXPECT_EQ(folio_alloc(0), nullptr);
  });
}

TEST_F(AllocatorTest, RunsOutOfHugePages) {
  RunOnMachine([] {
    for (int i = 0; i < (kFramesMax - kFirstHugeFrame) / 8; ++i) {
      EXPECT_NE(folio_alloc(HPAGE_PMD_ORDER), nullptr);
    }
    EXPECT_EQ(folio_alloc(HPAGE_PMD_ORDER), nullptr);
    EXPECT_NE(folio_alloc(0), nullptr);
  });
}

// A count that was wrongly raised from zero is dropped to zero a second time. The oracle has its
// finding by then; the lists must not hold the frame twice.
TEST_F(AllocatorTest, ASecondFreeChangesNothing) {
  const RecordedRun run = RunOnMachine([] {
    folio* made = folio_alloc(0);
    folio_put(made);
    folio_get(made);
    folio_put(made);
    EXPECT_EQ(folio_alloc(0), made);
    EXPECT_NE(folio_alloc(0), made);
  });
  int frees = 0;
  for (const auto& [what, which] : NotesOf(run)) frees += what == WR_NOTE_FOLIO_FREE;
  EXPECT_EQ(frees, 1);
}

TEST_F(AllocatorTest, EachRunStartsFromTheSameState) {
  const auto before = std::make_unique<Arena>();
  std::memcpy(before.get(), &arena, sizeof(Arena));
  std::vector<unsigned long> taken[2];
  for (auto& pfns : taken) {
    RunOnMachine([&] {
      for (int i = 0; i < 4; ++i) pfns.push_back(folio_pfn(folio_alloc(0)));
      folio_put(reinterpret_cast<folio*>(pfn_to_page(pfns[1])));
      (void)pte_alloc_one(MachineMm());
    });
    SetUpMachine(Layout(), *FindProfile("arm64"));
    EXPECT_EQ(std::memcmp(before.get(), &arena, sizeof(Arena)), 0);
  }
  EXPECT_EQ(taken[0], taken[1]);
}

TEST_F(AllocatorTest, ALayoutLeavesNothingToTheNext) {
  const auto before = std::make_unique<Arena>();
  std::memcpy(before.get(), &arena, sizeof(Arena));
  Layout other;
  other.levels = 5;
  other.huge[1] = true;
  for (int page = 8; page < 16; ++page) other.pages[page] = PageState::kReadOnly;
  SetUpMachine(other, *FindProfile("x86-64"));
  EXPECT_EQ(&ActiveProfile(), FindProfile("x86-64"));
  EXPECT_NE(std::memcmp(before.get(), &arena, sizeof(Arena)), 0);
  SetUpMachine(Layout(), *FindProfile("arm64"));
  EXPECT_EQ(std::memcmp(before.get(), &arena, sizeof(Arena)), 0);
}

// --- Tables ------------------------------------------------------------------------------------

TEST_F(TableTest, AFreshTableIsEmptyWhateverItHeld) {
  const RecordedRun run = RunOnMachine([] {
    pgtable_t table = pte_alloc_one(MachineMm());
    EXPECT_EQ(table, &arena.tables[kFirstPteTable + 1]) << "the layout has taken T0";
    table->entry[3] = 77;
    pte_free(MachineMm(), table);
    EXPECT_EQ(pte_alloc_one(MachineMm()), table) << "last in, first out";
    for (unsigned long entry : table->entry) EXPECT_EQ(entry, 0u);
  });
  const uint64_t pfn = kTablePfnBase + kFirstPteTable + 1;
  EXPECT_THAT(NotesOf(run),
              ElementsAre(Pair(WR_NOTE_TABLE_ALLOC, pfn), Pair(WR_NOTE_TABLE_FREE, pfn),
                          Pair(WR_NOTE_TABLE_ALLOC, pfn)));
}

// A walker that reads a freed table finds nothing that it could follow, and nothing that looks
// like an empty entry either.
TEST_F(TableTest, AFreedTableIsPoisoned) {
  RunOnMachine([] {
    pgtable_t table = pte_alloc_one(MachineMm());
    pte_free(MachineMm(), table);
    for (unsigned long entry : table->entry) {
      EXPECT_FALSE(pte_none(__pte(entry)));
      EXPECT_FALSE(pte_present(__pte(entry)));
      EXPECT_FALSE(pmd_present(__pmd(entry)));
      EXPECT_FALSE(pmd_trans_huge(__pmd(entry)));
      EXPECT_EQ(DecodeEntry(ObjectKind::kPte, entry).kind, EntryView::kOther);
    }
  });
}

TEST_F(TableTest, RunsOutOfTables) {
  RunOnMachine([] {
    for (int i = 0; i < kTablesMax - kFirstPteTable - 1; ++i) {
      EXPECT_NE(pte_alloc_one(MachineMm()), nullptr);
    }
    EXPECT_EQ(pte_alloc_one(MachineMm()), nullptr);
    pte_free(MachineMm(), &arena.tables[kFirstPteTable + 2]);
    EXPECT_EQ(pte_alloc_one(MachineMm()), &arena.tables[kFirstPteTable + 2]);
  });
}

TEST_F(TableTest, ADepositedTableIsWithdrawnOnce) {
  const RecordedRun run = RunOnMachine([] {
    auto* pmdp = reinterpret_cast<pmd_t*>(&arena.tables[kPmdTable].entry[0]);
    EXPECT_EQ(pgtable_trans_huge_withdraw(MachineMm(), pmdp), nullptr);
    pgtable_t table = pte_alloc_one(MachineMm());
    table->entry[0] = table->entry[1] = 77;
    pgtable_trans_huge_deposit(MachineMm(), pmdp, table);
    EXPECT_EQ(table->entry[0], 77u);
    EXPECT_EQ(pgtable_trans_huge_withdraw(MachineMm(), pmdp + 1), nullptr) << "another pmd's";
    EXPECT_EQ(pgtable_trans_huge_withdraw(MachineMm(), pmdp), table);
    EXPECT_EQ(pgtable_trans_huge_withdraw(MachineMm(), pmdp), nullptr);
  });
  const uint64_t pfn = kTablePfnBase + kFirstPteTable + 1;
  EXPECT_THAT(NotesOf(run),
              ElementsAre(Pair(WR_NOTE_TABLE_ALLOC, pfn), Pair(WR_NOTE_TABLE_DEPOSIT, pfn),
                          Pair(WR_NOTE_TABLE_WITHDRAW, pfn)));
}

TEST_F(TableTest, DepositWritesIntoTheTableWhereTheProfileSaysSo) {
  Profile profile = *FindProfile("arm64");
  profile.deposit_writes_table = true;
  SetUpMachine(Layout(), profile);
  RunOnMachine([] {
    pgtable_t table = pte_alloc_one(MachineMm());
    table->entry[0] = table->entry[1] = table->entry[2] = 77;
    auto* pmdp = reinterpret_cast<pmd_t*>(&arena.tables[kPmdTable].entry[0]);
    pgtable_trans_huge_deposit(MachineMm(), pmdp, table);
    EXPECT_EQ(table->entry[0], 0u);
    EXPECT_EQ(table->entry[1], 0u);
    EXPECT_EQ(table->entry[2], 77u);
  });
}

TEST_F(TableTest, EachTableHasItsLock) {
  const auto entry = [](int table) {
    return __pmd(wr_pfn_bits(kTablePfnBase + table) | _PAGE_TABLE);
  };
  EXPECT_EQ(pte_lockptr(MachineMm(), entry(kFirstPteTable)), &arena.ptl[kFirstPteTable]);
  EXPECT_EQ(pte_lockptr(MachineMm(), entry(kTablesMax - 1)), &arena.ptl[kTablesMax - 1]);
  EXPECT_EQ(pmd_lockptr(MachineMm()), &arena.mm[0].page_table_lock);
}

TEST_F(TableTest, AWildFrameNumberLeadsToAnEmptyTable) {
  for (unsigned long pfn : {0ul, 5ul, static_cast<unsigned long>(kTablePfnBase) - 1,
                            static_cast<unsigned long>(kTablePfnBase) + kTablesMax, ~0ul}) {
    const wr_table* table = wr_pfn_to_table(pfn);
    for (unsigned long entry : table->entry) EXPECT_EQ(entry, 0u) << pfn;
  }
  for (int table = 0; table < kTablesMax; ++table) {
    EXPECT_EQ(wr_pfn_to_table(kTablePfnBase + table), &arena.tables[table]);
    EXPECT_EQ(wr_table_to_pfn(&arena.tables[table]), kTablePfnBase + table);
  }
}

}  // namespace
}  // namespace walkrace
