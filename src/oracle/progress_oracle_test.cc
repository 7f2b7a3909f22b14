#include <gtest/gtest.h>

#include "kernel/barrier.h"
#include "kernel/locking.h"
#include "kernel/tlb.h"
#include "machine/machine.h"
#include "oracle/test_bed.h"

namespace walkrace {
namespace {

spinlock_t* PmdLock() { return pmd_lockptr(MachineMm()); }

void InterruptsOff() {
  bool flags;
  local_irq_save(flags);
  (void)flags;
}
void TakePmdLock() { spin_lock(PmdLock()); }
void ReadLock() { mmap_read_lock(MachineMm()); }
void WriteLock() { mmap_write_lock(MachineMm()); }
void Unlock() { mmap_write_unlock(MachineMm()); }
void Sync() { tlb_remove_table_sync_one(); }

TEST(Progress, InterruptsOffAgainstAnIpi) {
  Script script;
  script.On(0, InterruptsOff).On(1, WriteLock).On(1, Sync).On(0, ReadLock);
  const Violation& violation = script.Run();
  EXPECT_EQ(script.Verdict(), "progress: InterruptsOff / tlb_remove_table_sync_one");
  EXPECT_STREQ(violation.message,
               "deadlock: CPU 0 in ReadLock waits for mmap_lock; CPU 1 in "
               "tlb_remove_table_sync_one waits for its IPI to be acknowledged");
  EXPECT_EQ(violation.cpu, 0);
}

TEST(Progress, WhoOnlyWaitsIsNotOfThePair) {
  Script script;
  script.On(1, InterruptsOff).On(2, WriteLock).On(2, Sync).On(0, ReadLock).On(1, ReadLock);
  script.Run();
  EXPECT_EQ(script.Verdict(), "progress: InterruptsOff / tlb_remove_table_sync_one");
}

TEST(Progress, TwoLocksInTwoOrders) {
  Script script;
  script.On(0, WriteLock).On(1, TakePmdLock).On(0, TakePmdLock).On(1, WriteLock);
  const Violation& violation = script.Run();
  EXPECT_EQ(script.Verdict(), "progress: TakePmdLock / WriteLock");
  EXPECT_STREQ(violation.message,
               "deadlock: CPU 0 in TakePmdLock waits for pmd_lock; CPU 1 in WriteLock waits for "
               "mmap_lock");
  // The same, whoever came first.
  Script mirrored;
  mirrored.On(0, TakePmdLock).On(1, WriteLock).On(0, WriteLock).On(1, TakePmdLock);
  mirrored.Run();
  EXPECT_EQ(mirrored.Verdict(), "progress: TakePmdLock / WriteLock");
}

TEST(Progress, ACpuThatHasEndedWaitsForNothing) {
  Script script;
  script.On(0, WriteLock).On(0, Unlock).On(1, TakePmdLock).On(1, TakePmdLock);
  const Violation& violation = script.Run();
  EXPECT_STREQ(violation.message, "deadlock: CPU 1 in TakePmdLock waits for pmd_lock");
  EXPECT_EQ(violation.second_event, kNoEvent);
}

TEST(Progress, StepBound) {
  Script script;
  script.On(0, [] {
    for (;;) smp_mb();
  });
  const Violation& violation = script.Run();
  EXPECT_STREQ(violation.oracle, "progress");
  EXPECT_NE(std::string(violation.message).find("CPU 0 goes on in"), std::string::npos);
}

TEST(Progress, WaitingThatEndsIsLegal) {
  Script script;
  script.On(0, WriteLock).On(1, ReadLock).On(0, Unlock);
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
}

}  // namespace
}  // namespace walkrace
