// A CPU with a lazy TLB: what its hardware walks, and what a flush makes it forget.
#include <gtest/gtest.h>

#include "kernel/mm.h"
#include "kernel/tlb.h"
#include "kernel/words.h"
#include "machine/tlb_state.h"
#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

void Idle(int page) { idle_with_lazy_tlb(MachineMm(), AddressOfPage(page), 0, 0); }

int LoadsOf(const RecordedRun& run, const char* object) {
  int loads = 0;
  for (const Event& event : run.events) {
    loads += event.kind == EventKind::kLoad && NameOf(event.location) == object;
  }
  return loads;
}

TEST(LazyTlb, WalksAheadAndFlushesWhenItComesBack) {
  SetUpPaths(LayoutOf("w-------"), "x86-64");
  FillTlb(0, 0, Translate(0));
  const RecordedRun run = RunOnMachine([] { Idle(0); });
  EXPECT_EQ(LoadsOf(run, "pmd[0]"), 1);
  EXPECT_EQ(LoadsOf(run, "T0.pte[0]"), 1);
  EXPECT_EQ(TlbEntry(0, 0), nullptr);
  EXPECT_EQ(*wr_word(WR_WORD_CPU0_IS_LAZY), 0u);
}

TEST(LazyTlb, WalksNoFurtherThanThereAreTables) {
  SetUpPaths(LayoutOf("W"), "x86-64");
  EXPECT_EQ(LoadsOf(RunOnMachine([] { Idle(0); }), "pmd[0]"), 1);
  EXPECT_EQ(LoadsOf(RunOnMachine([] { Idle(8); }), "pmd[1]"), 1);
}

// CPU 0 stands between its two loads while CPU 1 flushes.
RecordedRun FlushUnderTheWalk(const char* profile, bool collapse, unsigned left_out) {
  SetUpPaths(LayoutOf("w-------"), profile);
  wr_tlb_leave_out(left_out);
  HandOvers schedule({{0, "idle_with_lazy_tlb", EventKind::kLoad, nullptr, 1, 2}});
  const RecordedRun run = RunOnMachine(schedule, 2, [collapse](CpuId cpu) {
    if (cpu == 0) return Idle(0);
    pmd_t* pmd = mm_find_pmd(MachineMm(), AddressOfPage(0));
    if (collapse) {
      (void)wr_pmdp_collapse_flush(MachineVma(0), AddressOfPage(0), pmd, true);
    } else {
      wr_flush_tlb_range(MachineMm(), AddressOfPage(0), AddressOfPage(1));
    }
  });
  EXPECT_TRUE(schedule.done());
  wr_tlb_leave_out(0);
  return run;
}

TEST(LazyTlb, EveryFlushReachesIt) {
  for (const char* profile : {"x86-64", "x86-64-kvm", "x86-64-paravirt", "arm64"}) {
    for (bool collapse : {true, false}) {
      EXPECT_EQ(LoadsOf(FlushUnderTheWalk(profile, collapse, 0), "T0.pte[0]"), 0) << profile;
    }
  }
}

TEST(LazyTlb, UnlessPmdpCollapseFlushLeavesItAloneWhereX86Does) {
  for (const char* profile : {"x86-64", "x86-64-kvm", "x86-64-paravirt"}) {
    EXPECT_EQ(LoadsOf(FlushUnderTheWalk(profile, true, WR_TLB_LAZY_CPUS), "T0.pte[0]"), 1);
    EXPECT_EQ(LoadsOf(FlushUnderTheWalk(profile, false, WR_TLB_LAZY_CPUS), "T0.pte[0]"), 0);
  }
  EXPECT_EQ(LoadsOf(FlushUnderTheWalk("arm64", true, WR_TLB_LAZY_CPUS), "T0.pte[0]"), 0);
}

}  // namespace
}  // namespace walkrace
