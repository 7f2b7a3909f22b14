// Textbook programs whose numbers of classes are known, and each of them against enumeration
// without any reduction.
#include "kernel/bodies.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <ostream>
#include <set>
#include <string>

#include "base/build_info.h"
#include "base/random.h"
#include "engine/bounded_search.h"
#include "engine/plain_search.h"
#include "engine/reduced_search.h"
#include "engine/strategies.h"
#include "engine/test_bed.h"
#include "kernel/atomic.h"
#include "kernel/locking.h"
#include "kernel/rwonce.h"

namespace walkrace {
namespace {

// What the programs share.
struct Shared {
  uint64_t x, y, z;
  uint64_t seen[2 * kCpusMax];  // what a CPU has read: its own words
  spinlock_t lock[kCpusMax];
  rw_semaphore sem;
  atomic_t count;
  uint64_t deque[4];
  int64_t top, bottom;
};
Shared& shared = *reinterpret_cast<Shared*>(test_arena);

struct Program {
  const char* name;
  int cpu_count;
  void (*body)(int cpu);
  void (*judge)();
  uint64_t classes;     // by hand, where the name says how; else as enumeration gives them
  uint64_t violations;  // of them

  friend void PrintTo(const Program& program, std::ostream* out) { *out << program.name; }
};

// Each CPU reads after it has written its own word: 2 x 2 orders, without the cycle.
void StoreBuffering(int cpu) {
  uint64_t* own = cpu == 0 ? &shared.x : &shared.y;
  uint64_t* other = cpu == 0 ? &shared.y : &shared.x;
  WRITE_ONCE(*own, 1);
  WRITE_ONCE(shared.seen[cpu], READ_ONCE(*other));
}
void OneSawTheOther() { Require(shared.seen[0] + shared.seen[1] != 0, "neither saw the other"); }

void MessagePassing(int cpu) {
  if (cpu == 0) {
    WRITE_ONCE(shared.x, 1);
    WRITE_ONCE(shared.y, 1);
  } else if (READ_ONCE(shared.y) == 1) {
    Require(READ_ONCE(shared.x) == 1, "the flag without the message");
  }
}

void LoadBuffering(int cpu) {
  const uint64_t read = READ_ONCE(cpu == 0 ? shared.x : shared.y);
  WRITE_ONCE(cpu == 0 ? shared.y : shared.x, 1);
  WRITE_ONCE(shared.seen[cpu], read);
}

// Two writers, two readers of both words in opposite orders: 2^4 orders, without the one cycle.
void IndependentReads(int cpu) {
  if (cpu == 0) WRITE_ONCE(shared.x, 1);
  if (cpu == 1) WRITE_ONCE(shared.y, 1);
  if (cpu < 2) return;
  const bool x_first = cpu == 2;
  (void)READ_ONCE(x_first ? shared.x : shared.y);
  (void)READ_ONCE(x_first ? shared.y : shared.x);
}

void Independent(int cpu) {
  for (int i = 0; i < 3; ++i) WRITE_ONCE(shared.seen[cpu], i);
}

void OneWordEach(int cpu) { WRITE_ONCE(shared.x, cpu); }

// One writer, each reader before or after it.
void ReadersOfOneWriter(int cpu) {
  if (cpu == 0) {
    WRITE_ONCE(shared.x, 1);
  } else {
    (void)READ_ONCE(shared.x);
  }
}

void Counter(int cpu) {
  spin_lock(&shared.lock[0]);
  WRITE_ONCE(shared.x, READ_ONCE(shared.x) + 1);
  spin_unlock(&shared.lock[0]);
  (void)cpu;
}

void BrokenCounter(int /*cpu*/) { WRITE_ONCE(shared.x, READ_ONCE(shared.x) + 1); }
void CountedBoth() { Require(shared.x == 2, "an increment is lost"); }

// Each takes its left fork, then its right one. An order a fork: 2^n, where all went first at
// their left forks is the deadlock, and all at their right ones cannot be.
template <int kCount>
void Dining(int cpu) {
  spinlock_t* left = &shared.lock[cpu];
  spinlock_t* right = &shared.lock[(cpu + 1) % kCount];
  spin_lock(left);
  spin_lock(right);
  spin_unlock(right);
  spin_unlock(left);
}

void ReadersAndWriter(int cpu) {
  if (cpu == 0) {
    wr_write_lock(&shared.sem.word, WR_HERE);
    WRITE_ONCE(shared.x, 1);
    wr_write_unlock(&shared.sem.word, WR_HERE);
  } else {
    wr_read_lock(&shared.sem.word, WR_HERE);
    (void)READ_ONCE(shared.x);
    wr_read_unlock(&shared.sem.word, WR_HERE);
  }
}

// Chase and Lev's deque of one element: the owner takes it from the bottom, the others steal it
// from the top.
void WorkStealing(int cpu) {
  if (cpu == 0) {
    const int64_t bottom = READ_ONCE(shared.bottom) - 1;
    WRITE_ONCE(shared.bottom, bottom);
    const int64_t top = READ_ONCE(shared.top);
    if (top < bottom) {
      WRITE_ONCE(shared.seen[cpu], 1);
      return;
    }
    if (top == bottom && cmpxchg(&shared.top, top, top + 1) == top) WRITE_ONCE(shared.seen[cpu], 1);
    WRITE_ONCE(shared.bottom, bottom + 1);
    return;
  }
  const int64_t top = READ_ONCE(shared.top);
  if (top >= READ_ONCE(shared.bottom)) return;
  if (cmpxchg(&shared.top, top, top + 1) == top) WRITE_ONCE(shared.seen[cpu], 1);
}
// The same without the compare-and-exchange of the thief.
void CarelessStealing(int cpu) {
  if (cpu == 0) return WorkStealing(cpu);
  const int64_t top = READ_ONCE(shared.top);
  if (top >= READ_ONCE(shared.bottom)) return;
  WRITE_ONCE(shared.top, top + 1);
  WRITE_ONCE(shared.seen[cpu], 1);
}
void TakenOnce() {
  Require(shared.seen[0] + shared.seen[1] + shared.seen[2] == 1, "taken twice, or not at all");
}

// Peterson's lock, tried once.
void Peterson(int cpu) {
  WRITE_ONCE(shared.seen[cpu], 1);
  WRITE_ONCE(shared.x, 1 - cpu);
  if (READ_ONCE(shared.seen[1 - cpu]) != 0 && READ_ONCE(shared.x) != static_cast<uint64_t>(cpu)) {
    return;
  }
  atomic_inc(&shared.count);
  Require(atomic_read(&shared.count) == 1, "two inside");
  atomic_dec(&shared.count);
  WRITE_ONCE(shared.seen[cpu], 0);
}

// One IPI; the other CPU has its interrupts off in the middle.
void SetZ(void* /*argument*/, int /*cpu*/) {
  // Told by a touch, since it is no event.
  shared.z = 1;
  TestEngine().TouchMemory(&shared.z, Touched::kWrite);
}
void Interrupted(int cpu) {
  if (cpu == 0) {
    wr_ipi(2, &SetZ, nullptr, WR_HERE);
    WRITE_ONCE(shared.x, 1);
    return;
  }
  const bool flags = wr_irq_off(WR_HERE);
  const uint64_t before = READ_ONCE(shared.z);
  const uint64_t after = READ_ONCE(shared.z);
  wr_irq_restore(flags, WR_HERE);
  (void)READ_ONCE(shared.x);
  Require(before == after, "interrupted with interrupts off");
}

// A word that is published, then freed after a grace period; a reader in a read section.
void Free(void* /*argument*/) {
  shared.y = 1;
  TestEngine().TouchMemory(&shared.y, Touched::kWrite);
}
void RcuReader(int cpu) {
  if (cpu == 0) {
    WRITE_ONCE(shared.x, 1);
    call_rcu(&Free, nullptr);
    return;
  }
  rcu_read_lock();
  if (READ_ONCE(shared.x) == 0) Require(READ_ONCE(shared.y) == 0, "freed under a reader");
  rcu_read_unlock();
}

const Program kPrograms[] = {
    {"store buffering", 2, StoreBuffering, OneSawTheOther, 3, 0},
    {"message passing: the flag is seen or not", 2, MessagePassing, nullptr, 2, 0},
    {"load buffering", 2, LoadBuffering, nullptr, 3, 0},
    {"independent reads of independent writes", 4, IndependentReads, nullptr, 15, 0},
    {"independent CPUs", 3, Independent, nullptr, 1, 0},
    {"one word, 3 writers: 3!", 3, OneWordEach, nullptr, 6, 0},
    {"one word, 4 writers: 4!", 4, OneWordEach, nullptr, 24, 0},
    {"a writer and 3 readers: 2^3", 4, ReadersOfOneWriter, nullptr, 8, 0},
    {"a counter under a lock, 3 CPUs: 3!", 3, Counter, nullptr, 6, 0},
    {"a counter without, 2 CPUs", 2, BrokenCounter, CountedBoth, 4, 2},
    {"dining, 2: 2^2 - 1, one deadlock", 2, Dining<2>, nullptr, 3, 1},
    {"dining, 3: 2^3 - 1, one deadlock", 3, Dining<3>, nullptr, 7, 1},
    {"a read-write lock, 2 readers: 2^2", 3, ReadersAndWriter, nullptr, 4, 0},
    {"work stealing", 2, WorkStealing, TakenOnce, 7, 0},
    {"careless stealing", 2, CarelessStealing, TakenOnce, 7, 2},
    {"Peterson", 2, Peterson, nullptr, 10, 0},
    {"an IPI", 2, Interrupted, nullptr, 7, 0},
    {"RCU", 2, RcuReader, nullptr, 5, 0},
};

Engine& PreparedEngine() {
  TestEngine().set_backend(Fibers());
  std::memset(test_arena, 0, sizeof(test_arena));
  shared.bottom = 1;
  return TestEngine();
}

// What a search sees: verdicts and what is left in memory; classes.
struct Seen {
  std::set<std::string> ends;
  std::set<ClassHash> classes;
  std::map<ClassHash, std::string> runs;  // one of each class
};

// "0:read 5; 1:write 7": who took each step, and what it touched.
std::string StepsOf(const StepOrder& order) {
  std::string text;
  for (size_t i = 0; i < order.size(); ++i) {
    const Step& step = order.step(i);
    text += std::to_string(step.cpu) + ":";
    for (const Footprint::Entry& entry : step.footprint.entries()) {
      text += " " + std::to_string(entry.object) + "/" + std::to_string(entry.how);
    }
    text += "; ";
  }
  return text;
}

// What `all` has and `seen` has not, for a person.
std::string MissingFrom(const Seen& seen, const Seen& all) {
  std::string text;
  for (const auto& [hash, run] : all.runs) {
    if (!seen.classes.contains(hash)) text += run + "\n";
  }
  return text;
}

Seen SeenBy(Bodies& bodies, ExhaustiveSearch& search, uint64_t schedules_max = UINT64_MAX) {
  Seen seen;
  while (search.schedules() < schedules_max && search.Next()) {
    const RunResult result = bodies.Run(search, 0);
    search.EndRun(result, result.outcome == Outcome::kStopped && bodies.violated() != nullptr);
    if (!search.whole()) continue;
    const char* violated = bodies.violated();
    std::string end = violated == nullptr ? "" : violated;
    if (violated == nullptr) end.append(reinterpret_cast<char*>(test_arena), sizeof(Shared));
    seen.ends.insert(end);
    if (seen.classes.insert(search.order().Class()).second) {
      seen.runs[search.order().Class()] = StepsOf(search.order());
    }
  }
  return seen;
}

class RandomBodiesTest : public ::testing::Test {
 protected:
  void TearDown() override { TestEngine().set_backend(OsThreads()); }

