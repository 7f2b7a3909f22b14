// RCU: a callback runs when every CPU was seen with interrupts on and outside read sections, and
// at the earliest such moment.
#include <gtest/gtest.h>

#include <memory>

#include "base/random.h"
#include "kernel/kernel_test_bed.h"

namespace walkrace {
namespace {

// --- By hand ----------------------------------------------------------------------------------

int callbacks_run;
void CountCallback(void* argument) { callbacks_run += *static_cast<int*>(argument); }
int one = 1;

void CallRcu() { wr_call_rcu(&CountCallback, &one, WR_HERE); }

class KernelRcu : public ::testing::Test {
 protected:
  void SetUp() override { callbacks_run = 0; }
};

TEST_F(KernelRcu, WaitsForACpuWithInterruptsOff) {
  FollowSchedule schedule({{0, 0, 1}, {2, 1, 0}, {2, 0, 1}});
  const RecordedRun run = RunKernel(schedule, 0, 2, [](CpuId cpu) {
    if (cpu == 0) {
      CallRcu();
      EXPECT_EQ(callbacks_run, 0);
      Get(0);
      return;
    }
    const bool saved = wr_irq_off(WR_HERE);
    Get(0);
    EXPECT_EQ(callbacks_run, 0) << "CPU 0 has called; this section is still open";
    wr_irq_restore(saved, WR_HERE);
    EXPECT_EQ(callbacks_run, 1) << "at the earliest moment";
  });
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  EXPECT_EQ(CpusOf(run), "101110");
  ASSERT_EQ(run.events.size(), 6u);
  EXPECT_EQ(run.events[1].kind, EventKind::kRcuCall);
  EXPECT_EQ(run.events[1].before, 2u) << "waits for CPU 1";
  EXPECT_EQ(run.events[3].kind, EventKind::kIrqOn);
  EXPECT_EQ(run.events[4].kind, EventKind::kRcuDone);
  EXPECT_EQ(run.events[4].step, run.events[3].step) << "no step in between";
}

TEST_F(KernelRcu, WaitsForAReadSectionAndItsNestedOnes) {
  FollowSchedule schedule({{0, 0, 1}, {3, 1, 0}});
  const RecordedRun run = RunKernel(schedule, 0, 2, [](CpuId cpu) {
    if (cpu == 0) return CallRcu();
    wr_rcu_read_lock(WR_HERE);
    wr_rcu_read_lock(WR_HERE);
    Get(0);
    wr_rcu_read_unlock(WR_HERE);
    EXPECT_EQ(callbacks_run, 0);
    wr_rcu_read_unlock(WR_HERE);
    EXPECT_EQ(callbacks_run, 1);
  });
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
}

TEST_F(KernelRcu, WaitsForBothWhereTheyOverlap) {
  FollowSchedule schedule({{0, 0, 1}, {3, 1, 0}});
  RunKernel(schedule, 0, 2, [](CpuId cpu) {
    if (cpu == 0) return CallRcu();
    wr_rcu_read_lock(WR_HERE);
    const bool saved = wr_irq_off(WR_HERE);
    wr_rcu_read_unlock(WR_HERE);
    EXPECT_EQ(callbacks_run, 0) << "interrupts are off";
    wr_rcu_read_lock(WR_HERE);
    wr_irq_restore(saved, WR_HERE);
    EXPECT_EQ(callbacks_run, 0) << "in a read section";
    wr_rcu_read_unlock(WR_HERE);
    EXPECT_EQ(callbacks_run, 1);
  });
}

TEST_F(KernelRcu, WaitsForTheCallersOwnSection) {
  FollowSchedule empty({});
  RunKernel(empty, 0, 1, [](CpuId) {
    wr_rcu_read_lock(WR_HERE);
    CallRcu();
    EXPECT_EQ(callbacks_run, 0);
    wr_rcu_read_unlock(WR_HERE);
    EXPECT_EQ(callbacks_run, 1);
  });
}

TEST_F(KernelRcu, DoesNotWaitForCpusThatAreIdleOutsideOrFinished) {
  // CPU 1 has ended, CPU 2 has left its section, CPU 3 has not begun.
  FollowSchedule schedule({{0, 0, 1}, {2, 1, 2}, {3, 2, 0}});
  RunKernel(schedule, 0, 4, [](CpuId cpu) {
    if (cpu == 1) Get(0);
    if (cpu == 2) wr_irq_restore(wr_irq_off(WR_HERE), WR_HERE);
    if (cpu == 0) {
      CallRcu();
      EXPECT_EQ(callbacks_run, 1) << "runs at once";
    }
    Get(0);
  });
  EXPECT_EQ(callbacks_run, 1);
}

TEST_F(KernelRcu, DoesNotWaitForACpuThatHasEndedInASection) {
  FollowSchedule schedule({{0, 0, 1}});
  RunKernel(schedule, 0, 2, [](CpuId cpu) {
    if (cpu == 1) wr_irq_off(WR_HERE);
    if (cpu == 0) CallRcu();
  });
  EXPECT_EQ(callbacks_run, 1);
}

TEST_F(KernelRcu, ForgetsWhatARunThatWasCutShortLeftBehind) {
  FollowSchedule empty({});
  const RecordedRun cut = RunKernel(empty, 0, 1, [](CpuId) {
    wr_rcu_read_lock(WR_HERE);
    CallRcu();
    wr_spin_lock(Word(0), WR_HERE);
    wr_spin_lock(Word(0), WR_HERE);
  });
  EXPECT_EQ(cut.result.outcome, Outcome::kDeadlock);
  RunKernel(empty, 0, 1, [](CpuId) {
    wr_rcu_read_lock(WR_HERE);
    wr_rcu_read_unlock(WR_HERE);
  });
  EXPECT_EQ(callbacks_run, 0);
}

TEST_F(KernelRcu, DoesNotWaitForSectionsThatBeginLater) {
  // CPU 1 is in a section, CPU 0 calls, CPU 2 enters one, CPU 1 leaves its own.
  FollowSchedule schedule({{0, 0, 1}, {2, 1, 0}, {2, 0, 2}, {2, 2, 1}});
  RunKernel(schedule, 0, 3, [](CpuId cpu) {
    if (cpu == 0) {
      CallRcu();
      return;
    }
    const bool saved = wr_irq_off(WR_HERE);
    if (cpu == 2) EXPECT_EQ(callbacks_run, 0);
    Get(0);
    if (cpu == 2) EXPECT_EQ(callbacks_run, 1) << "while this section is open";
    wr_irq_restore(saved, WR_HERE);
    EXPECT_EQ(callbacks_run, 1);
  });
  EXPECT_EQ(callbacks_run, 1);
}

// --- Random programs against a model of the trace ---------------------------------------------

// Notes of the random programs: a callback's id, and what happens to it.
enum CallbackNote { kAboutToCall, kCallbackBegins, kCallbackEnds };

void NoteCallback(uint64_t id, CallbackNote what) { wr_note(0, nullptr, id, what, WR_HERE); }

bool callbacks_yield;

void NotedCallback(void* argument) {
  const uint64_t id = static_cast<uint64_t*>(argument) - test_arena;
  NoteCallback(id, kCallbackBegins);
  if (callbacks_yield) Get(0);
  NoteCallback(id, kCallbackEnds);
}

// Ten random operations: sections that nest and overlap, calls, loads. Leaves all sections.
void RunRandomReader(CpuId cpu, uint64_t seed) {
  Random random(SplitSeed(seed, cpu));
  bool irqs_off = false;
  int depth = 0;
  for (int i = 0; i < 10; ++i) {
    const uint32_t operation = random.Below(6);
    if (operation == 0) irqs_off = wr_irq_off(WR_HERE) || irqs_off;
    if (operation == 1 && irqs_off) wr_irq_restore(true, WR_HERE), irqs_off = false;
    if (operation == 2) wr_rcu_read_lock(WR_HERE), ++depth;
    if (operation == 3 && depth > 0) wr_rcu_read_unlock(WR_HERE), --depth;
    if (operation == 4) {
      const uint64_t id = 10 * cpu + i;
      NoteCallback(id, kAboutToCall);
      wr_call_rcu(&NotedCallback, &test_arena[id], WR_HERE);
    }
    if (operation == 5) Get(1);
  }
  if (irqs_off) wr_irq_restore(true, WR_HERE);
  while (depth-- > 0) wr_rcu_read_unlock(WR_HERE);
}

// Follows a trace: which CPUs are in a section, which sections each callback waits for.
class TraceModel {
 public:
  // Returns what is wrong with the run, or nothing.
  const char* Check(const RecordedRun& run) {
    for (const Event& event : run.events) {
      if (event.kind == EventKind::kNote) {
        Follow(event);
      } else if (event.kind != EventKind::kRcuDone) {
        if (in_callback_[event.cpu] == 0 && OneIsDueBy(event.cpu)) return "a callback runs late";
        FollowStep(event);
      }
      if (wrong_ != nullptr) return wrong_;
    }
    for (const Callback& callback : callbacks_) {
      if (callback.queued && !callback.has_run) return "a callback never ran";
    }
    return nullptr;
  }

