// Interrupts as the engine has them: posted by one CPU, handled by another before its next event,
// when its interrupts are on, whether or not it waits for something.
#include <gtest/gtest.h>

#include "engine/engine.h"
#include "engine/steps.h"
#include "engine/test_bed.h"

namespace walkrace {
namespace {

constexpr int kLock = 9;
constexpr wr_site kHandlerSite = {"interrupts_test", "handler", 3};

// What the handler saw when it ran on each CPU.
struct Handled {
  int times;
  uint64_t lock_word;
  uint16_t number;
};
Handled handled[kCpusMax];

void Handler(CpuId cpu) {
  handled[cpu] = {handled[cpu].times + 1, test_arena[kLock], TestEngine().pending_number(cpu)};
  TestEngine().Note(EventKind::kIpiHandle, 0, kNoLocation, 0, 0, &kHandlerSite, cpu);
}

// One event, which interrupts `cpu`.
void Interrupt(CpuId cpu) {
  TestEngine().Arrive(
      {EventKind::kIpiSend, 0, Order::kFull, 0, kNoLocation, &kHandlerSite, nullptr, nullptr});
  EXPECT_TRUE(TestEngine().PostInterrupt(cpu));
  TestEngine().Complete(0, 0);
}

class EngineInterrupts : public ::testing::Test {
 protected:
  void SetUp() override {
    TestEngine().set_interrupt_handler(&Handler);
    for (Handled& cpu : handled) cpu = {};
  }
};

// CPU 1: 1 off, 2 3 4 stores, 5 on, 6 store. Interrupted before event 3.
TEST_F(EngineInterrupts, WaitUntilTheReceiverHasThemOn) {
  FollowSchedule schedule({{0, 0, 1}, {3, 1, 0}});
  const RecordedRun run = RunBodies(schedule, 0, 2, [](CpuId cpu) {
    if (cpu == 0) return Interrupt(1);
    InterruptsOff();
    for (int i = 0; i < 3; ++i) Store(1, i);
    InterruptsOn();
    Store(1, 3);
  });
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  EXPECT_EQ(CpusOf(run), "11011111");
  ASSERT_EQ(run.events.size(), 8u);
  EXPECT_EQ(run.events[5].kind, EventKind::kIrqOn);
  EXPECT_EQ(run.events[6].kind, EventKind::kIpiHandle);
  EXPECT_EQ(run.events[6].number, 6) << "handling takes a number of its own";
  EXPECT_EQ(run.events[7].number, 7);
  EXPECT_EQ(handled[1].times, 1);
}

TEST_F(EngineInterrupts, AreHandledBeforeTheNextEventWhereTheyAreOn) {
  FollowSchedule schedule({{0, 0, 1}, {3, 1, 0}});
  const RecordedRun run = RunBodies(schedule, 0, 2, [](CpuId cpu) {
    if (cpu == 0) return Interrupt(1);
    for (int i = 0; i < 4; ++i) Store(1, i);
  });
  ASSERT_EQ(CpusOf(run), "110111");
  EXPECT_EQ(run.events[3].kind, EventKind::kIpiHandle);
  EXPECT_EQ(run.events[3].number, 3);
}

// The scheduler may let a CPU handle its interrupt and then run somebody else before its event.
TEST_F(EngineInterrupts, HandlingIsAStepOfItsOwn) {
  FollowSchedule schedule({{0, 0, 1}, {2, 1, 0}, {2, 0, 1}, {3, 1, 0}});
  const RecordedRun run = RunBodies(schedule, 0, 2, [](CpuId cpu) {
    if (cpu == 0) Interrupt(1);
    Store(cpu, 1);
    Store(cpu, 2);
  });
  // 1: store; 0: interrupt; 1: handles; 0: two stores; 1: store.
  EXPECT_EQ(CpusOf(run), "101001");
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(schedule.used(i)) << i;
  EXPECT_EQ(run.result.steps, 6u);
}

// CPU 1 takes the lock; CPU 0 comes to wait for it; CPU 1 interrupts CPU 0, then unlocks.
void HoldTheLockAndInterruptTheWaiter(CpuId cpu) {
  if (cpu == 0) return LockWord(kLock);
  LockWord(kLock);
  Interrupt(0);
  UnlockWord(kLock);
}

TEST_F(EngineInterrupts, ABlockedCpuHandlesThemAndGoesOnWaiting) {
  FollowSchedule schedule({{0, 0, 1}, {2, 1, 0}, {3, 1, 0}});
  const RecordedRun run = RunBodies(schedule, 0, 2, HoldTheLockAndInterruptTheWaiter);
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  EXPECT_EQ(CpusOf(run), "11010");
  EXPECT_EQ(run.events[2].kind, EventKind::kIpiHandle);
  EXPECT_EQ(handled[0].times, 1);
  EXPECT_EQ(handled[0].lock_word, 1u) << "CPU 1 still held the lock";
}

TEST_F(EngineInterrupts, ABlockedCpuHandlesThemLateWhereItIsNotChosenBefore) {
  FollowSchedule schedule({{0, 0, 1}, {2, 1, 0}});
  const RecordedRun run = RunBodies(schedule, 0, 2, HoldTheLockAndInterruptTheWaiter);
  EXPECT_EQ(CpusOf(run), "11100");
  EXPECT_EQ(run.events[3].kind, EventKind::kIpiHandle);
  EXPECT_EQ(handled[0].lock_word, 0u);
}

TEST_F(EngineInterrupts, ABlockedCpuWithInterruptsOffDoesNotHandleThem) {
  // CPU 0 switches them off and waits; CPU 1 holds the lock and tries to hand over after posting.
  FollowSchedule schedule({{0, 0, 1}, {2, 1, 0}, {3, 1, 0}});
  const RecordedRun run = RunBodies(schedule, 0, 2, [](CpuId cpu) {
    if (cpu == 1) {
      LockWord(kLock);
      Interrupt(0);
      UnlockWord(kLock);
    } else {
      InterruptsOff();
      LockWord(kLock);
      InterruptsOn();
    }
  });
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  EXPECT_EQ(CpusOf(run), "1011000");
  EXPECT_FALSE(schedule.used(2));
  EXPECT_EQ(handled[0].times, 1);
  EXPECT_EQ(handled[0].lock_word, 1u) << "CPU 0 holds it by then";
  EXPECT_EQ(run.events.back().kind, EventKind::kIpiHandle);
}

TEST_F(EngineInterrupts, ACpuThatHasNotBegunHandlesThemBeforeItsFirstEvent) {
  FollowSchedule schedule({});
  const RecordedRun run = RunBodies(schedule, 0, 2, [](CpuId cpu) {
    if (cpu == 0) Interrupt(1);
    if (cpu == 1) Store(1, 1);
  });
  EXPECT_EQ(CpusOf(run), "011");
  EXPECT_EQ(run.events[1].kind, EventKind::kIpiHandle);
  EXPECT_EQ(run.events[1].number, 1);
}

// It is idle afterwards, and an idle CPU takes interrupts: nobody may wait for it for ever.
TEST_F(EngineInterrupts, AreHandledAtTheEndOfACpuAtTheLatest) {
  FollowSchedule schedule({{0, 0, 1}, {2, 1, 0}});
  const RecordedRun run = RunBodies(schedule, 0, 2, [](CpuId cpu) {
    if (cpu == 0) return Interrupt(1);
    InterruptsOff();
    InterruptsOn();
  });
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  EXPECT_EQ(CpusOf(run), "1011");
  EXPECT_EQ(handled[1].times, 1);
  EXPECT_EQ(run.events.back().kind, EventKind::kIpiHandle);
  EXPECT_EQ(run.events.back().number, 3);

  FollowSchedule empty({});
  const RecordedRun without_events = RunBodies(empty, 0, 2, [](CpuId cpu) {
    if (cpu == 0) Interrupt(1);
  });
  EXPECT_EQ(without_events.result.outcome, Outcome::kFinished);
  EXPECT_EQ(handled[1].times, 2);
}

TEST_F(EngineInterrupts, AFinishedCpuRefusesThem) {
  FollowSchedule schedule({{0, 0, 1}});
  bool posted = true;
  bool ended = false;
  const RecordedRun run = RunBodies(schedule, 0, 2, [&](CpuId cpu) {
    Store(cpu, 1);
    if (cpu == 1) return;
    ended = TestEngine().finished(1);
    posted = TestEngine().PostInterrupt(1);
    Store(0, 2);
  });
  EXPECT_TRUE(ended);
  EXPECT_FALSE(posted);
  EXPECT_EQ(CpusOf(run), "100");
  EXPECT_EQ(handled[1].times, 0);
}

TEST_F(EngineInterrupts, TwoBeforeTheReceiverRunsAreHandledTogether) {
  FollowSchedule schedule({});
  const RecordedRun run = RunBodies(schedule, 0, 3, [](CpuId cpu) {
    if (cpu < 2) return Interrupt(2);
    Store(2, 1);
  });
  EXPECT_EQ(CpusOf(run), "0122");
  EXPECT_EQ(handled[2].times, 1) << "the handler empties its inbox";
}

}  // namespace
}  // namespace walkrace
