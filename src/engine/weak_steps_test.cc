// Runs of the engine under weak memory: what an entry of the schedule does, and that a run is
// replayed by what it took.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "base/random.h"
#include "engine/memory_choices.h"
#include "engine/random_program.h"
#include "engine/test_bed.h"

namespace walkrace {
namespace {

constexpr int kX = 0, kY = 8;  // words
constexpr int kTaken = 32;     // where bodies keep what they read: nobody else looks there

uint64_t seen[kCpusMax][2];

void Fence(FenceKind kind) {
  Engine& engine = TestEngine();
  engine.Arrive({EventKind::kFence, static_cast<uint8_t>(kind), Order::kFull, 0, kNoLocation,
                 nullptr, nullptr, nullptr});
  engine.Fence(kind);
  engine.Complete(0, 0);
}

class WeakRun : public ::testing::Test {
 protected:
  void TearDown() override {
    TestEngine().set_memory_choices(nullptr);
    TestEngine().set_memory(MemoryKind::kSc);
  }

  template <typename Function>
  RecordedRun Follow(MemoryKind memory, std::vector<Preemption> entries, int cpu_count,
                     Function body) {
    for (auto& of_cpu : seen) of_cpu[0] = of_cpu[1] = 99;
    schedule_.clear();
    for (const Preemption& entry : entries) EXPECT_TRUE(schedule_.push_back(entry));
    strategy_.set_schedule(&schedule_);
    TestEngine().set_memory(memory);
    TestEngine().set_memory_choices(strategy_.memory_choices());
    return RunBodies(strategy_, 0, cpu_count, body);
  }

