#include "engine/strategies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/random.h"
#include "engine/random_program.h"
#include "engine/test_bed.h"

namespace walkrace {
namespace {

using ::testing::UnorderedElementsAre;

// The orders of events that `runs` runs of three stores on each CPU show.
std::set<std::string> OrdersSeen(Strategy& strategy, int cpu_count, uint64_t runs) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < runs; ++seed) {
    seen.insert(CpusOf(RunBodies(strategy, seed, cpu_count, [](CpuId cpu) {
      for (int i = 0; i < 3; ++i) Store(cpu, i);
    })));
  }
  return seen;
}

// --- The registry -----------------------------------------------------------------------------

TEST(FindStrategy, FindsEachRowByItsName) {
  size_t count = 0;
  const StrategyRow* rows = StrategyRows(&count);
  ASSERT_GE(count, 3u);
  for (size_t i = 0; i < count; ++i) {
    EXPECT_EQ(FindStrategy(rows[i].name), &rows[i]) << "names are unique";
    EXPECT_STRNE(rows[i].summary, "");
  }
}

TEST(SearchStrategyRows, EachSearches) {
  size_t count = 0;
  const StrategyRow* rows = SearchStrategyRows(&count);
  ASSERT_GE(count, 2u);
  for (size_t i = 0; i < count; ++i) {
    EXPECT_EQ(FindStrategy(rows[i].name), &rows[i]);
    const std::unique_ptr<Strategy> strategy = rows[i].make({});
    EXPECT_GT(OrdersSeen(*strategy, 2, 50).size(), 2u) << rows[i].name << " must search";
  }
}

TEST(FindStrategy, ScheduleFollowsWhatItIsGiven) {
  Schedule schedule;
  ASSERT_TRUE(schedule.push_back({2, 0, 1}));
  const std::unique_ptr<Strategy> strategy =
      FindStrategy("schedule")->make({.schedule = &schedule});
  EXPECT_THAT(OrdersSeen(*strategy, 2, 50), UnorderedElementsAre("011100"));
}

TEST(FindStrategy, ReturnsNullForAnUnknownName) {
  EXPECT_EQ(FindStrategy("no such strategy"), nullptr);
  EXPECT_EQ(FindStrategy(""), nullptr);
  EXPECT_EQ(FindStrategy("rando"), nullptr);
}

// --- pct --------------------------------------------------------------------------------------

// Depth 1 has priorities alone. An order is missed with a probability of (5/6)^200, below 1e-15.
TEST(PctStrategy, DepthOneRunsTheCpusInEachOrderWithoutPreemption) {
  const std::unique_ptr<Strategy> pct = MakePctStrategy(1);
  EXPECT_THAT(OrdersSeen(*pct, 3, 200),
              UnorderedElementsAre("000111222", "000222111", "111000222", "111222000", "222000111",
                                   "222111000"));
}

// Depth 2 adds one change point, which may fall before any event, also before one that is the first
// chance for the other CPU to begin. One of the six is missed with a probability of (11/12)^500,
// below 1e-18.
TEST(PctStrategy, DepthTwoPreemptsOnceAtEachEvent) {
  const std::unique_ptr<Strategy> pct = MakePctStrategy(2);
  EXPECT_THAT(OrdersSeen(*pct, 2, 500),
              UnorderedElementsAre("000111", "111000", "011100", "001110", "100011", "110001"));
}

// Where nothing blocks. Preempting once too often in one run of 1,000 is missed with a probability
// of (1 - 1/1000)^6000, below 0.3 %; the twins with few orders are above.
TEST(PctStrategy, PreemptsLessOftenThanItsDepth) {
  for (int depth = 1; depth <= 5; ++depth) {
    const std::unique_ptr<Strategy> pct = MakePctStrategy(depth);
    uint32_t most = 0;
    for (uint64_t seed = 0; seed < 6000; ++seed) {
      const RecordedRun run = RunRandomProgram(*pct, seed, DrawProgram(seed, false));
      ASSERT_LE(run.result.preemptions, depth - 1u) << "seed " << seed << "\n" << Describe(run);
      most = std::max(most, run.result.preemptions);
    }
    EXPECT_EQ(most, depth - 1u);
  }
}

TEST(PctStrategyDeathTest, RefusesADepthBelowOne) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(MakePctStrategy(0), "internal check failed.*depth >= 1");
}

// --- random -----------------------------------------------------------------------------------

