#include "scenario/aims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"
#include "scenario/mutations.h"

namespace walkrace {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr LocationId kPmd = 5;
constexpr LocationId kPte = 6;
constexpr LocationId kPtl = 7;

Event EventOf(int cpu, int number, EventKind kind, LocationId location) {
  Event event = {};
  event.cpu = static_cast<uint8_t>(cpu);
  event.number = static_cast<uint16_t>(number);
  event.kind = kind;
  event.location = location;
  return event;
}

// Gives each event the number that it has among its CPU's.
class Story {
 public:
  Story& Do(int cpu, EventKind kind, LocationId location = kNoLocation) {
    events_.push_back(EventOf(cpu, ++numbers_[cpu], kind, location));
    return *this;
  }
  Story& DoFailed(int cpu, LocationId location) {
    Do(cpu, EventKind::kRmw, location);
    events_.back().failed = true;
    return *this;
  }
  Story& LockForReading(int cpu, LocationId location) {
    Do(cpu, EventKind::kLock, location);
    events_.back().detail = static_cast<uint8_t>(LockKind::kRead);
    return *this;
  }

  std::vector<Aim> Find() const {
    static Aims& aims = *new Aims();
    FindAims(events_.data(), events_.size(), aims);
    return {aims.begin(), aims.end()};
  }