  int callbacks_that_waited() const { return waited_; }

 private:
  struct Callback {
    bool queued;
    bool has_run;
    CpuMask waits_for;
    int due_by;  // the CPU that left the last section that it waited for
  };

  bool Inside(int cpu) const { return irqs_off_[cpu] || depth_[cpu] > 0; }

  void FollowStep(const Event& event) {
    const bool was_inside = Inside(event.cpu);
    if (event.kind == EventKind::kIrqOff) irqs_off_[event.cpu] = true;
    if (event.kind == EventKind::kIrqOn) irqs_off_[event.cpu] = false;
    if (event.kind == EventKind::kRcuLock) ++depth_[event.cpu];
    if (event.kind == EventKind::kRcuUnlock) --depth_[event.cpu];
    if (event.kind == EventKind::kRcuCall) Queue(callbacks_[about_to_call_[event.cpu]], event.cpu);
    if (was_inside && !Inside(event.cpu)) Leave(event.cpu);
  }

  void Queue(Callback& callback, int caller) {
    callback.queued = true;
    callback.due_by = caller;
    for (int cpu = 0; cpu < kCpusMax; ++cpu) {
      if (Inside(cpu)) callback.waits_for |= CpuMask{1} << cpu;
    }
    waited_ += callback.waits_for != 0;
  }

