#include "target/runner.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "target/crash.h"
#include "target/target_test_bed.h"
#include "target/trace.h"

namespace walkrace {
namespace {

constexpr TargetCall kIncrement = {TEST_INCREMENT, 0};
constexpr TargetCall kLocked = {TEST_INCREMENT_LOCKED, 0};

// "load 0->0": kind and values of each access.
std::vector<std::string> Accesses() {
  std::vector<std::string> accesses;
  const Engine& engine = TestRunner().engine();
  for (size_t i = 0; i < engine.event_count(); ++i) {
    const Event& event = engine.events()[i];
    if (event.kind != EventKind::kLoad && event.kind != EventKind::kStore) continue;
    accesses.push_back(std::string(event.kind == EventKind::kLoad ? "load " : "store ") +
                       std::to_string(event.size) + ": " + std::to_string(event.before) + "->" +
                       std::to_string(event.after));
  }
  return accesses;
}

using Strings = std::vector<std::string>;

TEST(TargetRunner, LoadsAndStoresOfPlainCAreEvents) {
  EXPECT_EQ(TestRunner().Replay(OneEach({kIncrement, kIncrement})).violated, nullptr);
  EXPECT_EQ(Accesses(),
            (Strings{"load 8: 0->0", "store 8: 0->1", "load 8: 1->1", "store 8: 1->2"}));
}

TEST(TargetRunner, AStoreHasItsOwnValueWhoeverStoresNext) {
  const TargetInput input = OneEach({kIncrement, kIncrement}, {{2, 0, 1}});
  EXPECT_STREQ(TestRunner().Replay(input).violated, "an increment is lost");
  EXPECT_EQ(Accesses(),
            (Strings{"load 8: 0->0", "load 8: 0->0", "store 8: 0->1", "store 8: 1->1"}));
}

TEST(TargetRunner, EachSizeIsOneEvent) {
  EXPECT_EQ(TestRunner().Replay(OneEach({{TEST_SIZES, 0}})).violated, nullptr);
  EXPECT_EQ(Accesses(), (Strings{"load 1: 0->0", "store 1: 0->1", "load 2: 0->0", "store 2: 0->1",
                                 "load 4: 0->0", "store 4: 0->1", "load 8: 4295033088->4295033088",
                                 "store 8: 4295033088->4295033089"}));
}

TEST(TargetRunner, SitesNameTheCode) {
  (void)TestRunner().Replay(OneEach({kIncrement}));
  const Engine& engine = TestRunner().engine();
  ASSERT_GE(engine.event_count(), 2);
  const Event& load = engine.events()[1];
  EXPECT_STREQ(load.site->file, "src/target/test_target.c");
  EXPECT_STREQ(load.site->function, "increment");
  EXPECT_EQ(EventName(TestRunner(), load), "increment load count");
}

TEST(TargetRunner, FindsALostIncrement) {
  TargetInput input = OneEach({kIncrement, kIncrement});
  EXPECT_STREQ(HuntFor(input, 1000), "an increment is lost");
  EXPECT_STREQ(TestRunner().Replay(input).violated, "an increment is lost");
}

// The twin.
TEST(TargetRunner, LosesNoIncrementUnderALock) {
  TargetInput input = OneEach({kLocked, kLocked});
  EXPECT_EQ(HuntFor(input, 1000), nullptr);
}

TEST(TargetRunner, DeadlockIsAViolation) {
  TargetInput input = OneEach({{TEST_TAKE_BOTH, 0}, {TEST_TAKE_BOTH, 1}});
  EXPECT_STREQ(HuntFor(input, 1000), kDeadlock);
  EXPECT_EQ(TestRunner().Replay(OneEach({{TEST_TAKE_BOTH, 0}, {TEST_TAKE_BOTH, 0}})).violated,
            nullptr);
}

TEST(TargetRunner, ALoopWithoutEndIsAViolation) {
  EXPECT_STREQ(TestRunner().Replay(OneEach({{TEST_SPIN, 0}})).violated, kNoEnd);
  EXPECT_NE(PrintTargetTrace(TestRunner()).find("again and again"), std::string::npos);
}

TEST(TargetRunner, ACrashIsAViolationAndTheSearchGoesOn) {
  CatchCrashes(TestRunner());
  for (int i = 0; i < 3; ++i) {
    TargetInput input = OneEach({{TEST_CRASH, 0}, {TEST_CRASH, 0}});
    EXPECT_STREQ(HuntFor(input, 1000), "the code crashed: SIGSEGV");
    EXPECT_EQ(TestRunner().Replay(OneEach({{TEST_CRASH, 0}, {TEST_CRASH, 0}})).violated, nullptr);
  }
}

TEST(TargetRunner, TheSameOnBothBackends) {
  TargetInput input = OneEach({kIncrement, {TEST_SIZES, 0}, kLocked, kIncrement});
  const auto strategy = FindStrategy("random")->make(StrategyOptions());
  for (uint64_t seed = 0; seed < 200; ++seed) {
    TestRunner().engine().set_backend(OsThreads());
    const TargetVerdict threads = TestRunner().Run(input, *strategy, seed);
    TestRunner().engine().set_backend(Fibers());
    const TargetVerdict fibers = TestRunner().Run(input, *strategy, seed);
    EXPECT_EQ(threads.result.trace_hash, fibers.result.trace_hash);
    EXPECT_EQ(threads.violated, fibers.violated);
  }
  TestRunner().engine().set_backend(OsThreads());
}

}  // namespace
}  // namespace walkrace