  Schedule schedule_;
  ScheduleStrategy strategy_;
};

Preemption Old(int cpu, int event, int amount = 1) {
  return {static_cast<uint16_t>(event), static_cast<uint8_t>(cpu), 0, EntryKind::kOld,
          static_cast<uint8_t>(amount)};
}
Preemption Late(int cpu, int event, int amount) {
  return {static_cast<uint16_t>(event), static_cast<uint8_t>(cpu), 0, EntryKind::kLate,
          static_cast<uint8_t>(amount)};
}

// CPU 0 runs first, then CPU 1.
template <bool kFenced>
void StoreBuffering(CpuId cpu) {
  Store(cpu == 0 ? kX : kY, 1);
  if (kFenced) Fence(FenceKind::kFull);
  seen[cpu][0] = Load(cpu == 0 ? kY : kX);
}

TEST_F(WeakRun, AnOldLoadPassesTheStoreBeforeIt) {
  for (const MemoryKind memory : {MemoryKind::kTso, MemoryKind::kMca, MemoryKind::kLkmm}) {
    const RecordedRun run = Follow(memory, {Old(1, 2)}, 2, StoreBuffering<false>);
    EXPECT_EQ(seen[0][0], 0u);
    EXPECT_EQ(seen[1][0], 0u) << Describe(run);
    ASSERT_EQ(run.taken.size(), 1u);
    EXPECT_EQ(run.taken[0], Old(1, 2));
    EXPECT_EQ(TestEngine().old_loads().size(), 1u);
  }
}

TEST_F(WeakRun, NoOldLoadPassesAFullBarrier) {
  for (const MemoryKind memory : {MemoryKind::kTso, MemoryKind::kMca, MemoryKind::kLkmm}) {
    const RecordedRun run = Follow(memory, {Old(1, 3)}, 2, StoreBuffering<true>);
    EXPECT_EQ(seen[1][0], 1u) << Describe(run);
    EXPECT_TRUE(run.taken.empty()) << "an entry without effect is none of the run";
  }
}

TEST_F(WeakRun, ALateStoreIsAnEventOfItsOwn) {
  // CPU 0's first store takes effect behind its second one, and CPU 1 runs between the two.
  const auto body = [](CpuId cpu) {
    if (cpu == 0) {
      Store(kX, 1);
      Store(kY, 1);
      Store(kTaken, 1);
      return;
    }
    seen[1][0] = Load(kY);
    seen[1][1] = Load(kX);
  };
  for (const MemoryKind memory : {MemoryKind::kMca, MemoryKind::kLkmm}) {
    const RecordedRun run = Follow(memory, {Late(0, 1, 2), {3, 0, 1}}, 2, body);
    EXPECT_EQ(seen[1][0], 1u) << Describe(run);
    EXPECT_EQ(seen[1][1], 0u) << Describe(run);
    EXPECT_EQ(run.events[0].kind, EventKind::kIssue);
    EXPECT_EQ(test_arena[kX], 1u);
  }
  // Total store order commits in program order.
  Follow(MemoryKind::kTso, {Late(0, 1, 2), {3, 0, 1}}, 2, body);
  EXPECT_FALSE(seen[1][0] == 1 && seen[1][1] == 0);
}

TEST_F(WeakRun, ALoadSeesTheLateStoreOfItsCpu) {
  Follow(MemoryKind::kLkmm, {Late(0, 1, 8)}, 1, [](CpuId) {
    Store(kX, 7);
    seen[0][0] = Load(kX);
  });
  EXPECT_EQ(seen[0][0], 7u);
  EXPECT_EQ(test_arena[kX], 7u) << "at the end nothing is late any more";
}

TEST_F(WeakRun, ACpuThatWaitsLetsGoOfItsLateStores) {
  const auto body = [](CpuId cpu) {
    if (cpu == 0) {
      LockWord(kY);
      Store(kX, 1);
      UnlockWord(kY);
      return;
    }
    LockWord(kY);
    seen[1][0] = Load(kX);
    UnlockWord(kY);
  };
  for (int delay = 1; delay <= 4; ++delay) {
    const RecordedRun run = Follow(MemoryKind::kLkmm, {Late(0, 2, delay), {3, 0, 1}}, 2, body);
    EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  }
}

// Independent reads of independent writes: two CPUs that do not agree which store came first.
TEST_F(WeakRun, StoresReachCpusInDifferentOrdersUnderLkmmAlone) {
  const auto body = [](CpuId cpu) {
    if (cpu < 2) return Store(cpu == 0 ? kX : kY, 1);
    seen[cpu][0] = Load(cpu == 2 ? kX : kY);
    Fence(FenceKind::kRead);
    seen[cpu][1] = Load(cpu == 2 ? kY : kX);
  };
  const auto disagree = [] {
    return seen[2][0] == 1 && seen[2][1] == 0 && seen[3][0] == 1 && seen[3][1] == 0;
  };
  Follow(MemoryKind::kLkmm, {Old(2, 3), Old(3, 3)}, 4, body);
  EXPECT_TRUE(disagree());
  Follow(MemoryKind::kMca, {Old(2, 3), Old(3, 3)}, 4, body);
  EXPECT_FALSE(disagree());
}

// Of 2,000 programs, each with old loads and late stores by chance: what a run took replays it.
TEST_F(WeakRun, WhatARunTookReplaysIt) {
  const std::unique_ptr<Strategy> random = MakeRandomStrategy();
  RandomMemoryChoices choices;
  int old = 0, late = 0;
  for (const MemoryKind memory : {MemoryKind::kTso, MemoryKind::kMca, MemoryKind::kLkmm}) {
    TestEngine().set_memory(memory);
    for (uint64_t seed = 0; seed < 2000; ++seed) {
      const RandomProgram program = DrawProgram(seed, false);
      TestEngine().set_memory_choices(&choices);
      const RecordedRun run = RunRandomProgram(*random, seed, program);
      schedule_.clear();
      for (const Preemption& entry : run.taken) {
        ASSERT_TRUE(schedule_.push_back(entry));
        old += entry.kind == EntryKind::kOld;
        late += entry.kind == EntryKind::kLate;
      }
      strategy_.set_schedule(&schedule_);
      TestEngine().set_memory_choices(strategy_.memory_choices());
      const RecordedRun again = RunRandomProgram(strategy_, 0, program);
      ASSERT_TRUE(SameRun(run, again)) << Describe(run) << Describe(again);
    }
  }
  EXPECT_GT(old, 100);
  EXPECT_GT(late, 100);
}

// Nothing chosen: the run is the one that sequential consistency makes, event by event.
TEST_F(WeakRun, WithoutChoicesItIsSequentialConsistency) {
  const std::unique_ptr<Strategy> random = MakeRandomStrategy();
  for (uint64_t seed = 0; seed < 500; ++seed) {
    const RandomProgram program = DrawProgram(seed, true);
    TestEngine().set_memory(MemoryKind::kSc);
    const RecordedRun sc = RunRandomProgram(*random, seed, program);
    TestEngine().set_memory(MemoryKind::kLkmm);
    TestEngine().set_memory_choices(nullptr);
    const RecordedRun weak = RunRandomProgram(*random, seed, program);
    ASSERT_TRUE(SameRun(sc, weak)) << Describe(sc) << Describe(weak);
  }
}

}  // namespace
}  // namespace walkrace