  void Leave(int cpu) {
    for (Callback& callback : callbacks_) {
      if ((callback.waits_for & CpuMask{1} << cpu) == 0) continue;
      callback.waits_for &= ~(CpuMask{1} << cpu);
      callback.due_by = cpu;
    }
  }

  void Follow(const Event& note) {
    Callback& callback = callbacks_[note.before];
    if (note.after == kAboutToCall) about_to_call_[note.cpu] = note.before;
    if (note.after == kCallbackEnds) --in_callback_[note.cpu];
    if (note.after != kCallbackBegins) return;
    ++in_callback_[note.cpu];
    if (!callback.queued) wrong_ = "a callback runs before it is queued";
    if (callback.has_run) wrong_ = "a callback runs twice";
    if (callback.waits_for != 0) wrong_ = "a callback runs early";
    callback.has_run = true;
  }

  bool OneIsDueBy(int cpu) const {
    for (const Callback& callback : callbacks_) {
      const bool due = callback.queued && !callback.has_run && callback.waits_for == 0;
      if (due && callback.due_by == cpu) return true;
    }
    return false;
  }

  Callback callbacks_[10 * kCpusMax] = {};
  uint64_t about_to_call_[kCpusMax] = {};
  bool irqs_off_[kCpusMax] = {};
  int depth_[kCpusMax] = {};
  int in_callback_[kCpusMax] = {};
  int waited_ = 0;
  const char* wrong_ = nullptr;
};

class KernelRcuRandom : public ::testing::TestWithParam<bool> {};

// A callback that runs early, late, twice or never in one run of 1,000 is missed with a probability
// of (1 - 1/1000)^8000, below 0.1 %. The tests above are the deterministic twins.
TEST_P(KernelRcuRandom, CallbacksRunAtTheEarliestMomentWhenAllSectionsAreOver) {
  callbacks_yield = GetParam();
  int waited = 0;
  for (const char* name : {"random", "pct"}) {
    const std::unique_ptr<Strategy> strategy = FindStrategy(name)->make({.depth = 5});
    for (uint64_t seed = 0; seed < 4000; ++seed) {
      const int cpu_count = 1 + static_cast<int>(seed % kCpusMax);
      const RecordedRun run = RunKernel(
          *strategy, seed, cpu_count, [seed](CpuId cpu) { RunRandomReader(cpu, seed + 1000000); });
      ASSERT_EQ(run.result.outcome, Outcome::kFinished);
      TraceModel model;
      const char* wrong = model.Check(run);
      ASSERT_EQ(wrong, nullptr) << wrong << ", seed " << seed << "\n" << Describe(run);
      waited += model.callbacks_that_waited();
    }
  }
  EXPECT_GT(waited, 5000);
}

INSTANTIATE_TEST_SUITE_P(Callbacks, KernelRcuRandom, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Yield" : "DoNotYield"; });

}  // namespace
}  // namespace walkrace