  Bodies bodies_{PreparedEngine(), test_arena, sizeof(test_arena)};
  StepFootprints footprints_{TestEngine()};
};

class BodiesTest : public RandomBodiesTest, public ::testing::WithParamInterface<Program> {
 protected:
  BodiesTest() {
    bodies_.set_body(
        GetParam().cpu_count,
        [](void* program, CpuId cpu) { static_cast<const Program*>(program)->body(cpu); },
        const_cast<Program*>(&GetParam()));
    if (GetParam().judge != nullptr) {
      bodies_.set_judge([](void* program) { static_cast<const Program*>(program)->judge(); });
    }
  }
};

TEST_P(BodiesTest, EverySearchSeesWhatPlainEnumerationSees) {
  PlainSearch plain(TestEngine(), footprints_);
  const Seen all = SeenBy(bodies_, plain);
  ReducedSearch reduced(TestEngine(), footprints_);
  const Seen seen = SeenBy(bodies_, reduced);
  EXPECT_EQ(seen.ends, all.ends);
  EXPECT_EQ(seen.classes, all.classes);
  EXPECT_EQ(reduced.classes(), all.classes.size()) << "no class twice";
  BoundedSearch bounded(TestEngine(), footprints_, 100);
  const Seen within = SeenBy(bodies_, bounded);
  EXPECT_EQ(within.ends, all.ends);
  EXPECT_EQ(within.classes, all.classes);
  EXPECT_FALSE(bounded.left_out());
  RecordProperty("plain", std::to_string(plain.schedules()));
  RecordProperty("classes", std::to_string(all.classes.size()));
  RecordProperty("reduced", std::to_string(reduced.schedules()));
}

TEST_P(BodiesTest, HasAsManyClassesAsTheBooksSay) {
  const BodiesVerdict verdict = bodies_.Exhaust();
  EXPECT_TRUE(verdict.complete);
  EXPECT_EQ(verdict.classes, GetParam().classes);
  if (GetParam().violations == 0) {
    EXPECT_EQ(verdict.violated, nullptr) << verdict.violated;
  } else {
    EXPECT_EQ(verdict.violations, GetParam().violations);
  }
}

INSTANTIATE_TEST_SUITE_P(Textbook, BodiesTest, ::testing::ValuesIn(kPrograms));

// --- Random programs ----------------------------------------------------------------------------

// Locks of both kinds in any order (deadlocks are wanted), sections with interrupts off and read
// sections, IPIs, callbacks, and accesses that decide what comes next.
struct RandomBodies {
  enum Kind : uint8_t {
    kLoad,
    kStore,
    kAdd,
    kSwap,
    kSpin,
    kReader,
    kWriter,
    kIrq,
    kRcu,
    kIpi,
    kCall
  };
  struct Operation {
    Kind kind;
    uint8_t word;
    bool open;  // of sections: does not end before the next operation
  };
  int cpu_count;
  int counts[kCpusMax];
  Operation operations[kCpusMax][6];
};

uint64_t* WordOf(int word) { return word == 0 ? &shared.x : &shared.y; }

void AddToZ(void* /*argument*/, int /*cpu*/) {
  ++shared.z;
  TestEngine().TouchMemory(&shared.z, Touched::kWrite);
}
void AddToZLater(void* /*argument*/) { AddToZ(nullptr, 0); }

void RunFrom(const RandomBodies& program, CpuId cpu, int i) {
  if (i >= program.counts[cpu]) return;
  const RandomBodies::Operation& operation = program.operations[cpu][i];
  const auto inside = [&] {
    if (operation.open) RunFrom(program, cpu, i + 1);
  };
  uint64_t* word = WordOf(operation.word);
  switch (operation.kind) {
    case RandomBodies::kLoad:
      if (READ_ONCE(*word) % 2 == 1) ++i;  // leaves the next one out
      break;
    case RandomBodies::kStore:
      WRITE_ONCE(*word, 1 + cpu);
      break;
    case RandomBodies::kAdd:
      (void)wr_rmw(word, 8, WR_ADD, 1, 0, WR_RELAXED, WR_DATA, nullptr, WR_HERE);
      break;
    case RandomBodies::kSwap:
      (void)cmpxchg(word, 0ul, 3ul);
      break;
    case RandomBodies::kSpin:
      spin_lock(&shared.lock[operation.word]);
      inside();
      spin_unlock(&shared.lock[operation.word]);
      break;
    case RandomBodies::kReader:
      wr_read_lock(&shared.sem.word, WR_HERE);
      inside();
      wr_read_unlock(&shared.sem.word, WR_HERE);
      break;
    case RandomBodies::kWriter:
      wr_write_lock(&shared.sem.word, WR_HERE);
      inside();
      wr_write_unlock(&shared.sem.word, WR_HERE);
      break;
    case RandomBodies::kIrq: {
      const bool flags = wr_irq_off(WR_HERE);
      inside();
      wr_irq_restore(flags, WR_HERE);
      break;
    }
    case RandomBodies::kRcu:
      wr_rcu_read_lock(WR_HERE);
      inside();
      wr_rcu_read_unlock(WR_HERE);
      break;
    case RandomBodies::kIpi:
      wr_ipi(1 + operation.word * 6, &AddToZ, nullptr, WR_HERE);
      break;
    case RandomBodies::kCall:
      wr_call_rcu(&AddToZLater, nullptr, WR_HERE);
      break;
  }
  if (!operation.open || operation.kind < RandomBodies::kSpin ||
      operation.kind > RandomBodies::kRcu) {
    RunFrom(program, cpu, i + 1);
  }
}

void RunRandomBody(void* context, CpuId cpu) {
  RunFrom(*static_cast<const RandomBodies*>(context), cpu, 0);
}

RandomBodies DrawBodies(uint64_t seed) {
  Random random(seed);
  RandomBodies program = {};
  program.cpu_count = 2 + static_cast<int>(random.Below(2));
  for (int cpu = 0; cpu < program.cpu_count; ++cpu) {
    program.counts[cpu] = 1 + static_cast<int>(random.Below(program.cpu_count == 2 ? 5 : 3));
    for (int i = 0; i < program.counts[cpu]; ++i) {
      program.operations[cpu][i] = {static_cast<RandomBodies::Kind>(random.Below(11)),
                                    static_cast<uint8_t>(random.Below(2)), random.OneIn(2)};
    }
  }
  return program;
}

TEST_F(RandomBodiesTest, EverySearchSeesWhatPlainEnumerationSees) {
  const char* from = std::getenv("WALKRACE_RANDOM_BODIES");
  const uint64_t usual = std::strcmp(kFlavour, "plain") == 0 ? 300 : 30;
  const uint64_t count = from == nullptr ? usual : std::strtoull(from, nullptr, 10);
  uint64_t compared = 0, schedules = 0, classes = 0, reduced_schedules = 0;
  for (uint64_t seed = 1; seed <= count; ++seed) {
    // First one in which only a CPU that waits, where a run is cut, tells of a race.
    RandomBodies program = DrawBodies(seed == 1 ? 7200 : seed);
    bodies_.set_body(program.cpu_count, &RunRandomBody, &program);
    PlainSearch plain(TestEngine(), footprints_);
    const Seen all = SeenBy(bodies_, plain, 5000);
    if (plain.Next()) continue;
    ReducedSearch reduced(TestEngine(), footprints_);
    const Seen seen = SeenBy(bodies_, reduced);
    ASSERT_EQ(seen.ends, all.ends) << "seed " << seed;
    ASSERT_EQ(seen.classes, all.classes) << "seed " << seed << "\n" << MissingFrom(seen, all);
    ASSERT_EQ(reduced.classes(), all.classes.size()) << "seed " << seed;
    BoundedSearch bounded(TestEngine(), footprints_, 100);
    const Seen within = SeenBy(bodies_, bounded);
    ASSERT_EQ(within.ends, all.ends) << "seed " << seed;
    ASSERT_EQ(within.classes, all.classes) << "seed " << seed;
    ++compared;
    schedules += plain.schedules();
    classes += reduced.classes();
    reduced_schedules += reduced.schedules();
  }
  EXPECT_GE(compared, count / 4) << "most are small enough";
  std::printf("%lu programs, %lu schedules, %lu classes, reduced %lu\n", compared, schedules,
              classes, reduced_schedules);
}

TEST(Bodies, HuntFindsTheDeadlockAndItsScheduleReplays) {
  std::memset(test_arena, 0, sizeof(test_arena));
  Bodies bodies(TestEngine(), test_arena, sizeof(test_arena));
  bodies.set_body(2, [](void*, CpuId cpu) { Dining<2>(cpu); }, nullptr);
  const std::unique_ptr<Strategy> strategy = MakeRandomStrategy();
  const BodiesVerdict verdict = bodies.Hunt(*strategy, 1, 1000);
  ASSERT_STREQ(verdict.violated, "deadlock");
  FollowSchedule follow(verdict.schedule);
  EXPECT_EQ(bodies.Run(follow, 0).outcome, Outcome::kDeadlock);
}

TEST(Bodies, ABoundSaysWhetherItLeftAnythingOut) {
  std::memset(test_arena, 0, sizeof(test_arena));
  Bodies bodies(TestEngine(), test_arena, sizeof(test_arena));
  bodies.set_body(2, [](void*, CpuId cpu) { Dining<2>(cpu); }, nullptr);
  const BodiesVerdict none = bodies.Exhaust(0);
  EXPECT_FALSE(none.complete);
  EXPECT_EQ(none.classes, 2u);
  EXPECT_EQ(none.violated, nullptr);
  const BodiesVerdict one = bodies.Exhaust(1);
  EXPECT_STREQ(one.violated, "deadlock") << "one preemption is enough";
  EXPECT_TRUE(bodies.Exhaust(100).complete);
}

}  // namespace
}  // namespace walkrace
