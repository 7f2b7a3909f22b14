#include "target/mutate.h"

#include <gtest/gtest.h>

#include "target/target_test_bed.h"

namespace walkrace {
namespace {

bool Same(const TargetInput& a, const TargetInput& b) {
  if (a.cpu_count != b.cpu_count || !(a.schedule == b.schedule)) return false;
  for (int cpu = 0; cpu < a.cpu_count; ++cpu) {
    if (a.calls[cpu].size() != b.calls[cpu].size()) return false;
    for (size_t i = 0; i < a.calls[cpu].size(); ++i) {
      if (a.calls[cpu][i].operation != b.calls[cpu][i].operation) return false;
      if (a.calls[cpu][i].argument != b.calls[cpu][i].argument) return false;
    }
  }
  return true;
}

TEST(MutateTargetInput, StaysWhatBytesCanSay) {
  Random random(1);
  TargetInput input;
  TargetInput again;
  uint8_t bytes[512];
  int changed = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    DrawTargetInput(test_target, seed, input);
    for (int i = 0; i < 40; ++i) {
      again = input;
      MutateTargetInput(test_target, random, input);
      changed += Same(again, input) ? 0 : 1;
      const size_t size = EncodeTargetInput(test_target, input, bytes, sizeof(bytes));
      DecodeTargetInput(test_target, bytes, size, again);
      ASSERT_TRUE(Same(again, input));
    }
  }
  EXPECT_GT(changed, 300 * 40 / 2);
}

TEST(MutateTargetInput, EncodesIntoWhatRoomThereIs) {
  TargetInput input;
  DrawTargetInput(test_target, 1, input);
  for (uint16_t event : {0, 31, 32, 255, 256, kDecodedEventMax, kDecodedEventMax + 1}) {
    WR_CHECK(input.schedule.push_back({event, 0, 1}));
  }
  uint8_t bytes[64];
  for (size_t room = 0; room < sizeof(bytes); ++room) {
    EXPECT_LE(EncodeTargetInput(test_target, input, bytes, room), room);
  }
  TargetInput again;
  DecodeTargetInput(test_target, bytes, EncodeTargetInput(test_target, input, bytes, sizeof(bytes)),
                    again);
  input.schedule.pop_back();  // of an event that bytes cannot say
  EXPECT_TRUE(Same(again, input));
}

}  // namespace
}  // namespace walkrace
