#include "scenario/mutate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "scenario/mutations.h"
#include "scenario/random_inputs.h"

namespace walkrace {
namespace {

using ::testing::Each;
using ::testing::Gt;
using ::testing::Pair;

constexpr int kRandomMutations = 100'000;

TEST(Mutate, IsAFunctionOfInputAndSeed) {
  static Input a, b;
  Random random(1);
  for (int i = 0; i < 1000; ++i) {
    a = b = RandomInput(random);
    const uint64_t seed = random.Next();
    EXPECT_STREQ(Mutate(a, Mix::kAll, seed), Mutate(b, Mix::kAll, seed));
    ASSERT_EQ(a, b);
  }
}

// A change that is seen in one mutation of 10,000 is missed with probability 5e-5.
TEST(Mutate, StaysNormalizedAndNearlyAlwaysChanges) {
  static Input input;
  Random random(2);
  int unchanged = 0;
  for (int i = 0; i < kRandomMutations; ++i) {
    const Input& before = RandomInput(random);
    input = before;
    const char* const what = Mutate(input, Mix::kAll, random.Next());
    ASSERT_TRUE(IsNormalized(input)) << what;
    if (input == before) ++unchanged;
  }
  // Two changes may undo each other, and a full or an empty schedule allows few.
  EXPECT_LT(unchanged, kRandomMutations / 50);
}

// From nothing, by mutation alone. Some description is missing with probability below 1e-9: the
// rarest change (of the profile) is the last one of some 30 in 2,000,000.
TEST(Mutate, MakesEveryChange) {
  static Input input;
  std::map<std::string, int> counts;
  Random random(3);
  for (int i = 0; i < 20 * kRandomMutations; ++i) {
    if (i % 1000 == 0) input = Input();
    ++counts[Mutate(input, Mix::kAll, random.Next())];
  }
  counts.erase("change nothing");  // nothing was drawn that an empty schedule allows
  EXPECT_EQ(counts.size(), 23u);
  EXPECT_THAT(counts, Each(Pair(testing::_, Gt(3))));
}

// A scenario has many schedules: it mostly stays as it is.
TEST(Mutate, MostlyChangesTheScheduleAlone) {
  static Input input;
  Random random(11);
  int same = 0;
  for (int i = 0; i < 10'000; ++i) {
    const Input& before = RandomInput(random);
    if (before.scenario.cpu_count < 2) continue;
    input = before;
    Mutate(input, Mix::kAll, random.Next());
    if (input.scenario == before.scenario) ++same;
  }
  EXPECT_GT(same, 6'000);
}

// A race of two preemptions needs event numbers that runs reach.
TEST(Mutate, PreemptsMostlyAtEventsThatRunsReach) {
  static Input input;
  int entries = 0, near = 0;
  Random random(4);
  for (int i = 0; i < 10'000; ++i) {
    DrawScenario(Mix::kCollapse, random.Next(), input.scenario);
    input.schedule.clear();
    for (int k = 0; k < 4; ++k) Mutate(input, Mix::kAll, random.Next());
    entries += static_cast<int>(input.schedule.size());
    for (const Preemption& entry : input.schedule) near += entry.event <= 150 ? 1 : 0;
  }
  EXPECT_GT(entries, 10'000);
  EXPECT_GT(near, entries * 9 / 10);
}

TEST(Mutate, MostlyLeavesNoProfileAlone) {
  static Input input;
  int with_profile = 0;
  Random random(5);
  for (int i = 0; i < 500'000; ++i) {
    input.scenario.profile = kNoProfile;
    Mutate(input, Mix::kAll, random.Next());
    if (input.scenario.profile != kNoProfile) ++with_profile;
  }
  EXPECT_GT(with_profile, 0);
  EXPECT_LT(with_profile, 200);
}

TEST(Mutate, FindsTheSeedsTwoPreemptions) {
  // CPU 0 stops between two given events and comes back when CPU 1 is in its middle: each of the
  // two places is right within 2 events. 20,000 tries from the empty schedule, 3 mutations each.
  static Input input;
  int found = 0;
  Random random(6);
  for (int i = 0; i < 20'000; ++i) {
    input = Input();
    for (int k = 0; k < 3; ++k) Mutate(input, Mix::kAll, random.Next());
    bool there = false, back = false;
    for (const Preemption& entry : input.schedule) {
      there |= entry.cpu == 0 && entry.event >= 8 && entry.event <= 12;
      back |= entry.cpu == 1 && entry.event >= 28 && entry.event <= 32;
    }
    if (there && back) ++found;
  }
  EXPECT_GT(found, 10);
}

TEST(Mutations, WithoutScheduleOrOperationsChangeNothing) {
  static Input input;
  static const Input standard;
  Random random(7);
  for (const Mutation mutation :
       {DropPreemption, DropPreemptions, NudgePreemption, MovePreemption, RetargetPreemption,
        RepeatPreemption, CopyPreemption, DropOperation, ReplaceOperation, CopyOperation,
        MoveOperation, ChangePages, ChangeGupFlags}) {
    EXPECT_FALSE(mutation(random, input, Mix::kAll));
    EXPECT_EQ(input, standard);
  }
}

TEST(Mutations, NudgeMovesByOneToThreeEventsAndStaysInRange) {
  static Input input;
  Random random(8);
  for (const Preemption entry : {Preemption{0, 0, 1}, {1, 1, 0}, {50, 1, 0}, {8192, 0, 1}}) {
    for (int i = 0; i < 100; ++i) {
      input.schedule.clear();
      ASSERT_TRUE(input.schedule.push_back(entry));
      ASSERT_TRUE(NudgePreemption(random, input, Mix::kAll));
      const int distance = std::abs(input.schedule[0].event - entry.event);
      EXPECT_GE(distance, 1);
      EXPECT_LE(distance, 3);
      EXPECT_TRUE(IsNormalized(input));
    }
  }
}

TEST(Mutations, RepeatIsTheSameAtTheNextEvent) {
  static Input input;
  Random random(12);
  ASSERT_TRUE(input.schedule.push_back({50, 1, 0}));
  ASSERT_TRUE(RepeatPreemption(random, input, Mix::kAll));
  ASSERT_EQ(input.schedule.size(), 2u);
  EXPECT_EQ(input.schedule[1], (Preemption{51, 1, 0}));
  input.schedule.clear();
  ASSERT_TRUE(input.schedule.push_back({kStepsMax, 1, 0}));
  EXPECT_FALSE(RepeatPreemption(random, input, Mix::kAll));
}

TEST(Mutations, AddToAFullScheduleChangesNothing) {
  static Input input, before;
  while (!input.schedule.full()) ASSERT_TRUE(input.schedule.push_back({1, 0, 1}));
  before = input;
  Random random(9);
  EXPECT_FALSE(AddPreemption(random, input, Mix::kAll));
  EXPECT_FALSE(AddPreemptionPair(random, input, Mix::kAll));
  EXPECT_FALSE(RepeatPreemption(random, input, Mix::kAll));
  EXPECT_FALSE(CopyPreemption(random, input, Mix::kAll));
  EXPECT_EQ(input, before);
}

TEST(CrossOver, IsNormalizedAndTakesFromBoth) {
  static Input a, b, out, again;
  int scenario_of_a = 0, schedule_of_b = 0;
  Random random(10);
  for (int i = 0; i < 20'000; ++i) {
    a = RandomInput(random);
    b = RandomInput(random);
    const uint64_t seed = random.Next();
    CrossOver(a, b, seed, out);
    ASSERT_TRUE(IsNormalized(out));
    for (const Preemption& entry : out.schedule) {
      ASSERT_TRUE(std::count(a.schedule.begin(), a.schedule.end(), entry) +
                      std::count(b.schedule.begin(), b.schedule.end(), entry) >
                  0);
    }
    if (out.scenario == a.scenario) ++scenario_of_a;
    if (!b.schedule.empty() && out.schedule == b.schedule) ++schedule_of_b;
    CrossOver(a, b, seed, again);
    ASSERT_EQ(out, again);
  }
  EXPECT_GT(scenario_of_a, 5'000);
  EXPECT_GT(schedule_of_b, 1'000);
}

// Half of the mixtures are the head of one and the tail of the other, half are all of one and some
// of the other: all of both has probability 1/8 here, 1,000 times.
TEST(CrossOver, OfOneScenarioMixesItsSchedules) {
  static Input a, b, out;
  a.schedule.clear();
  b.schedule.clear();
  for (const Preemption& entry : {Preemption{5, 0, 1}, {9, 1, 0}}) {
    ASSERT_TRUE(a.schedule.push_back(entry));
  }
  for (const Preemption& entry : {Preemption{7, 0, 1}, {11, 1, 0}}) {
    ASSERT_TRUE(b.schedule.push_back(entry));
  }
  int all_of_both = 0, one_of_each = 0;
  for (uint64_t seed = 0; seed < 1'000; ++seed) {
    CrossOver(a, b, seed, out);
    ASSERT_EQ(out.scenario, a.scenario);
    ASSERT_TRUE(IsNormalized(out));
    if (out.schedule.size() == 4) ++all_of_both;
    if (out.schedule.size() == 2 && out.schedule[0] == a.schedule[0] &&
        out.schedule[1] == b.schedule[1]) {
      ++one_of_each;
    }
  }
  EXPECT_GT(all_of_both, 50);
  EXPECT_GT(one_of_each, 10);
}

}  // namespace
}  // namespace walkrace
