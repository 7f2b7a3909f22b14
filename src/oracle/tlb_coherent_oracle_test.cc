#include <gtest/gtest.h>

#include "base/check.h"
#include "kernel/tlb.h"
#include "oracle/test_bed.h"

namespace walkrace {
namespace {

// Maps region 0 by folio32, whatever the pmd held.
void SetHugePmd() {
  WR_CHECK(Alloc(HPAGE_PMD_ORDER) == 32);
  auto* pmdp = reinterpret_cast<pmd_t*>(EntryOfPmd());
  WR_SET_ENTRY(pmdp, pmd_val(pmd_mkwrite(pfn_pmd_huge(32))));
}

void Free() { DropMapping(1); }

TEST(TlbCoherent, ReadOfAFreedPage) {
  Script script;
  script.On(0, [] { UserRead(0); })
      .On(1,
          [] {
            DiscardBegin(0);
            ClearPte(0);
            Free();
          })
      .On(0, [] { UserRead(0); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "tlb-coherent: DropMapping / UserRead");
}

TEST(TlbCoherent, WriteToAPageThatIsSomebodyElsesByNow) {
  Script script;
  script.On(0, [] { UserRead(0); })
      .On(1,
          [] {
            DiscardBegin(0);
            ClearPte(0);
            Free();
            ASSERT_EQ(Alloc(), 1);
            SetPte(2, 1);
          })
      .On(0, [] { UserWrite(0, 7); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "tlb-coherent: DropMapping / UserWrite");
}

TEST(TlbCoherent, FlushedInBetweenIsAnotherTranslation) {
  Script script;
  script.On(0, [] { UserRead(0); })
      .On(1,
          [] {
            DiscardBegin(0);
            ClearPte(0);
            Flush();
            Free();
            DiscardEnd(0);
            ASSERT_EQ(Alloc(), 1);
            SetPte(0, 1);
          })
      .On(0, [] { UserRead(0); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

// A stale translation of a page that is not freed yet may be used: the flush is still to come.
TEST(TlbCoherent, StaleBeforeTheFreeIsNoHarm) {
  Script script;
  script.On(0, [] { UserRead(0); })
      .On(1,
          [] {
            DiscardBegin(0);
            ClearPte(0);
          })
      .On(0, [] { UserRead(0); })
      .On(1, [] {
        Flush();
        Free();
        DiscardEnd(0);
      });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

TEST(TlbCoherent, HugeBesideSmallInOneRegion) {
  Script script;
  script.On(0, [] { UserRead(0); }).On(1, SetHugePmd).On(0, [] { UserRead(1); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "tlb-coherent: SetHugePmd / UserRead");
}

TEST(TlbCoherent, SmallBesideHugeInOneRegion) {
  Script script(HugeLayout());
  script.On(0, [] { UserRead(0); })
      .On(1,
          [] {
            pgtable_t table = wr_pte_alloc_one(WR_HERE);
            WR_SET_ENTRY(table->entry + 1, pte_val(pfn_pte(33)));
            pmd_populate(nullptr, EntryOfPmd(), table);
          })
      .On(0, [] { UserRead(1); });
  script.Run();
  EXPECT_EQ(script.Verdict().substr(0, 12), "tlb-coherent");
}

TEST(TlbCoherent, AFlushBetweenSmallAndHugeIsWell) {
  Script script;
  script.On(0, [] { UserRead(0); })
      .On(1,
          [] {
            SetHugePmd();
            Flush();
          })
      .On(0, [] { UserRead(1); });
  script.Run();
  EXPECT_NE(script.Verdict().substr(0, 12), "tlb-coherent");
}

// Zapped and not flushed yet: legal, as long as the discard goes on.
TEST(TlbCoherent, SmallBesideHugeWhileItIsDiscarded) {
  Script script;
  script.On(0, [] { UserRead(0); }).On(1, [] { DiscardBegin(1); }).On(1, SetHugePmd).On(0, [] {
    UserRead(1);
  });
  script.Run();
  EXPECT_NE(script.Verdict().substr(0, 12), "tlb-coherent");
}

TEST(TlbCoherent, EachCpuHasATlbOfItsOwn) {
  Script script;
  script.On(0, [] { UserRead(0); }).On(1, SetHugePmd).On(1, [] { UserRead(1); });
  script.Run();
  EXPECT_NE(script.Verdict().substr(0, 12), "tlb-coherent");
}

}  // namespace
}  // namespace walkrace