// Two CPUs of 100 events. A run that switches hardly ever (1/256: one in eight) and one that
// switches at every other event (1/2: one in eight) are each missed with (7/8)^200, below 1e-11.
TEST(RandomStrategy, DrawsTheSwitchProbabilityAnewForEachRun) {
  const std::unique_ptr<Strategy> random = MakeRandomStrategy();
  int seldom = 0;
  int often = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const RecordedRun run = RunBodies(*random, seed, 2, [](CpuId cpu) {
      for (int i = 0; i < 100; ++i) Store(cpu, i);
    });
    seldom += run.result.preemptions <= 3;
    often += run.result.preemptions >= 70;
  }
  EXPECT_GE(seldom, 10);
  EXPECT_GE(often, 10);
}

TEST(RandomStrategy, OwesNothingToEarlierRuns) {
  const std::unique_ptr<Strategy> fresh = MakeRandomStrategy();
  const std::unique_ptr<Strategy> used = MakeRandomStrategy();
  for (uint64_t seed = 0; seed < 100; ++seed) {
    (void)RunRandomProgram(*used, seed, DrawProgram(seed, true));
  }
  for (uint64_t seed = 200; seed < 300; ++seed) {
    const RandomProgram program = DrawProgram(seed, true);
    ASSERT_TRUE(
        SameRun(RunRandomProgram(*fresh, seed, program), RunRandomProgram(*used, seed, program)));
  }
}

// With one event each, switch probabilities do not matter: all six orders come up.
TEST(RandomStrategy, ReachesEachOrder) {
  const std::unique_ptr<Strategy> random = MakeRandomStrategy();
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    seen.insert(CpusOf(RunBodies(*random, seed, 3, [](CpuId cpu) { Store(cpu, 1); })));
  }
  EXPECT_EQ(seen.size(), 6u);
}

// --- A race that needs two preemptions, as the seed's does --------------------------------------

// The walker must see x before, y after and z before the mutator's stores: preempt the walker
// between x and y, and the mutator between y and z.
bool FindsTheTwoPreemptionRace(Strategy& strategy, uint64_t runs) {
  static uint64_t seen[3];
  for (uint64_t seed = 0; seed < runs; ++seed) {
    RunBodies(strategy, seed, 2, [](CpuId cpu) {
      for (int word = 0; word < 3; ++word) {
        if (cpu == 0) {
          seen[word] = Load(word);
        } else {
          Store(word, 1);
        }
      }
    });
    if (seen[0] == 0 && seen[1] == 1 && seen[2] == 0) return true;
  }
  return false;
}

TEST(TwoPreemptions, AreFoundByAScheduleOfTwoEntries) {
  FollowSchedule schedule({{2, 0, 1}, {3, 1, 0}});
  EXPECT_TRUE(FindsTheTwoPreemptionRace(schedule, 1));
}

// Miss: (71/72)^2000 by the bound of the paper (2 CPUs, 6 steps, depth 3), below 1e-12.
TEST(TwoPreemptions, AreFoundByPctOfDepthThree) {
  EXPECT_TRUE(FindsTheTwoPreemptionRace(*MakePctStrategy(3), 2000));
}

// Miss: with switch probability 1/2 (one run in eight) one run in 128 does it: (1 - 1/1024)^20000,
// below 1e-8.
TEST(TwoPreemptions, AreFoundByARandomWalk) {
  EXPECT_TRUE(FindsTheTwoPreemptionRace(*MakeRandomStrategy(), 20000));
}

TEST(TwoPreemptions, AreNeverFoundByASearchBoundedToOne) {
  EXPECT_FALSE(FindsTheTwoPreemptionRace(*MakePctStrategy(2), 5000));
}

// --- delay ------------------------------------------------------------------------------------

// Without a delay the CPUs run in a circle, from any of them on. One is missed with a probability
// of (3/4)^200 (the first is drawn from four, and 3 is 0 again), below 1e-24.
TEST(DelayStrategy, WithoutDelaysRunsInACircle) {
  const std::unique_ptr<Strategy> delay = MakeDelayStrategy(0);
  EXPECT_THAT(OrdersSeen(*delay, 3, 200),
              UnorderedElementsAre("000111222", "111222000", "222000111"));
}

// A delay is one preemption at most; where it meets a CPU that ends it is none.
TEST(DelayStrategy, OneDelayLetsTheNextGoFirst) {
  const std::unique_ptr<Strategy> delay = MakeDelayStrategy(1);
  EXPECT_THAT(OrdersSeen(*delay, 2, 500),
              UnorderedElementsAre("000111", "111000", "011100", "001110", "100011", "110001"));
}

