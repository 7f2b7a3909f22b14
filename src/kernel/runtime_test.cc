// The primitives that wait for nobody: accesses, fences, notes, interrupts off and on.
#include "kernel/runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "kernel/kernel_test_bed.h"
#include "kernel/notes.h"

namespace walkrace {
namespace {

using ::testing::EndsWith;

RecordedRun RunOnOneCpu(void (*body)()) {
  FollowSchedule empty({});
  return RunKernel(empty, 0, 1, [body](CpuId) { body(); });
}

// --- Accesses ---------------------------------------------------------------------------------

struct RmwRow {
  const char* name;
  enum wr_rmw kind;
  unsigned size;
  uint64_t old;
  uint64_t operand;
  uint64_t expected;
  uint64_t after;
  bool failed;
};

constexpr RmwRow kRmwRows[] = {
    {"Xchg", WR_XCHG, 8, 5, 7, 0, 7, false},
    {"Add", WR_ADD, 8, 5, 7, 0, 12, false},
    {"AddWraps", WR_ADD, 8, UINT64_MAX, 2, 0, 1, false},
    {"AddWrapsAtItsSize", WR_ADD, 4, UINT32_MAX, 2, 0, 1, false},
    {"Sub", WR_SUB, 8, 5, 7, 0, UINT64_MAX - 1, false},
    {"SubWrapsAtItsSize", WR_SUB, 4, 0, 1, 0, UINT32_MAX, false},
    {"And", WR_AND, 8, 6, 3, 0, 2, false},
    {"Or", WR_OR, 8, 6, 3, 0, 7, false},
    {"CmpxchgOfTheExpected", WR_CMPXCHG, 8, 5, 7, 5, 7, false},
    {"CmpxchgOfAnother", WR_CMPXCHG, 8, 5, 7, 6, 5, true},
    {"AddUnlessOfAnother", WR_ADD_UNLESS, 8, 5, 7, 0, 12, false},
    {"AddUnlessOfTheForbidden", WR_ADD_UNLESS, 8, 0, 7, 0, 0, true},
};

class KernelRmw : public ::testing::TestWithParam<RmwRow> {};

TEST_P(KernelRmw, ReturnsTheOldValueAndSaysWhetherItChangedAnything) {
  const RmwRow& row = GetParam();
  FollowSchedule empty({});
  uint64_t returned = ~row.old;
  bool failed = !row.failed;
  const RecordedRun run = RunKernel(empty, 0, 1, [&](CpuId) {
    test_arena[1] = row.old;
    test_arena[2] = ~uint64_t{0};  // a neighbour, which must not change
    returned = wr_rmw(Word(1), row.size, row.kind, row.operand, row.expected, WR_FULL, WR_DATA,
                      &failed, WR_HERE);
  });
  EXPECT_EQ(returned, row.old);
  EXPECT_EQ(failed, row.failed);
  EXPECT_EQ(test_arena[1], row.after);
  EXPECT_EQ(test_arena[2], ~uint64_t{0});
  ASSERT_EQ(run.events.size(), 1u);
  const Event& event = run.events[0];
  EXPECT_EQ(event.kind, EventKind::kRmw);
  EXPECT_EQ(event.detail, row.kind);
  EXPECT_EQ(event.order, Order::kFull);
  EXPECT_EQ(event.size, row.size);
  EXPECT_EQ(event.failed, row.failed);
  EXPECT_EQ(event.location, 1u);
  EXPECT_EQ(event.before, row.old);
  EXPECT_EQ(event.after, row.after);
}

INSTANTIATE_TEST_SUITE_P(Kinds, KernelRmw, ::testing::ValuesIn(kRmwRows),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(KernelAccess, EventsKeepTheOrderThatTheKernelMeant) {
  constexpr wr_order kOrders[] = {WR_PLAIN, WR_RELAXED, WR_ACQUIRE, WR_RELEASE, WR_FULL};
  FollowSchedule empty({});
  const RecordedRun run = RunKernel(empty, 0, 1, [&](CpuId) {
    for (wr_order order : kOrders) {
      wr_rmw(Word(0), 8, WR_ADD, 1, 0, order, WR_DATA, nullptr, WR_HERE);
      (void)wr_load(Word(0), 8, order, WR_DATA, WR_HERE);
      wr_store(Word(0), 8, 0, order, WR_ENTRY, WR_HERE);
    }
  });
  ASSERT_EQ(run.events.size(), 15u);
  for (size_t i = 0; i < 15; ++i) {
    EXPECT_EQ(run.events[i].order, static_cast<Order>(kOrders[i / 3])) << i;
  }
}

TEST(KernelAccess, LoadsAndStoresWorkOnTheirSizeOnly) {
  const RecordedRun run = RunOnOneCpu([] {
    test_arena[0] = 0x1111111122222222;
    auto* halves = reinterpret_cast<uint32_t*>(Word(0));
    EXPECT_EQ(wr_load(&halves[1], 4, WR_RELAXED, WR_DATA, WR_HERE), 0x11111111u);
    wr_store(&halves[0], 4, 0xabcdef0033333333, WR_RELAXED, WR_DATA, WR_HERE);
    EXPECT_EQ(wr_load(Word(0), 8, WR_RELAXED, WR_DATA, WR_HERE), 0x1111111133333333u);
  });
  ASSERT_EQ(run.events.size(), 3u);
  EXPECT_EQ(run.events[0].kind, EventKind::kLoad);
  EXPECT_EQ(run.events[0].size, 4);
  EXPECT_EQ(run.events[1].kind, EventKind::kStore);
  EXPECT_EQ(run.events[1].before, 0x22222222u);
  EXPECT_EQ(run.events[1].after, 0x33333333u);
}

TEST(KernelAccess, EventsNameTheirPlace) {
  const int line = __LINE__ + 1;
  const RecordedRun run = RunOnOneCpu([] { wr_fence(WR_WMB, WR_HERE); });
  ASSERT_EQ(run.events.size(), 1u);
  EXPECT_EQ(run.events[0].kind, EventKind::kFence);
  EXPECT_EQ(run.events[0].detail, WR_WMB);
  EXPECT_EQ(run.events[0].site->line, line);
  EXPECT_THAT(run.events[0].site->file, EndsWith("src/kernel/runtime_test.cc"));
}

TEST(KernelNote, IsNoStepAndNamesItsObject) {
  const RecordedRun run = RunOnOneCpu([] {
    Set(0, 1);
    wr_note(WR_NOTE_PAGE_RETURNED, Word(5), 17, 18, WR_HERE);
    wr_note(WR_NOTE_GUP_END, nullptr, 1, 0, WR_HERE);
  });
  ASSERT_EQ(run.events.size(), 3u);
  EXPECT_EQ(run.result.steps, 1u);
  EXPECT_EQ(run.events[1].kind, EventKind::kNote);
  EXPECT_EQ(run.events[1].detail, WR_NOTE_PAGE_RETURNED);
  EXPECT_EQ(run.events[1].location, 5u);
  EXPECT_EQ(run.events[1].before, 17u);
  EXPECT_EQ(run.events[1].after, 18u);
  EXPECT_EQ(run.events[1].step, 1u);
  EXPECT_EQ(run.events[2].location, kNoLocation);
}

TEST(KernelCpu, KnowsItsNumberAndHowManyThereAre) {
  for (int cpu_count = 1; cpu_count <= kCpusMax; ++cpu_count) {
    FollowSchedule empty({});
    int ran = 0;
    RunKernel(empty, 0, cpu_count, [&](CpuId cpu) {
      EXPECT_EQ(wr_cpu(), cpu);
      EXPECT_EQ(wr_cpus(), (1u << cpu_count) - 1);
      Set(cpu, 1);
      EXPECT_EQ(wr_cpu(), cpu);
      ++ran;
    });
    EXPECT_EQ(ran, cpu_count);
  }
}

// --- Interrupts off and on --------------------------------------------------------------------

TEST(KernelIrq, NestsByTheSavedState) {
  const RecordedRun run = RunOnOneCpu([] {
    EXPECT_TRUE(wr_irqs_on());
    const bool outer = wr_irq_off(WR_HERE);
    EXPECT_TRUE(outer);
    EXPECT_FALSE(wr_irqs_on());
    const bool inner = wr_irq_off(WR_HERE);
    EXPECT_FALSE(inner);
    wr_irq_restore(inner, WR_HERE);
    EXPECT_FALSE(wr_irqs_on());
    wr_irq_restore(outer, WR_HERE);
    EXPECT_TRUE(wr_irqs_on());
  });
  ASSERT_EQ(run.events.size(), 3u) << "the inner restore changes nothing";
  EXPECT_EQ(run.events[0].kind, EventKind::kIrqOff);
  EXPECT_EQ(run.events[0].before, 1u);
  EXPECT_EQ(run.events[1].kind, EventKind::kIrqOff);
  EXPECT_EQ(run.events[1].before, 0u);
  EXPECT_EQ(run.events[2].kind, EventKind::kIrqOn);
}

TEST(KernelIrq, IsOfOneCpuAlone) {
  FollowSchedule schedule({{2, 0, 1}, {2, 1, 0}});
  const RecordedRun run = RunKernel(schedule, 0, 2, [](CpuId cpu) {
    if (cpu == 0) {
      const bool saved = wr_irq_off(WR_HERE);
      Set(0, 1);
      EXPECT_FALSE(wr_irqs_on());
      wr_irq_restore(saved, WR_HERE);
    } else {
      Set(1, 1);
      EXPECT_TRUE(wr_irqs_on()) << "CPU 0's are off";
      Set(1, 2);
    }
  });
  EXPECT_EQ(CpusOf(run), "01001");
}

TEST(KernelIrq, AreOnWhenTheNextRunBegins) {
  RunOnOneCpu([] {
    wr_irq_off(WR_HERE);
    wr_rcu_read_lock(WR_HERE);
  });
  static bool ran;
  ran = false;
  RunOnOneCpu([] {
    EXPECT_TRUE(wr_irqs_on());
    wr_call_rcu([](void*) { ran = true; }, nullptr, WR_HERE);
    EXPECT_TRUE(ran) << "no read section is open";
  });
}

}  // namespace
}  // namespace walkrace
