#include "target/input.h"

#include <gtest/gtest.h>

#include <vector>

#include "target/target_test_bed.h"

namespace walkrace {
namespace {

void ExpectValid(const TargetInput& input) {
  ASSERT_GE(input.cpu_count, 2);
  ASSERT_LE(input.cpu_count, kCpusMax);
  for (int cpu = 0; cpu < input.cpu_count; ++cpu) {
    EXPECT_FALSE(input.calls[cpu].empty());
    for (const TargetCall& call : input.calls[cpu]) {
      ASSERT_LT(call.operation, test_target.operation_count);
      const unsigned arguments = test_target.operations[call.operation].arguments;
      EXPECT_LT(call.argument, arguments == 0 ? 1 : arguments);
    }
  }
  for (const Preemption& entry : input.schedule) {
    EXPECT_LT(entry.cpu, input.cpu_count);
    EXPECT_LT(entry.to, input.cpu_count);
  }
}

TEST(TargetInput, AnyBytesAreAnInput) {
  Random random(1);
  TargetInput input;
  DecodeTargetInput(test_target, nullptr, 0, input);
  ExpectValid(input);
  for (int i = 0; i < 5000; ++i) {
    std::vector<uint8_t> bytes(random.Below(300));
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.Below(256));
    DecodeTargetInput(test_target, bytes.data(), bytes.size(), input);
    ExpectValid(input);
  }
}

TEST(TargetInput, BytesSayWhatTheirHeaderSays) {
  const uint8_t bytes[] = {0,  // two CPUs
                           1,
                           TEST_INCREMENT,
                           7,  // two operations of CPU 0
                           TEST_TAKE_BOTH,
                           3,  //
                           0,
                           TEST_SIZES,
                           0,  // one of CPU 1
                           9,
                           0 << 4 | 1 << 2 | 0,  // CPU 0 before event 9 to CPU 1
                           44,
                           12 << 4 | 0 << 2 | 1};  // CPU 1 before event 300 to CPU 0
  TargetInput input;
  DecodeTargetInput(test_target, bytes, sizeof(bytes), input);
  EXPECT_EQ(input.cpu_count, 2);
  ASSERT_EQ(input.calls[0].size(), 2);
  EXPECT_EQ(input.calls[0][0].operation, TEST_INCREMENT);
  EXPECT_EQ(input.calls[0][1].operation, TEST_TAKE_BOTH);
  EXPECT_EQ(input.calls[0][1].argument, 1);
  ASSERT_EQ(input.calls[1].size(), 1);
  ASSERT_EQ(input.schedule.size(), 2);
  EXPECT_EQ(input.schedule[0], (Preemption{9, 0, 1}));
  EXPECT_EQ(input.schedule[1], (Preemption{300, 1, 0}));
}

TEST(TargetInput, DrawnInputsAreValidAndOfTheirSeed) {
  TargetInput one;
  TargetInput two;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    DrawTargetInput(test_target, seed, one);
    ExpectValid(one);
    DrawTargetInput(test_target, seed, two);
    ASSERT_EQ(CallCount(one), CallCount(two));
  }
}

TEST(TargetInput, RemovingACpuKeepsWhatOthersDo) {
  TargetInput input = OneEach({{TEST_INCREMENT, 0}, {TEST_SIZES, 0}, {TEST_CRASH, 0}},
                              {{2, 0, 1}, {3, 2, 0}, {4, 1, 2}});
  RemoveCpu(input, 1);
  EXPECT_EQ(input.cpu_count, 2);
  EXPECT_EQ(input.calls[1][0].operation, TEST_CRASH);
  ASSERT_EQ(input.schedule.size(), 1);
  EXPECT_EQ(input.schedule[0], (Preemption{3, 1, 0}));
}

}  // namespace
}  // namespace walkrace