// Once a run has shown what is shared, a delay comes before that alone.
TEST(DelayStrategy, DelaysWhatOthersNotice) {
  const std::unique_ptr<Strategy> delay = MakeDelayStrategy(1);
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 500; ++seed) {
    const RecordedRun run = RunBodies(*delay, seed, 2, [](CpuId cpu) {
      for (int i = 0; i < 3; ++i) Store(i == 1 ? 2 : cpu, i);
    });
    if (seed > 0) seen.insert(CpusOf(run));
  }
  EXPECT_THAT(seen, UnorderedElementsAre("000111", "111000", "011100", "100011"));
}

TEST(DelayStrategy, PreemptsNoOftenerThanItDelays) {
  for (int delays = 0; delays <= 4; ++delays) {
    const std::unique_ptr<Strategy> strategy = MakeDelayStrategy(delays);
    uint32_t most = 0;
    for (uint64_t seed = 0; seed < 2000; ++seed) {
      const RecordedRun run = RunRandomProgram(*strategy, seed, DrawProgram(seed, false));
      ASSERT_LE(run.result.preemptions, static_cast<uint32_t>(delays)) << Describe(run);
      most = std::max(most, run.result.preemptions);
    }
    EXPECT_EQ(most, static_cast<uint32_t>(delays));
  }
}

TEST(DelayStrategyDeathTest, RefusesLessThanNoDelay) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(MakeDelayStrategy(-1), "internal check failed.*delays >= 0");
}

// --- pos --------------------------------------------------------------------------------------

// How often each order of the events at word 0 comes up in `runs` runs.
template <typename Body>
std::map<std::string, int> OrdersOfWordZero(Strategy& strategy, int cpu_count, int runs,
                                            Body body) {
  std::map<std::string, int> orders;
  for (int seed = 0; seed < runs; ++seed) {
    std::string order;
    for (const Event& event : RunBodies(strategy, seed, cpu_count, body).events) {
      if (event.kind == EventKind::kStore && event.location == 0) order += '0' + event.cpu;
    }
    ++orders[order];
  }
  return orders;
}

// One event each, all in conflict: six orders, 1,000 times each. A count is outside of 1,000 +-
// 180, six standard deviations, with a probability below 1e-8.
TEST(PosStrategy, OrdersOfOneEventEachAreAsLikely) {
  const auto orders =
      OrdersOfWordZero(*MakePosStrategy(), 3, 6000, [](CpuId cpu) { Store(0, cpu); });
  EXPECT_EQ(orders.size(), 6u);
  for (const auto& [order, times] : orders) EXPECT_NEAR(times, 1000, 180) << order;
}

TEST(PosStrategy, FindsTheTwoPreemptionRace) {
  EXPECT_TRUE(FindsTheTwoPreemptionRace(*MakePosStrategy(), 2000));
}

// --- surw -------------------------------------------------------------------------------------

// Two CPUs of three stores to one word, 20 orders: 300 times each. A count is outside of 300 +-
// 100, 5.9 standard deviations, with a probability below 1e-7. The first run, which counts, is no
// matter.
TEST(SurwStrategy, OrdersOfWhatIsSharedAreAsLikely) {
  const auto orders = OrdersOfWordZero(*MakeSurwStrategy(), 2, 6000, [](CpuId cpu) {
    for (int i = 0; i < 3; ++i) Store(0, cpu);
  });
  EXPECT_EQ(orders.size(), 20u);
  for (const auto& [order, times] : orders) EXPECT_NEAR(times, 300, 100) << order;
}

// What one CPU does by itself changes nothing of that: a random walk would hardly ever see all of
// CPU 1's stores come last.
TEST(SurwStrategy, EventsOfNoInterestDoNotMatter) {
  const auto orders = OrdersOfWordZero(*MakeSurwStrategy(), 2, 6000, [](CpuId cpu) {
    for (int i = 0; i < 30; ++i) Store(1 + cpu, i);
    for (int i = 0; i < (cpu == 0 ? 3 : 1); ++i) Store(0, cpu);
  });
  EXPECT_EQ(orders.size(), 4u);
  for (const auto& [order, times] : orders) EXPECT_NEAR(times, 1500, 200) << order;
}

