#include "target/minimizer.h"

#include <gtest/gtest.h>

#include "target/target_test_bed.h"

namespace walkrace {
namespace {

TEST(TargetMinimizer, ToTwoOperationsAndOnePreemption) {
  TargetInput input = OneEach({{TEST_TAKE_BOTH, 0}, {TEST_INCREMENT, 0}, {TEST_INCREMENT, 0}});
  WR_CHECK(input.calls[1].insert(0, {TEST_SIZES, 0}));
  const char* violated = HuntFor(input, 10000);
  ASSERT_STREQ(violated, "an increment is lost");
  EXPECT_GT(MinimizeTargetInput(TestRunner(), violated, input), 0);
  EXPECT_EQ(input.cpu_count, 2);
  EXPECT_EQ(CallCount(input), 2);
  EXPECT_EQ(input.schedule.size(), 1);
  EXPECT_STREQ(TestRunner().Replay(input).violated, violated);
}

}  // namespace
}  // namespace walkrace
