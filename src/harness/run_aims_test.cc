#include "harness/run_aims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/check.h"
#include "base/random.h"
#include "harness/harness_test_bed.h"
#include "scenario/mutate.h"
#include "scenario/mutations.h"

namespace walkrace {
namespace {

RunContext OnArm64(const Input& /*input*/) {
  static const RunContext run = ContextOf("arm64").run;
  return run;
}

RunAims& Arm64Aims() {
  static RunAims& aims = *new RunAims(OnArm64);
  return aims;
}

bool IsAtPlace(const Event& event) {
  return event.kind != EventKind::kNote && event.location != kNoLocation;
}

const Event* FindEvent(CpuId cpu, int number) {
  const Engine& engine = Runner::Get().engine();
  const Event* end = engine.events() + engine.event_count();
  const Event* event = std::find_if(engine.events(), end, [&](const Event& e) {
    return e.cpu == cpu && e.number == number && IsAtPlace(e);
  });
  return event == end ? nullptr : event;
}

// In the last run, from the other CPU's part of it that has changed: has it been at the place where
// the two meet before the first one was? (By then it may do something else there.)
bool IsTurnedAround(const Aim& aim, LocationId location) {
  const Engine& engine = Runner::Get().engine();
  const Event* const earlier = FindEvent(aim.cpu, aim.event);
  return std::any_of(engine.events(), engine.events() + engine.event_count(), [&](const Event& e) {
    return e.cpu == aim.other && e.number >= aim.other_next && e.location == location &&
           IsAtPlace(e) && (earlier == nullptr || e.step < earlier->step);
  });
}

// `input` with this aim alone, run.
bool TurnsAround(const Input& input, const Aim& aim, Random& random) {
  static Input aimed;
  static Aims one;
  (void)Runner::Get().Replay(input, OnArm64(input));
  const LocationId location = FindEvent(aim.other, aim.other_event)->location;
  one.clear();
  WR_CHECK(one.push_back(aim));
  aimed = input;
  WR_CHECK(AimPreemption(random, aimed, one));
  (void)Runner::Get().Replay(aimed, OnArm64(aimed));
  return IsTurnedAround(aim, location);
}

void DrawInput(Random& random, Input& input) {
  DrawScenario(Mix::kAll, random.Next(), input.scenario);
  input.schedule.clear();
  for (int preemptions = random.Below(4); preemptions > 0; --preemptions) {
    (void)AddPreemption(random, input, Mix::kAll);
  }
}

// One aim of each drawn input. Not all can: the walk takes another way, where something else holds
// it up. Some nine of ten do; that fewer than four of five do by chance is below 1e-9.
TEST(RunAims, AnAimedPreemptionTurnsTheOrderAroundMostly) {
  static Input input;
  Random random(1);
  int turned = 0, tried = 0;
  const BackendScope on_fibers(Fibers());
  for (int i = 0; i < 2'000; ++i) {
    DrawInput(random, input);
    const Aims& aims = Arm64Aims().AimsOf(input);
    if (aims.empty()) continue;
    ++tried;
    if (TurnsAround(input, aims[random.Below(aims.size())], random)) ++turned;
  }
  EXPECT_GT(tried, 1'000);
  EXPECT_GT(turned, tried * 4 / 5) << turned << " of " << tried;
}

// The twin without chance.
TEST(RunAims, AllOfTheSeedsRaceTurnAround) {
  static Input input;
  input.scenario = ScenarioOf(kSeedScenario);
  Random random(2);
  const Aims& aims = Arm64Aims().AimsOf(input);
  EXPECT_GT(aims.size(), 10u);
  for (const Aim& aim : aims) {
    EXPECT_TRUE(TurnsAround(input, aim, random)) << aim.event << " and " << aim.other_event;
  }
}

// Of one, of another, of the first again; and what runs between them is as without.
TEST(RunAims, AreThoseOfTheInputAskedForAndLeaveOtherRunsAlone) {
  static Input first, second;
  static Aims kept;
  Random random(3);
  DrawInput(random, first);
  first.scenario = ScenarioOf(kSeedScenario);
  DrawInput(random, second);
  const KeptRun before = KeptRun::Last(Runner::Get().Replay(first, OnArm64(first)));
  kept = Arm64Aims().AimsOf(first);
  const Aims& again = Arm64Aims().AimsOf(first);
  EXPECT_EQ(again, kept);
  (void)Arm64Aims().AimsOf(second);
  EXPECT_TRUE(SameRun(before, KeptRun::Last(Runner::Get().Replay(first, OnArm64(first)))));
  EXPECT_EQ(Arm64Aims().AimsOf(first), kept);
  EXPECT_EQ(&Runner::Get().engine().backend(), &OsThreads());
}

TEST(Mutate, WithAimsIsAFunctionOfInputAndSeed) {
  static Input a, b;
  Random random(4);
  int aimed = 0;
  for (int i = 0; i < 500; ++i) {
    DrawInput(random, a);
    b = a;
    const uint64_t seed = random.Next();
    const std::string what = Mutate(a, Mix::kAll, seed, &Arm64Aims());
    EXPECT_EQ(Mutate(b, Mix::kAll, seed, &Arm64Aims()), what);
    ASSERT_EQ(a, b);
    if (what == "aim a preemption") ++aimed;
  }
  EXPECT_GT(aimed, 50);
}

}  // namespace
}  // namespace walkrace