// The intended CPU may wait for one that is held back: nobody may hang for it.
TEST(SurwStrategy, EndsWhateverBlocks) {
  const std::unique_ptr<Strategy> surw = MakeSurwStrategy();
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    const RandomProgram program = DrawProgram(seed / 10, true);
    const RecordedRun run = RunRandomProgram(*surw, seed, program);
    ASSERT_NE(run.result.outcome, Outcome::kStepBound) << Describe(run);
  }
}

// --- portfolio --------------------------------------------------------------------------------

TEST(PortfolioStrategy, TakesTurns) {
  const std::unique_ptr<Strategy> portfolio = MakePortfolioStrategy(3);
  const std::unique_ptr<Strategy> members[] = {
      MakeRandomStrategy(), MakePctStrategy(3),   MakePosStrategy(),    MakeSurwStrategy(),
      MakeDelayStrategy(2), MakeRandomStrategy(), MakePctStrategy(6),   MakePosStrategy(),
      MakeSurwStrategy(),   MakeDelayStrategy(5), MakeRandomStrategy(), MakePctStrategy(9),
      MakePosStrategy(),    MakeSurwStrategy(),   MakeDelayStrategy(8)};
  for (uint64_t seed = 0; seed < 500; ++seed) {
    const RandomProgram program = DrawProgram(seed / 50, true);
    ASSERT_TRUE(SameRun(RunRandomProgram(*portfolio, seed, program),
                        RunRandomProgram(*members[seed % std::size(members)], seed, program)))
        << "seed " << seed;
  }
}

// --- All that search --------------------------------------------------------------------------

TEST(SearchStrategyRows, TheSameSeedsAreTheSameRuns) {
  size_t count = 0;
  const StrategyRow* rows = SearchStrategyRows(&count);
  for (size_t i = 0; i < count; ++i) {
    const std::unique_ptr<Strategy> one = rows[i].make({});
    const std::unique_ptr<Strategy> other = rows[i].make({});
    for (uint64_t seed = 0; seed < 300; ++seed) {
      const RandomProgram program = DrawProgram(seed / 5, true);
      ASSERT_TRUE(
          SameRun(RunRandomProgram(*one, seed, program), RunRandomProgram(*other, seed, program)))
          << rows[i].name << ", seed " << seed;
    }
  }
}

TEST(SearchStrategyRows, EachFindsTheTwoPreemptionRace) {
  size_t count = 0;
  const StrategyRow* rows = SearchStrategyRows(&count);
  for (size_t i = 0; i < count; ++i) {
    EXPECT_TRUE(FindsTheTwoPreemptionRace(*rows[i].make({}), 20000)) << rows[i].name;
  }
}

// --- Schedules --------------------------------------------------------------------------------

bool ByPlace(const Preemption& a, const Preemption& b) {
  return std::tie(a.cpu, a.event, a.to) < std::tie(b.cpu, b.event, b.to);
}

std::vector<Preemption> Sorted(std::vector<Preemption> entries) {
  std::sort(entries.begin(), entries.end(), ByPlace);
  return entries;
}

TEST(ScheduleStrategy, IgnoresEntriesOutOfRange) {
  const auto body = [](CpuId cpu) {
    for (int i = 0; i < 8; ++i) Store(cpu, i);
  };
  FollowSchedule idle({
      {0, 1, 2},           // CPU 0 alone has an event 0
      {2, 0, 0},           // to itself
      {3, 0, 3},           // to CPUs that this run does not have
      {4, 0, 9},           //
      {5, 0, 33},          // 1 << 33 may be CPU 1's bit
      {6, 0, 255},         //
      {2, 7, 1},           // of a CPU that nobody has
      {10, 0, 1},          // after the end
      {60000, 0, 1},       //
      {UINT16_MAX, 1, 2},  //
  });
  const RecordedRun run = RunBodies(idle, 0, 3, body);
  EXPECT_EQ(CpusOf(run), "000000001111111122222222");
  EXPECT_TRUE(idle.UsedEntries().empty());
}

TEST(ScheduleStrategy, ForgetsWhatItUsedInTheLastRun) {
  FollowSchedule schedule({{2, 0, 1}});
  RunBodies(schedule, 0, 2, [](CpuId cpu) {
    Store(cpu, 1);
    Store(cpu, 2);
  });
  EXPECT_TRUE(schedule.used(0));
  RunBodies(schedule, 0, 1, [](CpuId cpu) {
    Store(cpu, 1);
    Store(cpu, 2);
  });
  EXPECT_FALSE(schedule.used(0));
}

