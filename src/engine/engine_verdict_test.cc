// Runs that end early: deadlock, step bound, stop. After each the engine must be as good as new.
#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "engine/engine.h"
#include "engine/random_program.h"
#include "engine/steps.h"
#include "engine/test_bed.h"

namespace walkrace {
namespace {

class EngineVerdict : public ::testing::Test {
 protected:
  void SetUp() override { before_ = RunCanary(); }
  void TearDown() override {
    TestEngine().set_listener(nullptr);
    const RecordedRun after = RunCanary();
    EXPECT_TRUE(SameRun(before_, after)) << Describe(before_) << Describe(after);
  }

 private:
  static RecordedRun RunCanary() {
    const std::unique_ptr<Strategy> strategy = MakeRandomStrategy();
    return RunRandomProgram(*strategy, 3, DrawProgram(3, true));
  }

  RecordedRun before_;
};

// Always the next CPU in turn: as many switches as there can be.
class RoundRobin final : public Strategy {
 public:
  void Begin(int, uint64_t) override {}
  CpuId Pick(const Choice& choice) override {
    CpuId next = choice.current;
    do {
      next = (next + 1) % choice.cpu_count;
    } while ((choice.runnable & (CpuMask{1} << next)) == 0);
    return next;
  }
};

// Ends the run at the `at`-th event or note that it sees.
class StopAt final : public EventListener {
 public:
  explicit StopAt(int at) : left_(at) {}
  bool OnEvent(const Event&) override { return --left_ == 0; }

 private:
  int left_;
};

void TakeTwoLocks(CpuId cpu) {
  LockWord(cpu);
  LockWord(1 - cpu);
  UnlockWord(1 - cpu);
  UnlockWord(cpu);
}

TEST_F(EngineVerdict, TwoLocksInOppositeOrderDeadlock) {
  FollowSchedule schedule({{2, 0, 1}});
  const RecordedRun run = RunBodies(schedule, 0, 2, TakeTwoLocks);
  EXPECT_EQ(run.result.outcome, Outcome::kDeadlock);
  EXPECT_EQ(CpusOf(run), "01");
  EXPECT_FALSE(TestEngine().in_run());
  EXPECT_EQ(TestEngine().pending(0).kind, EventKind::kLock);
  EXPECT_EQ(TestEngine().pending(0).location, 1u);
  EXPECT_EQ(TestEngine().pending_number(0), 2);
  EXPECT_EQ(TestEngine().pending(1).location, 0u);
}

TEST_F(EngineVerdict, ItsTwinWithoutThePreemptionFinishes) {
  FollowSchedule schedule({});
  const RecordedRun run = RunBodies(schedule, 0, 2, TakeTwoLocks);
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  EXPECT_EQ(CpusOf(run), "00001111");
}

TEST_F(EngineVerdict, ALockTakenTwiceDeadlocksOneCpuAfterTheOthersHaveEnded) {
  FollowSchedule schedule({});
  const RecordedRun run = RunBodies(schedule, 0, 3, [](CpuId cpu) {
    LockWord(cpu);
    if (cpu == 0) LockWord(cpu);
  });
  EXPECT_EQ(run.result.outcome, Outcome::kDeadlock);
  EXPECT_EQ(CpusOf(run), "012");
}

TEST_F(EngineVerdict, AnEndlessLoopReachesTheStepBound) {
  FollowSchedule schedule({{100, 0, 1}});
  const RecordedRun run = RunBodies(schedule, 0, 2, [](CpuId cpu) {
    for (;;) FetchAdd(cpu, 1);
  });
  EXPECT_EQ(run.result.outcome, Outcome::kStepBound);
  EXPECT_LE(run.result.steps, kStepsMax);
  EXPECT_GT(run.result.steps, kStepsMax - 32);
  EXPECT_EQ(run.events.size(), run.result.steps);
  EXPECT_EQ(test_arena[0], 99u);
}

TEST_F(EngineVerdict, AsManySwitchesAsThereCanBeFitIntoTheScheduleTaken) {
  RoundRobin round_robin;
  const auto body = [](CpuId cpu) {
    for (;;) FetchAdd(cpu, 1);
  };
  const RecordedRun run = RunBodies(round_robin, 0, kCpusMax, body);
  EXPECT_EQ(run.result.outcome, Outcome::kStepBound);
  EXPECT_GE(run.taken.size(), run.result.steps);
  FollowSchedule replay(run.taken);
  EXPECT_TRUE(SameRun(run, RunBodies(replay, 0, kCpusMax, body)));
}

TEST_F(EngineVerdict, StopEndsTheRunWithTheEventThatAskedForIt) {
  StopAt stop(4);
  TestEngine().set_listener(&stop);
  FollowSchedule schedule({{2, 0, 2}, {2, 2, 0}});
  const RecordedRun run = RunBodies(schedule, 0, 3, [](CpuId cpu) {
    for (int i = 1; i <= 3; ++i) Store(cpu, i);
  });
  EXPECT_EQ(run.result.outcome, Outcome::kStopped);
  EXPECT_EQ(CpusOf(run), "0200");
  EXPECT_EQ(run.result.steps, 4u);
  EXPECT_EQ(test_arena[1], 0u) << "CPU 1 never ran";
}

TEST_F(EngineVerdict, StopAtEachEventOfARandomProgramLeavesAPrefixOfItsTrace) {
  const std::unique_ptr<Strategy> strategy = MakeRandomStrategy();
  size_t stops = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const RandomProgram program = DrawProgram(seed, true);
    TestEngine().set_listener(nullptr);
    const RecordedRun whole = RunRandomProgram(*strategy, seed, program);
    for (size_t at = 1; at <= whole.events.size(); ++at, ++stops) {
      StopAt stop(static_cast<int>(at));
      TestEngine().set_listener(&stop);
      const RecordedRun run = RunRandomProgram(*strategy, seed, program);
      ASSERT_EQ(run.result.outcome, Outcome::kStopped) << "at " << at << "\n" << Describe(whole);
      ASSERT_GE(run.events.size(), at);
      ASSERT_EQ(run.events.back().step, run.events[at - 1].step) << "only notes of the same step";
      ASSERT_EQ(std::memcmp(run.events.data(), whole.events.data(), at * sizeof(Event)), 0);
    }
  }
  EXPECT_GT(stops, 100u);
}

// A note is no decision, yet an oracle may find its violation there: nobody may run after it.
TEST_F(EngineVerdict, StopAtANoteEndsTheRunBeforeTheNextEventOfAnybody) {
  StopAt stop(2);
  TestEngine().set_listener(&stop);
  FollowSchedule schedule({{2, 0, 1}});
  const RecordedRun run = RunBodies(schedule, 0, 2, [](CpuId cpu) {
    Store(cpu, 1);
    TestEngine().Note(EventKind::kNote, 0, kNoLocation, 0, 0, nullptr, cpu);
    Store(cpu, 2);
  });
  EXPECT_EQ(run.result.outcome, Outcome::kStopped);
  EXPECT_EQ(CpusOf(run), "0");
}

TEST_F(EngineVerdict, StopAtTheVeryLastNoteIsStillAStop) {
  StopAt stop(2);
  TestEngine().set_listener(&stop);
  FollowSchedule schedule({});
  const RecordedRun run = RunBodies(schedule, 0, 1, [](CpuId cpu) {
    Store(cpu, 1);
    TestEngine().Note(EventKind::kNote, 0, kNoLocation, 0, 0, nullptr, cpu);
  });
  EXPECT_EQ(run.result.outcome, Outcome::kStopped);
}

}  // namespace
}  // namespace walkrace
