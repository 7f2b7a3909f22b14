// Litmus tests as bodies: what each memory model shows, and with how many exceptions.
#include "engine/weak_search.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/build_info.h"
#include "base/random.h"
#include "engine/memory_choices.h"
#include "engine/test_bed.h"

namespace walkrace {
namespace {

using Registers = std::array<uint64_t, 4>;

struct Found {
  std::set<Registers> ends;
  uint64_t schedules = 0;
  bool left_out = false;
  std::vector<Preemption> taken;  // of the first run with the end that was looked for
};

class WeakSearchTest : public ::testing::TestWithParam<MemoryKind> {
 protected:
  void SetUp() override { TestEngine().set_backend(Fibers()); }
  void TearDown() override {
    TestEngine().set_memory(MemoryKind::kSc);
    TestEngine().set_memory_choices(nullptr);
    TestEngine().set_backend(OsThreads());
  }

  // `body(cpu, registers)`.
  template <typename Body>
  static Registers RunOnce(Strategy& strategy, int cpus, const Body& body, RecordedRun* run) {
    Registers registers = {};
    TestEngine().set_memory_choices(strategy.memory_choices());
    *run = RunBodies(strategy, 0, cpus, [&](CpuId cpu) { body(cpu, registers); });
    return registers;
  }

  template <typename Body>
  static Found Explore(MemoryKind memory, uint32_t exceptions, int cpus, const Body& body,
                       const Registers& looked_for) {
    TestEngine().set_memory(memory);
    StepFootprints footprints(TestEngine());
    WeakSearch search(TestEngine(), footprints, exceptions);
    Found found;
    while (search.Next()) {
      RecordedRun run;
      const Registers end = RunOnce(search, cpus, body, &run);
      search.EndRun(run.result, false);
      if (found.ends.insert(end).second && end == looked_for) found.taken = run.taken;
    }
    EXPECT_EQ(search.Covered(), 1);
    found.schedules = search.schedules();
    found.left_out = search.left_out();
    return found;
  }

  // The fewest exceptions that the end needs; none: it is not found by all there are, or by so
  // many.
  template <typename Body>
  static std::optional<uint32_t> ExceptionsFor(MemoryKind memory, int cpus, const Body& body,
                                               const Registers& looked_for,
                                               uint32_t exceptions_max = UINT32_MAX) {
    for (uint32_t exceptions = 0; exceptions <= exceptions_max; ++exceptions) {
      const Found found = Explore(memory, exceptions, cpus, body, looked_for);
      if (found.ends.count(looked_for) != 0) {
        ExpectReplays(cpus, body, looked_for, found.taken);
        return exceptions;
      }
      if (!found.left_out) break;
    }
    return std::nullopt;
  }

