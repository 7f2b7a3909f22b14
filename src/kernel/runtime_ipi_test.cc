// Inter-processor interrupts: who is waited for, and when that deadlocks.
#include <gtest/gtest.h>

#include <memory>

#include "kernel/kernel_test_bed.h"

namespace walkrace {
namespace {

// Per CPU: how often it was interrupted in this run, and what for.
int interrupted[kCpusMax];
bool in_section[kCpusMax];

void CountInterrupt(void* argument, int cpu) {
  ++interrupted[cpu];
  EXPECT_FALSE(in_section[cpu]) << "an IPI may not be handled with interrupts off";
  EXPECT_EQ(argument, &interrupted);
}

void SendTo(uint32_t mask) { wr_ipi(mask, &CountInterrupt, &interrupted, WR_HERE); }

class KernelIpi : public ::testing::Test {
 protected:
  template <typename Function>
  static RecordedRun Run(Strategy& strategy, uint64_t seed, int cpu_count, Function body) {
    for (int cpu = 0; cpu < kCpusMax; ++cpu) {
      interrupted[cpu] = 0;
      in_section[cpu] = false;
    }
    return RunKernel(strategy, seed, cpu_count, body);
  }
};

// Interrupts off, two loads, interrupts on.
void IrqOffSection(CpuId cpu) {
  const bool saved = wr_irq_off(WR_HERE);
  in_section[cpu] = true;
  Get(0);
  Get(1);
  in_section[cpu] = false;
  wr_irq_restore(saved, WR_HERE);
}

TEST_F(KernelIpi, WaitsForAReceiverWithInterruptsOff) {
  // CPU 1: off, load; CPU 0 sends and waits; CPU 1 goes on to its end.
  FollowSchedule schedule({{0, 0, 1}, {3, 1, 0}});
  const RecordedRun run = Run(schedule, 0, 2, [](CpuId cpu) {
    if (cpu == 1) return IrqOffSection(cpu);
    SendTo(wr_cpus());
    Set(2, 1);
  });
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  EXPECT_EQ(CpusOf(run), "11011100");
  ASSERT_EQ(run.events.size(), 8u);
  EXPECT_EQ(run.events[2].kind, EventKind::kIpiSend);
  EXPECT_EQ(run.events[2].before, 2u) << "the mask, without the sender";
  EXPECT_EQ(run.events[4].kind, EventKind::kIrqOn);
  EXPECT_EQ(run.events[5].kind, EventKind::kIpiHandle);
  EXPECT_EQ(run.events[5].before, 0u) << "the sender";
  EXPECT_EQ(run.events[6].kind, EventKind::kIpiWait);
  EXPECT_EQ(interrupted[1], 1);
}

TEST_F(KernelIpi, IsAcknowledgedByACpuThatHasNotBegun) {
  FollowSchedule empty({});
  const RecordedRun run = Run(empty, 0, 2, [](CpuId cpu) {
    if (cpu == 0) SendTo(2);
    Set(cpu, 1);
  });
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  EXPECT_EQ(CpusOf(run), "01100") << "sent; handled and CPU 1's store; waited for, CPU 0's store";
  EXPECT_EQ(interrupted[1], 1);
}

TEST_F(KernelIpi, IsAcknowledgedByAFinishedCpuAtOnce) {
  FollowSchedule schedule({{0, 0, 1}});
  const RecordedRun run = Run(schedule, 0, 2, [](CpuId cpu) {
    Set(cpu, 1);
    if (cpu == 0) SendTo(2);
  });
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  EXPECT_EQ(CpusOf(run), "10010");
  EXPECT_EQ(run.events[3].kind, EventKind::kIpiHandle);
  EXPECT_EQ(run.events[3].cpu, 1) << "on behalf of CPU 1";
  EXPECT_EQ(interrupted[1], 1);
}

TEST_F(KernelIpi, IsAcknowledgedByACpuThatEndsAsSoonAsInterruptsAreOn) {
  FollowSchedule schedule({{0, 0, 1}, {2, 1, 0}});
  const RecordedRun run = Run(schedule, 0, 2, [](CpuId cpu) {
    if (cpu == 0) return SendTo(2);
    wr_irq_restore(wr_irq_off(WR_HERE), WR_HERE);
  });
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  EXPECT_EQ(CpusOf(run), "10110");
  EXPECT_EQ(interrupted[1], 1);
}

TEST_F(KernelIpi, IsAcknowledgedByACpuThatWaitsForALock) {
  // CPU 0 holds the lock that CPU 1 waits for with its interrupts on.
  FollowSchedule schedule({{2, 0, 1}});
  const RecordedRun run = Run(schedule, 0, 2, [](CpuId cpu) {
    wr_spin_lock(Word(kLock), WR_HERE);
    if (cpu == 0) SendTo(2);
    wr_spin_unlock(Word(kLock), WR_HERE);
  });
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  EXPECT_EQ(CpusOf(run), "0010011");
  EXPECT_EQ(run.events[2].kind, EventKind::kIpiHandle);
  EXPECT_EQ(interrupted[1], 1);
}

TEST_F(KernelIpi, ToACpuThatWaitsForTheSendersLockWithInterruptsOffDeadlocks) {
  FollowSchedule schedule({{2, 0, 1}});
  const RecordedRun run = Run(schedule, 0, 2, [](CpuId cpu) {
    const bool saved = cpu == 1 && wr_irq_off(WR_HERE);
    wr_spin_lock(Word(kLock), WR_HERE);
    if (cpu == 0) SendTo(2);
    wr_spin_unlock(Word(kLock), WR_HERE);
    wr_irq_restore(saved, WR_HERE);
  });
  EXPECT_EQ(run.result.outcome, Outcome::kDeadlock);
  EXPECT_EQ(CpusOf(run), "010") << "lock; interrupts off; sent";
  EXPECT_EQ(TestEngine().pending(0).kind, EventKind::kIpiWait);
  EXPECT_EQ(TestEngine().pending(1).kind, EventKind::kLock);
  EXPECT_EQ(interrupted[1], 0);
}

TEST_F(KernelIpi, OfTwoCpusToEachOtherWithInterruptsOffDeadlocks) {
  FollowSchedule schedule({{2, 0, 1}});
  const RecordedRun run = Run(schedule, 0, 2, [](CpuId cpu) {
    const bool saved = wr_irq_off(WR_HERE);
    SendTo(1u << (1 - cpu));
    wr_irq_restore(saved, WR_HERE);
  });
  EXPECT_EQ(run.result.outcome, Outcome::kDeadlock);
  EXPECT_EQ(CpusOf(run), "0110");
}

TEST_F(KernelIpi, OfTwoCpusToEachOtherWithInterruptsOnDoesNot) {
  // CPU 0 is interrupted when it is about to send, CPU 1 while it waits.
  FollowSchedule schedule({{1, 0, 1}, {2, 1, 0}});
  const RecordedRun run = Run(schedule, 0, 2, [](CpuId cpu) { SendTo(1u << (1 - cpu)); });
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  EXPECT_EQ(CpusOf(run), "100110");
  EXPECT_EQ(interrupted[0], 1);
  EXPECT_EQ(interrupted[1], 1);
}

TEST_F(KernelIpi, WithAnEmptyMaskWaitsForNobody) {
  FollowSchedule empty({});
  const RecordedRun run = Run(empty, 0, 2, [](CpuId cpu) {
    if (cpu == 0) SendTo(1);  // itself
    if (cpu == 0) SendTo(4);  // a CPU that this run does not have
  });
  EXPECT_EQ(CpusOf(run), "00");
  for (int count : interrupted) EXPECT_EQ(count, 0);
}

// Three CPUs that send to all others twice, with irq-off sections in between. A deadlock, a lost or
// doubled interrupt, or one with interrupts off (CountInterrupt) that shows in one schedule of 500
// is missed with a probability of (1 - 1/500)^4000, below 0.1 %.
TEST_F(KernelIpi, ReachesEachReceiverOnceUnderRandomSchedules) {
  for (const char* name : {"random", "pct"}) {
    const std::unique_ptr<Strategy> strategy = FindStrategy(name)->make({.depth = 4});
    for (uint64_t seed = 0; seed < 2000; ++seed) {
      const RecordedRun run = Run(*strategy, seed, 3, [](CpuId cpu) {
        SendTo(wr_cpus());
        IrqOffSection(cpu);
        SendTo(wr_cpus());
      });
      ASSERT_EQ(run.result.outcome, Outcome::kFinished) << Describe(run);
      for (int cpu = 0; cpu < 3; ++cpu) ASSERT_EQ(interrupted[cpu], 4) << Describe(run);
    }
  }
}

// The guarantee that tlb_remove_table_sync_one() builds on: sections that were open when the IPI
// was sent are over when the sender goes on.
TEST_F(KernelIpi, OutlastsTheSectionsThatWereOpenUnderRandomSchedules) {
  static int serial;         // of CPU 1's section, odd while it is open
  static int open_sections;  // runs in which one was open
  open_sections = 0;
  const std::unique_ptr<Strategy> strategy = MakeRandomStrategy();
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    serial = 0;
    const RecordedRun run = Run(*strategy, seed, 2, [](CpuId cpu) {
      if (cpu == 1) {
        for (int i = 0; i < 3; ++i) {
          const bool saved = wr_irq_off(WR_HERE);
          ++serial;
          Get(0);
          ++serial;
          wr_irq_restore(saved, WR_HERE);
        }
        return;
      }
      Set(0, 1);
      const int before = serial;
      open_sections += before & 1;
      SendTo(2);
      if ((before & 1) != 0) EXPECT_GT(serial, before);
    });
    ASSERT_EQ(run.result.outcome, Outcome::kFinished) << Describe(run);
  }
  EXPECT_GT(open_sections, 100);
}

}  // namespace
}  // namespace walkrace