TEST(ScheduleStrategy, OfTwoEntriesForOneEventTheFirstCounts) {
  const auto body = [](CpuId cpu) {
    Store(cpu, 1);
    Store(cpu, 2);
  };
  FollowSchedule schedule({{2, 0, 2}, {2, 0, 1}, {2, 0, 2}});
  EXPECT_EQ(CpusOf(RunBodies(schedule, 0, 3, body)), "022011");
  EXPECT_TRUE(schedule.used(0));
  EXPECT_FALSE(schedule.used(1));
  EXPECT_FALSE(schedule.used(2));
  // Also where they stand out of order.
  FollowSchedule unsorted({{3, 0, 1}, {2, 0, 2}, {2, 0, 1}});
  EXPECT_EQ(CpusOf(RunBodies(unsorted, 0, 3, body)), "022011");
  // Also where the first cannot take effect.
  FollowSchedule first_is_idle({{2, 0, 3}, {2, 0, 1}});
  EXPECT_EQ(CpusOf(RunBodies(first_is_idle, 0, 3, body)), "001122");
}

TEST(ScheduleStrategy, TakesEntriesInAnyOrder) {
  const auto body = [](CpuId cpu) {
    for (int i = 0; i < 4; ++i) Store(cpu, i);
  };
  const std::vector<Preemption> entries = {{2, 0, 1}, {3, 1, 0}, {4, 0, 1}, {4, 1, 0}};
  std::vector<Preemption> order = Sorted(entries);
  FollowSchedule sorted(order);
  const RecordedRun expected = RunBodies(sorted, 0, 2, body);
  ASSERT_EQ(CpusOf(expected), "01100101");
  do {
    FollowSchedule shuffled(order);
    EXPECT_TRUE(SameRun(RunBodies(shuffled, 0, 2, body), expected));
    EXPECT_EQ(shuffled.UsedEntries(), order);
  } while (std::next_permutation(order.begin(), order.end(), ByPlace));
}

std::vector<Preemption> DrawSchedule(Random& random) {
  std::vector<Preemption> entries;
  for (uint32_t left = random.Below(16); left > 0; --left) {
    entries.push_back({static_cast<uint16_t>(random.Below(12)),
                       static_cast<uint8_t>(random.Below(kCpusMax + 1)),
                       static_cast<uint8_t>(random.Below(kCpusMax + 1))});
  }
  return entries;
}

// A defect that shows in one schedule of 1,000 is missed with a probability of (1 - 1/1000)^8000,
// below 0.1 %; the EngineOrder tests check `used` on schedules written by hand.
TEST(ScheduleStrategy, UnusedEntriesCanBeRemovedAndUsedOnesAreTheScheduleTaken) {
  Random random(1);
  size_t used = 0;
  size_t unused = 0;
  for (uint64_t seed = 0; seed < 8000; ++seed) {
    const RandomProgram program = DrawProgram(seed, true);
    FollowSchedule schedule(DrawSchedule(random));
    const RecordedRun run = RunRandomProgram(schedule, 0, program);
    const std::vector<Preemption> kept = schedule.UsedEntries();
    FollowSchedule shorter(kept);
    const RecordedRun again = RunRandomProgram(shorter, 0, program);
    ASSERT_TRUE(SameRun(run, again)) << "seed " << seed << "\n" << Describe(run) << Describe(again);
    ASSERT_EQ(shorter.UsedEntries(), kept) << "seed " << seed;
    ASSERT_EQ(Sorted(run.taken), Sorted(kept)) << "seed " << seed << "\n" << Describe(run);
    used += kept.size();
    unused += schedule.size() - kept.size();
  }
  EXPECT_GT(used, 2000u);
  EXPECT_GT(unused, 4000u);
}

// A full schedule of entries for one event in falling order is the slowest to sort.
TEST(ScheduleStrategy, SortsALongBackwardsSchedule) {
  std::vector<Preemption> entries;
  for (uint32_t event = kStepsMax; event > 0; --event) {
    entries.push_back({static_cast<uint16_t>(event), 0, 1});
  }
  FollowSchedule schedule(entries);
  const RecordedRun run = RunBodies(schedule, 0, 2, [](CpuId cpu) {
    for (int i = 0; i < 3; ++i) Store(cpu, i);
  });
  EXPECT_EQ(CpusOf(run), "111000");
}

}  // namespace
}  // namespace walkrace