  // The schedule that was taken leads there again.
  template <typename Body>
  static void ExpectReplays(int cpus, const Body& body, const Registers& looked_for,
                            const std::vector<Preemption>& taken) {
    FollowSchedule follow(taken);
    RecordedRun run;
    EXPECT_EQ(RunOnce(follow, cpus, body, &run), looked_for);
    EXPECT_EQ(run.taken, taken);
  }
};

constexpr MemoryKind kWeak[] = {MemoryKind::kTso, MemoryKind::kMca, MemoryKind::kLkmm};
INSTANTIATE_TEST_SUITE_P(Models, WeakSearchTest, ::testing::ValuesIn(kWeak),
                         [](const auto& info) { return MemoryRowOf(info.param).name; });

void StoreBuffering(CpuId cpu, Registers& registers) {
  Store(cpu, 1);
  registers[cpu] = LoadIndependent(1 - cpu);
}

void StoreBufferingWithFences(CpuId cpu, Registers& registers) {
  Store(cpu, 1);
  FenceOf(FenceKind::kFull);
  registers[cpu] = LoadIndependent(1 - cpu);
}

// What is stored is not zero: both zero is that both loads missed the other's store.
TEST_P(WeakSearchTest, StoreBufferingTakesOneException) {
  const auto exceptions = ExceptionsFor(GetParam(), 2, StoreBuffering, {0, 0});
  ASSERT_TRUE(exceptions.has_value());
  EXPECT_EQ(*exceptions, 1u);
}

TEST_P(WeakSearchTest, FullFencesForbidStoreBuffering) {
  EXPECT_EQ(ExceptionsFor(GetParam(), 2, StoreBufferingWithFences, {0, 0}), std::nullopt);
  // What sequential consistency allows is all there.
  const Found found = Explore(GetParam(), 100, 2, StoreBufferingWithFences, {});
  EXPECT_FALSE(found.left_out);
  EXPECT_EQ(found.ends, (std::set<Registers>{{0, 1}, {1, 0}, {1, 1}}));
}

void MessagePassing(CpuId cpu, Registers& registers) {
  if (cpu == 0) {
    Store(0, 1);
    Store(1, 1);
  } else {
    registers[0] = LoadIndependent(1);
    registers[1] = LoadIndependent(0);
  }
}

template <bool kWriterFences, bool kReaderFences>
void MessagePassingWithFences(CpuId cpu, Registers& registers) {
  if (cpu == 0) {
    Store(0, 1);
    if (kWriterFences) FenceOf(FenceKind::kWrite);
    Store(1, 1);
  } else {
    registers[0] = LoadIndependent(1);
    if (kReaderFences) FenceOf(FenceKind::kRead);
    registers[1] = LoadIndependent(0);
  }
}

TEST_P(WeakSearchTest, MessagePassingIsNoneOfTso) {
  const auto exceptions = ExceptionsFor(GetParam(), 2, MessagePassing, {1, 0});
  if (GetParam() == MemoryKind::kTso) {
    EXPECT_EQ(exceptions, std::nullopt);
  } else {
    EXPECT_EQ(exceptions.value_or(100), 1u);
  }
}

TEST_P(WeakSearchTest, MessagePassingTakesBothFences) {
  const Registers stale = {1, 0};
  const bool tso = GetParam() == MemoryKind::kTso;
  EXPECT_EQ(ExceptionsFor(GetParam(), 2, MessagePassingWithFences<true, false>, stale).has_value(),
            !tso);
  EXPECT_EQ(ExceptionsFor(GetParam(), 2, MessagePassingWithFences<false, true>, stale).has_value(),
            !tso);
  EXPECT_EQ(ExceptionsFor(GetParam(), 2, MessagePassingWithFences<true, true>, stale),
            std::nullopt);
}

// Two CPUs store, two see the stores in another order each.
template <FenceKind kBetween>
void IndependentReads(CpuId cpu, Registers& registers) {
  if (cpu < 2) {
    Store(cpu, 1);
    return;
  }
  const int first = cpu - 2;
  registers[2 * first] = LoadIndependent(first);
  FenceOf(kBetween);
  registers[2 * first + 1] = LoadIndependent(1 - first);
}

// All of it is too much for four CPUs.
constexpr uint32_t kOfFourCpus = 3;

// With smp_rmb(), which orders the loads and is not cumulative.
TEST_P(WeakSearchTest, IndependentReadsAreOfLkmmAlone) {
  const auto exceptions =
      ExceptionsFor(GetParam(), 4, IndependentReads<FenceKind::kRead>, {1, 0, 1, 0}, kOfFourCpus);
  EXPECT_EQ(exceptions.has_value(), GetParam() == MemoryKind::kLkmm);
}

TEST_P(WeakSearchTest, FullFencesForbidIndependentReads) {
  EXPECT_EQ(
      ExceptionsFor(GetParam(), 4, IndependentReads<FenceKind::kFull>, {1, 0, 1, 0}, kOfFourCpus),
      std::nullopt);
}

// A longer delay of what a fence commits is not tried: of the store before the fence one delay
// alone.
TEST_P(WeakSearchTest, TriesNoDelayThatNothingLetsRunOut) {
  const auto fenced = [](CpuId /*cpu*/, Registers& /*registers*/) {
    Store(0, 1);
    FenceOf(FenceKind::kFull);
  };
  const Found found = Explore(GetParam(), 1, 1, fenced, {});
  // None, one event (before the fence), two (the fence comes first).
  EXPECT_EQ(found.schedules, 3u);
}

// Of random programs: what samples of all schedules and choices end with, the search has met. It
// would miss nothing that one run in 50 does, but for a probability of (1 - 1/50)^400, below 1e-3,
// a program.
TEST_P(WeakSearchTest, SeesWhatSamplesSee) {
  uint64_t schedules = 0, ends = 0;
  const uint64_t programs = std::strcmp(kFlavour, "plain") == 0 ? 40 : 4;
  for (uint64_t seed = 1; seed <= programs; ++seed) {
    uint32_t draws[2][3];
    Random random(seed);
    for (auto& cpu : draws) {
      for (uint32_t& draw : cpu) draw = random.Below(32);
    }
    const auto body = [&draws](CpuId cpu, Registers& registers) {
      for (int i = 0; i < 3; ++i) {
        const uint32_t draw = draws[cpu][i];
        const int word = draw & 1;
        uint64_t& seen = registers[2 * cpu];
        if (draw < 14) {
          Store(word, 10 * cpu + i + 1);
        } else if (draw < 28) {
          seen = 100 * seen + LoadIndependent(word) + 1;
        } else {
          FenceOf(static_cast<FenceKind>((draw - 28) % 3));
        }
      }
    };
    const Found found = Explore(GetParam(), 100, 2, body, {});
    ASSERT_FALSE(found.left_out);
    schedules += found.schedules;
    ends += found.ends.size();
    const std::unique_ptr<Strategy> strategy = MakeRandomStrategy();
    RandomMemoryChoices choices;
    for (int sample = 0; sample < 400; ++sample) {
      Registers registers = {};
      TestEngine().set_memory_choices(&choices);
      RunBodies(*strategy, SplitSeed(seed, sample), 2, [&](CpuId cpu) { body(cpu, registers); });
      ASSERT_EQ(found.ends.count(registers), 1u) << "seed " << seed;
    }
  }
  std::printf("%lu schedules, %lu ends\n", schedules, ends);
}

}  // namespace
}  // namespace walkrace