 private:
  std::vector<Event> events_;
  int numbers_[kCpusMax] = {};
};

using enum EventKind;

TEST(FindAims, ALoadAndTheStoreAfterItFromAnotherCpu) {
  EXPECT_THAT(Story().Do(0, kFence).Do(0, kLoad, kPmd).Do(1, kFence).Do(1, kStore, kPmd).Find(),
              ElementsAre(Aim{2, 2, 1, 0, 1}));
}

// The walker's first read and its re-check can both come after the store.
TEST(FindAims, EachOfSeveralLoads) {
  EXPECT_THAT(
      Story().Do(0, kLoad, kPmd).Do(1, kFence).Do(0, kLoad, kPmd).Do(1, kStore, kPmd).Find(),
      ElementsAre(Aim{2, 2, 2, 0, 1}, Aim{1, 2, 1, 0, 1}));
}

TEST(FindAims, NothingOfReadsOfOneCpuOrOfOtherPlaces) {
  EXPECT_THAT(Story().Do(0, kLoad, kPmd).Do(1, kLoad, kPmd).DoFailed(0, kPmd).Find(), IsEmpty());
  EXPECT_THAT(Story().Do(0, kLoad, kPmd).Do(0, kStore, kPmd).Find(), IsEmpty());
  EXPECT_THAT(Story().Do(0, kStore, kPmd).Do(1, kStore, kPte).Find(), IsEmpty());
  EXPECT_THAT(Story().Do(0, kFence).Do(1, kFence).Find(), IsEmpty());
}

// Two places of one bucket.
TEST(FindAims, PlacesDoNotHideEachOther) {
  EXPECT_THAT(Story()
                  .Do(0, kStore, kPmd)
                  .Do(0, kStore, kPmd + 1024)
                  .Do(1, kLoad, kPmd)
                  .Do(1, kLoad, kPmd + 1024)
                  .Find(),
              ElementsAre(Aim{1, 1, 1, 0, 1}, Aim{2, 2, 1, 0, 1}));
}

// Inside of a lock that both take only the lock itself can be aimed at.
TEST(FindAims, ALockKeepsWhatItGuardsApart) {
  Story run;
  for (int cpu = 0; cpu < 2; ++cpu) {
    run.Do(cpu, kLock, kPtl).Do(cpu, kStore, kPte).Do(cpu, kUnlock, kPtl);
  }
  EXPECT_THAT(run.Find(), ElementsAre(Aim{1, 1, 1, 0, 1}));
}

// It does not matter that the other has let go of it again.
TEST(FindAims, ALockTakenOnTheWayKeepsApart) {
  EXPECT_THAT(Story()
                  .Do(0, kLock, kPtl)
                  .Do(0, kStore, kPte)
                  .Do(0, kUnlock, kPtl)
                  .Do(1, kLock, kPtl)
                  .Do(1, kUnlock, kPtl)
                  .Do(1, kStore, kPte)
                  .Find(),
              ElementsAre(Aim{1, 1, 1, 0, 1}));
}

TEST(FindAims, ALockOfOneOrForReadingKeepsNothingApart) {
  EXPECT_THAT(Story().Do(0, kLock, kPtl).Do(0, kStore, kPte).Do(1, kStore, kPte).Find(),
              ElementsAre(Aim{2, 1, 1, 0, 1}));
  EXPECT_THAT(Story()
                  .LockForReading(0, kPtl)
                  .Do(0, kStore, kPte)
                  .LockForReading(1, kPtl)
                  .Do(1, kStore, kPte)
                  .Find(),
              ElementsAre(Aim{2, 2, 1, 0, 1}));
}

// A walker with interrupts off is waited for, and what comes behind the wait cannot come before it.
TEST(FindAims, AWaitForIpisKeepsWalkersApart) {
  Story story;
  story.Do(0, kIrqOff).Do(0, kLoad, kPte).Do(0, kIrqOn);
  EXPECT_THAT(Story(story).Do(1, kStore, kPte).Do(1, kIpiWait).Find(),
              ElementsAre(Aim{2, 1, 1, 0, 1}));
  EXPECT_THAT(Story(story).Do(1, kIpiWait).Do(1, kStore, kPte).Find(), IsEmpty());
  story.Do(0, kLoad, kPte);
  EXPECT_THAT(story.Do(1, kIpiWait).Do(1, kStore, kPte).Find(), ElementsAre(Aim{4, 2, 1, 0, 1}));
}

TEST(FindAims, ALongRunFillsUpAndStops) {
  Story run;
  for (int i = 0; i < 4'000; ++i) run.Do(i % 2, kStore, kPmd);
  EXPECT_EQ(run.Find().size(), kAimsMax);
}

// --- What a mutation makes of them
// -----------------------------------------------------------------

bool Has(const Schedule& schedule, const Preemption& entry) {
  return std::find(schedule.begin(), schedule.end(), entry) != schedule.end();
}

TEST(AimPreemption, StopsBeforeTheEarlierAndMostlyComesBackAfterTheLater) {
  static Input input;
  static Aims aims;
  aims.clear();
  ASSERT_TRUE(aims.push_back({10, 20, 3, 0, 1}));
  Random random(1);
  int back = 0;
  for (int i = 0; i < 1'000; ++i) {
    input.schedule.clear();
    ASSERT_TRUE(AimPreemption(random, input, aims));
    EXPECT_TRUE(Has(input.schedule, {10, 0, 1}));
    if (Has(input.schedule, {21, 1, 0})) ++back;
  }
  EXPECT_GT(back, 600);
  EXPECT_LT(back, 900);
}

// What leads the two CPUs to where they were, and what comes later, stays.
TEST(AimPreemption, TakesOutWhatIsInTheWayAlone) {
  static Input input;
  static Aims aims;
  aims.clear();
  ASSERT_TRUE(aims.push_back({10, 20, 3, 0, 1}));
  constexpr Preemption kStays[] = {{5, 0, 1}, {2, 1, 0}, {30, 1, 0}, {10, 2, 0}};
  Random random(2);
  input.schedule.clear();
  for (const Preemption& entry : kStays) ASSERT_TRUE(input.schedule.push_back(entry));
  for (const Preemption& entry : {Preemption{10, 0, 2}, {3, 1, 0}, {20, 1, 2}}) {
    ASSERT_TRUE(input.schedule.push_back(entry));
  }
  ASSERT_TRUE(AimPreemption(random, input, aims));
  for (const Preemption& entry : kStays) EXPECT_TRUE(Has(input.schedule, entry));
  EXPECT_FALSE(Has(input.schedule, {10, 0, 2}));
  EXPECT_FALSE(Has(input.schedule, {3, 1, 0}));
  EXPECT_FALSE(Has(input.schedule, {20, 1, 2}));
}

TEST(AimPreemption, WithoutAnAimOrWithoutRoomChangesNothing) {
  static Input input, before;
  static Aims aims;
  aims.clear();
  Random random(3);
  EXPECT_FALSE(AimPreemption(random, input, aims));
  ASSERT_TRUE(aims.push_back({10, 20, 3, 0, 1}));
  while (!input.schedule.full()) ASSERT_TRUE(input.schedule.push_back({1, 0, 1}));
  before = input;
  EXPECT_FALSE(AimPreemption(random, input, aims));
  EXPECT_EQ(input, before);
}

}  // namespace
}  // namespace walkrace
