#include <gtest/gtest.h>

#include "kernel/tlb.h"
#include "oracle/test_bed.h"

namespace walkrace {
namespace {

// T0 is the table of region 0.
pgtable_t T0() { return wr_pfn_to_table(kTablePfnBase + 10); }
void FreeTable() { pte_free(nullptr, T0()); }
void Deposit() { wr_note(WR_NOTE_TABLE_DEPOSIT, nullptr, kTablePfnBase + 10, 0, WR_HERE); }
void Withdraw() { wr_note(WR_NOTE_TABLE_WITHDRAW, nullptr, kTablePfnBase + 10, 0, WR_HERE); }

Script WhereDepositWrites() {
  Profile profile = *FindProfile("arm64");
  profile.deposit_writes_table = true;
  return Script(Layout(), profile);
}

TEST(NoTableUseAfterFree, ReadOfAFreedTable) {
  Script script;
  script.On(0, ReadPmd).On(1, FreeTable).On(0, [] { ReadPte(0); });
  const Violation& violation = script.Run();
  EXPECT_EQ(script.Verdict(), "no-table-use-after-free: FreeTable / ReadPmd");
  EXPECT_STREQ(violation.message, "CPU 0 reads T0.pte[0], but table T0 is freed");
}

TEST(NoTableUseAfterFree, ReReadsOfTheLinkAreNotWhatLedThere) {
  Script script;
  script
      .On(0,
          [] {
            GupBegin(0, FOLL_GET);
            ReadPmd();
            ReadPte(0);
          })
      .On(0, [] { ReadPmd(); })
      .On(1, FreeTable)
      .On(0, [] { ReadPte(1); });
  const Violation& violation = script.Run();
  ASSERT_STREQ(violation.oracle, "no-table-use-after-free");
  const Event* events = script.engine().events();
  for (uint32_t i = 0; i < violation.second_event; ++i) {
    EXPECT_NE(ObjectAt(events[i].location).kind, ObjectKind::kPmd);
  }
}

TEST(NoTableUseAfterFree, ReadOfAReusedTable) {
  Script script;
  script.On(0, ReadPmd)
      .On(1,
          [] {
            FreeTable();
            ASSERT_EQ(pte_alloc_one(nullptr), T0());
          })
      .On(0, [] { ReadPte(0); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "no-table-use-after-free: FreeTable / ReadPmd");
}

TEST(NoTableUseAfterFree, ReadOfAWithdrawnTable) {
  Script script;
  script.On(0, ReadPmd)
      .On(1,
          [] {
            Deposit();
            Withdraw();
          })
      .On(0, [] { ReadPte(0); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "no-table-use-after-free: Deposit / ReadPmd");
}

TEST(NoTableUseAfterFree, ReadOfADepositedTableWhereDepositWrites) {
  Script script = WhereDepositWrites();
  script.On(0, ReadPmd).On(1, Deposit).On(0, [] { ReadPte(0); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "no-table-use-after-free: Deposit / ReadPmd");
}

TEST(NoTableUseAfterFree, ReadOfADepositedTableElsewhereIsLegal) {
  Script script;
  script.On(0, ReadPmd).On(1, Deposit).On(0, [] { ReadPte(0); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoTableUseAfterFree, WhoReadsTheNewLinkKnowsTheNewTable) {
  Script script;
  script
      .On(1,
          [] {
            ClearPmd();
            FreeTable();
            ASSERT_EQ(pte_alloc_one(nullptr), T0());
            ReadPte(0);  // it was given the table
            RestorePmd();
          })
      .On(0, [] {
        ReadPmd();
        ReadPte(0);
      });
  script.Run();
  // The page tables come back empty: what the pages held is lost.
  EXPECT_EQ(script.Verdict().find("no-table-use-after-free"), std::string::npos);
}

TEST(NoTableUseAfterFree, WithdrawingGivesTheTable) {
  Script script;
  script.On(1, Deposit).On(1, [] {
    Withdraw();
    ReadPte(0);
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoTableUseAfterFree, ReadThroughAnEmptyEntry) {
  Script script;
  script.On(1, ClearPmd).On(0, [] {
    ReadPmd();
    (void)ptep_get(pte_offset_kernel(__pmd(*EntryOfPmd()), AddressOfAreaPage(0)));
  });
  const Violation& violation = script.Run();
  EXPECT_EQ(script.Verdict(), "no-table-use-after-free: ClearPmd / ReadPmd");
  EXPECT_STREQ(violation.message,
               "CPU 0 follows pmd[0] as the link to a table, but it read none there");
}

TEST(NoTableUseAfterFree, ReadThroughAHugeLeaf) {
  Script script(HugeLayout());
  script.On(0, [] {
    ReadPmd();
    (void)ptep_get(pte_offset_kernel(__pmd(*EntryOfPmd()), AddressOfAreaPage(0)));
  });
  const Violation& violation = script.Run();
  EXPECT_EQ(script.Verdict(), "no-table-use-after-free: - / ReadPmd");
  EXPECT_STREQ(violation.message,
               "CPU 0 follows pmd[0] as the link to a table, but it read folio32 rw there");
}

TEST(NoTableUseAfterFree, TablesOfTheStartAreKnownToAll) {
  Script script;
  script.On(0, [] { ReadPte(0); }).On(1, [] { ReadPte(1); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(NoTableUseAfterFree, PhysicalPage0IsNoTable) {
  Script script;
  script.On(0, [] { ReadPmd(); }).On(1, ClearPmd).On(0, [] {
    WR_SET_ENTRY(EntryOfPmd() + 1, _PAGE_TABLE);
  });
  const Violation& violation = script.Run();
  ASSERT_STREQ(violation.oracle, "no-table-use-after-free");
  EXPECT_STREQ(violation.message, "CPU 0 sets pmd[1] to a table that is none: physical page 0");
  ASSERT_NE(violation.first_event, kNoEvent);
  EXPECT_STREQ(script.engine().events()[violation.first_event].site->function, "ClearPmd");
}

}  // namespace
}  // namespace walkrace
