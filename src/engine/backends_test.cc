// Threads and fibers carry the same run: same input, same trace, byte for byte.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "engine/backend.h"
#include "engine/random_program.h"
#include "engine/test_bed.h"

namespace walkrace {
namespace {

class BackendTest : public ::testing::TestWithParam<const BackendRow*> {
 protected:
  void SetUp() override { TestEngine().set_backend(GetParam()->get()); }
  void TearDown() override { TestEngine().set_backend(OsThreads()); }
};

std::vector<const BackendRow*> AllBackends() {
  size_t count;
  const BackendRow* rows = BackendRows(&count);
  std::vector<const BackendRow*> all;
  for (size_t i = 0; i < count; ++i) all.push_back(&rows[i]);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Backends, BackendTest, ::testing::ValuesIn(AllBackends()),
                         [](const auto& info) { return std::string(info.param->name); });

TEST_P(BackendTest, HandsOverWhereTheScheduleSays) {
  FollowSchedule schedule({{2, 0, 1}, {3, 1, 2}, {2, 2, 0}});
  const auto body = [](CpuId cpu) {
    for (int i = 1; i <= 3; ++i) Store(cpu, i);
  };
  const RecordedRun run = RunBodies(schedule, 0, 3, body);
  EXPECT_EQ(CpusOf(run), "011200122");
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
}

// What a CPU keeps on its stack is there when it goes on.
TEST_P(BackendTest, EachCpuHasAStackOfItsOwn) {
  const std::unique_ptr<Strategy> strategy = MakeRandomStrategy();
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const RecordedRun run = RunBodies(*strategy, seed, kCpusMax, [](CpuId cpu) {
      volatile uint64_t kept[512];
      for (int i = 0; i < 512; ++i) kept[i] = cpu * 1000 + i;
      for (int i = 0; i < 10; ++i) Store(cpu, i + 1);
      uint64_t sum = 0;
      for (int i = 0; i < 512; ++i) sum += kept[i] - i;
      Store(cpu, sum);
    });
    ASSERT_EQ(run.result.outcome, Outcome::kFinished);
    for (CpuId cpu = 0; cpu < kCpusMax; ++cpu) ASSERT_EQ(test_arena[cpu], cpu * 1000 * 512u);
  }
}

// A run that was cut short leaves nothing behind for the next, whatever the number of its CPUs.
TEST_P(BackendTest, GoesOnAfterRunsThatWereCutShort) {
  FollowSchedule deadlock({{2, 0, 1}});
  FollowSchedule empty({});
  for (int i = 0; i < 1000; ++i) {
    const RecordedRun cut = RunBodies(deadlock, 0, 2, [](CpuId cpu) {
      LockWord(cpu);
      LockWord(1 - cpu);
    });
    ASSERT_EQ(cut.result.outcome, Outcome::kDeadlock);
    const int cpus = 1 + i % kCpusMax;
    const RecordedRun whole = RunBodies(empty, 0, cpus, [](CpuId cpu) { Store(cpu, 1); });
    ASSERT_EQ(CpusOf(whole), std::string("0123").substr(0, cpus));
  }
}

// Programs whose control flow depends on what they read, deadlocks among them. A defect that shows
// in one of 1,000 is missed with a probability of (1 - 1/1000)^10000, below 0.005 %.
TEST(BackendIdentity, RandomProgramsHaveOneTrace) {
  const std::unique_ptr<Strategy> strategy = MakeRandomStrategy();
  int deadlocks = 0;
  for (uint64_t seed = 0; seed < 10'000; ++seed) {
    const RandomProgram program = DrawProgram(seed, true);
    TestEngine().set_backend(OsThreads());
    const RecordedRun threads = RunRandomProgram(*strategy, seed, program);
    TestEngine().set_backend(Fibers());
    const RecordedRun fibers = RunRandomProgram(*strategy, seed, program);
    TestEngine().set_backend(OsThreads());
    ASSERT_TRUE(SameRun(threads, fibers)) << "seed " << seed << "\n"
                                          << Describe(threads) << Describe(fibers);
    deadlocks += threads.result.outcome == Outcome::kDeadlock;
  }
  EXPECT_GT(deadlocks, 500);
}

TEST(BackendNames, AreKnownAndOthersAreNot) {
  EXPECT_EQ(&FindBackend("threads")->get(), &OsThreads());
  EXPECT_EQ(&FindBackend("fibers")->get(), &Fibers());
  EXPECT_EQ(FindBackend("goroutines"), nullptr);
  size_t count;
  EXPECT_STREQ(BackendRows(&count)->name, "threads") << "the default";
}

}  // namespace
}  // namespace walkrace
