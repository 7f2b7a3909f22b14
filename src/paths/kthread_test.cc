// A kernel thread that takes the other mm: what it leaves in mm_cpumask, and who takes it out.
#include <gtest/gtest.h>

#include "kernel/mm.h"
#include "kernel/words.h"
#include "machine/tlb_state.h"
#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

constexpr uint32_t kCpu1 = 2;

// CPU 1 in mm 1, the others in mm 0.
void SetUpKthread(const char* profile) {
  SetCuts({});
  CpuMms mms;
  mms.of_cpu[1] = 1;
  mms.mm_count = 2;
  SetUpMachine(LayoutOf("w-------"), *FindProfile(profile), mms);
}

void Kthread() { kthread_access(MachineMm(1), AddressOfPage(kPagesMax), 0, 0); }
void Zap() { madvise_dontneed(MachineMm(), AddressOfPage(0), AddressOfPage(1), 0); }

// CPU 1's kernel thread, then CPU 0's zap.
RecordedRun KthreadThenZap(const char* profile, int cpu_count) {
  SetUpKthread(profile);
  HandOvers schedule({}, 1);
  return RunOnMachine(schedule, cpu_count, [](CpuId cpu) {
    if (cpu == 1) Kthread();
    if (cpu == 0) Zap();
  });
}

uint32_t MaskOfMm0() { return static_cast<uint32_t>(*wr_word(WR_WORD_MM0_CPU_BITMASK)); }

TEST(Kthread, ReadsTheOtherMmAndStaysInItsMask) {
  SetUpKthread("arm64");
  HandOvers schedule({}, 1);
  const RecordedRun run = RunOnMachine(schedule, 2, [](CpuId cpu) {
    if (cpu == 1) Kthread();
  });
  EXPECT_EQ(TlbEntry(1, 0)->pfn, 1);
  EXPECT_EQ(MaskOfMm0(), kCpu1);
  EXPECT_EQ(*wr_word(WR_WORD_MM0_KTHREADS), 0u);
  int notes = 0;
  for (const Event& event : run.events) {
    notes += event.kind == EventKind::kNote && event.detail == WR_NOTE_USER_READ;
  }
  EXPECT_EQ(notes, 2);
}

TEST(Kthread, IsReachedByFlushesOfTheMm) {
  for (const char* profile : {"x86-64", "arm64", "powerpc-radix", "powerpc-hash"}) {
    (void)KthreadThenZap(profile, 2);
    EXPECT_EQ(TlbEntry(1, 0), nullptr) << profile;
    EXPECT_TRUE(FrameIsFree(1)) << profile;
  }
}

TEST(Kthread, IsTrimmedByTheOnlyThreadOfTheMmOnRadix) {
  EXPECT_TRUE(Has(KthreadThenZap("powerpc-radix", 2), EventKind::kIpiSend, "exit_flush_lazy_tlbs"));
  EXPECT_EQ(MaskOfMm0(), 0u);
}

TEST(Kthread, IsNotTrimmedWhereThereAreMoreThreads) {
  EXPECT_FALSE(Has(KthreadThenZap("powerpc-radix", 3), EventKind::kIpiSend, nullptr));
  EXPECT_EQ(MaskOfMm0(), kCpu1);
}

// It has come back when the interrupt arrives.
TEST(Kthread, StaysInTheMaskWhereItUsesTheMmAgain) {
  SetUpKthread("powerpc-radix");
  HandOvers used({{1, "add_users", EventKind::kRmw, "mm0.kthreads", 0, 3},
                  {0, "exit_flush_lazy_tlbs", EventKind::kIpiSend, nullptr, 1},
                  {1, "user_read", EventKind::kLoad, nullptr, 0, 2}},
                 1);
  RunOnMachine(used, 2, [](CpuId cpu) {
    if (cpu == 0) Zap();
    if (cpu == 1) {
      Kthread();
      Kthread();
    }
  });
  EXPECT_TRUE(used.done());
  EXPECT_EQ(MaskOfMm0(), kCpu1) << "not cleared";
}

}  // namespace
}  // namespace walkrace
