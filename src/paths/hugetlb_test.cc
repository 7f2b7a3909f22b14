// Hugetlb: the shared table, the end of sharing, and what comes in the region's place.
#include <gtest/gtest.h>

#include "kernel/words.h"
#include "machine/tlb_state.h"
#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

constexpr int kS0 = kFirstHugetlbTable;

void SetUpHugetlb(int mm_count) {
  Layout layout = LayoutOf("w-------", "wwwwwwww");
  layout.backing[1] = Backing::kHugetlb;
  CpuMms mms;
  mms.mm_count = mm_count;
  if (mm_count == 2) mms.of_cpu[1] = 1;
  SetCuts({});
  SetUpMachine(layout, *FindProfile("arm64"), mms);
}

void Unmap(int mm) {
  const int page = mm * kPagesMax + 8;
  mmap_over_hugetlb(MachineMm(mm), AddressOfPage(page), AddressOfPage(page + 7) + PAGE_SIZE, 0);
}
void Unshare(int mm) {
  const int page = mm * kPagesMax + 8;
  hugetlb_unshare_pmds(MachineMm(mm), AddressOfPage(page), AddressOfPage(page + 7) + PAGE_SIZE, 0);
}

TEST(Hugetlb, TheRegionsOfAnMmStandUnderTwoPudEntries) {
  SetUpHugetlb(2);
  EXPECT_NE(pud_index(AddressOfPage(7)), pud_index(AddressOfPage(8)));
  EXPECT_EQ(AddressOfPage(7) + PAGE_SIZE, AddressOfPage(8));
  EXPECT_EQ(AreaPage(AddressOfPage(8)), 8);
  EXPECT_EQ(Translate(0).pfn, 1);
  EXPECT_EQ(Translate(8).pfn, kHuge);
  EXPECT_EQ(Translate(kOther).pfn, kHuge);
  EXPECT_TRUE(SharesTableOfMm0(kOther));
  EXPECT_EQ(RefcountOf(kHuge), 2) << "the page cache's, and one for the shared entry";
  EXPECT_EQ(arena.pmd_shares[0].counter, 2);
}

TEST(Hugetlb, AScanByPfnLeavesTheCountsAsTheyWere) {
  for (bool cut : {false, true}) {
    SetUpHugetlb(2);
    if (cut) SetCuts({"share-count"});
    const RecordedRun run = RunOnMachine([] { scan_by_pfn(MachineMm(), 0, 0, 0); });
    EXPECT_EQ(arena.pmd_shares[0].counter, 2);
    EXPECT_EQ(*wr_word(WR_WORD_S0_REFCOUNT), 0u);
    int changes = 0;
    for (const Event& event : run.events) {
      if (event.kind != EventKind::kRmw) continue;
      ++changes;
      EXPECT_EQ(NameOf(event.location), cut ? "S0.shares" : "S0.refcount");
    }
    EXPECT_EQ(changes, 2) << "S1 is free";
  }
}

TEST(Hugetlb, GupFastTakesPagesOfIt) {
  SetUpHugetlb(1);
  Got got;
  RunOnMachine([&got] { got = Gup(8, 2, FOLL_PIN | FOLL_WRITE); });
  EXPECT_EQ(got.nr, 2);
  EXPECT_EQ(PincountOf(kHuge), 2);
}

TEST(Hugetlb, ClearRefsPassesItBy) {
  SetUpHugetlb(1);
  RunOnMachine(
      [] { clear_refs_write(MachineMm(), AddressOfPage(0), AddressOfPage(kPagesMax), 0); });
  EXPECT_FALSE(Translate(0).writable);
  EXPECT_TRUE(Translate(8).writable);
}

TEST(Hugetlb, UnshareLeavesTheOtherMmItsTable) {
  SetUpHugetlb(2);
  FillTlb(0, 8, Translate(8));
  const RecordedRun run = RunOnMachine([] { Unshare(0); });
  EXPECT_EQ(Translate(8).pfn, 0);
  EXPECT_EQ(Translate(kOther).pfn, kHuge);
  EXPECT_EQ(arena.pmd_shares[0].counter, 1);
  EXPECT_EQ(TlbEntry(0, 8), nullptr);
  EXPECT_EQ(RefcountOf(kHuge), 2);
  EXPECT_TRUE(Has(run, EventKind::kIpiSend, "tlb_remove_table_sync_one"));
}

TEST(Hugetlb, ATableOfItsOwnIsNotUnshared) {
  SetUpHugetlb(1);
  RunOnMachine([] { Unshare(0); });
  EXPECT_EQ(Translate(8).pfn, kHuge);
}

TEST(Hugetlb, AFaultSharesAgain) {
  SetUpHugetlb(2);
  RunOnMachine([] {
    Unshare(0);
    fault_in_writable(MachineMm(), AddressOfPage(9), 0, 0);
  });
  EXPECT_EQ(Translate(9).pfn, kHuge + 1);
  EXPECT_EQ(arena.pmd_shares[0].counter, 2);
  EXPECT_TRUE(SharesTableOfMm0(kOther));
}

TEST(Hugetlb, WhoSharesUnmapsByUnsharing) {
  SetUpHugetlb(2);
  RunOnMachine([] {
    Unmap(0);
    fault_in_writable(MachineMm(), AddressOfPage(8), 0, 0);
  });
  EXPECT_EQ(Translate(kOther).pfn, kHuge);
  EXPECT_EQ(Translate(8).pfn, 2) << "anonymous, by a table of its own";
  EXPECT_FALSE(Translate(8).huge);
  EXPECT_EQ(FilePageOf(8), -1);
}

TEST(Hugetlb, TheLastOneToUnmapFreesThePage) {
  SetUpHugetlb(2);
  RunOnMachine([] {
    Unmap(0);
    Unmap(1);
  });
  EXPECT_TRUE(FrameIsFree(kHuge));
  EXPECT_EQ(EntryOf(kS0, 0), 0u);
  EXPECT_EQ(MapcountOf(kHuge), 0);
}

TEST(Hugetlb, UnmappingTwiceDoesNothing) {
  SetUpHugetlb(1);
  RunOnMachine([] {
    Unmap(0);
    Unmap(0);
  });
  EXPECT_TRUE(FrameIsFree(kHuge));
  EXPECT_EQ(arena.mm[0].mmap_lock.word, 0u);
}

}  // namespace
}  // namespace walkrace
