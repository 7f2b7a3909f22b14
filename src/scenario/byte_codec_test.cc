#include "scenario/byte_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "machine/profiles.h"
#include "scenario/random_inputs.h"

namespace walkrace {
namespace {

using ::testing::ElementsAre;

constexpr int kRandomInputs = 100'000;

std::vector<uint8_t> Encoded(const Input& input) {
  static uint8_t buffer[kEncodedBytesMax];
  const size_t size = EncodeBytes(input, buffer, sizeof(buffer));
  EXPECT_GT(size, 0u);
  return std::vector<uint8_t>(buffer, buffer + size);
}

void Decode(const std::vector<uint8_t>& bytes, Input& input) {
  DecodeBytes(bytes.data(), bytes.size(), input);
}

// The seed's race: pin, use, unpin against a collapse, with two preemptions.
const Input& SeedRace() {
  static Input input;
  Scenario& scenario = input.scenario;
  scenario = {};
  input.schedule.clear();
  EXPECT_TRUE(scenario.cpus[0].push_back({OperationKind::kGup, 0, 2, kGupPin | kGupWrite}));
  EXPECT_TRUE(scenario.cpus[0].push_back({OperationKind::kWritePinned}));
  EXPECT_TRUE(scenario.cpus[0].push_back({OperationKind::kUnpin}));
  EXPECT_TRUE(scenario.cpus[1].push_back({OperationKind::kCollapse, 0}));
  EXPECT_TRUE(input.schedule.push_back({9, 0, 1}));
  EXPECT_TRUE(input.schedule.push_back({300, 1, 0}));
  return input;
}

TEST(ByteCodec, EmptyDecodesToTheDefault) {
  static Input input = SeedRace();
  static const Input standard;
  DecodeBytes(nullptr, 0, input);
  EXPECT_EQ(input, standard);
  EXPECT_THAT(Encoded(standard), ElementsAre(0, 0, 0, 0, 0, 0, 0, 0, 0));
}

TEST(ByteCodec, SmallScenarioIsSmall) {
  EXPECT_THAT(Encoded(SeedRace()), ElementsAre(0, 0, 0, 0, 0, 0, 0,              // header
                                               3, 0, 0x10, 3, 1, 0, 0, 3, 0, 0,  // CPU 0
                                               1, 6, 0, 0,                       // CPU 1
                                               0, 9, 0, 1, 300 & 255, 1));       // preemptions
}

TEST(ByteCodec, CutShortReadsZeros) {
  static Input input;
  Decode({0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 3}, input);
  EXPECT_EQ(input.scenario.cpus[0].size(), 2u);
  EXPECT_EQ(input.scenario.cpus[0][0], (Operation{OperationKind::kGup, 0, 1, kGupPin | kGupWrite}));
  EXPECT_EQ(input.scenario.cpus[0][1], (Operation{OperationKind::kGup, 0, 1}));
  EXPECT_TRUE(input.scenario.cpus[1].empty());
  EXPECT_TRUE(input.schedule.empty());
  Decode({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9}, input);
  EXPECT_THAT(input.schedule, ElementsAre(Preemption{9, 0, 1}));
  Decode({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 1, 1}, input);
  EXPECT_THAT(input.schedule, ElementsAre(Preemption{265, 0, 1}, Preemption{1, 1, 0}));
}

TEST(ByteCodec, ProfileByteIsNoneOrAnIndex) {
  static Input input;
  size_t count;
  Profiles(&count);
  for (int byte = 0; byte < 256; ++byte) {
    Decode({static_cast<uint8_t>(byte)}, input);
    if (byte == 0) {
      EXPECT_EQ(input.scenario.profile, kNoProfile);
    } else {
      EXPECT_EQ(input.scenario.profile, (byte - 1) % count);
    }
  }
}

TEST(ByteCodec, KeepsALongScheduleWhole) {
  static Input input = SeedRace(), back;
  for (uint32_t i = 0; !input.schedule.full(); ++i) {
    const uint8_t cpu = i & 1;
    ASSERT_TRUE(input.schedule.push_back(
        {static_cast<uint16_t>(i + 1), cpu, static_cast<uint8_t>(1 - cpu)}));
  }
  const std::vector<uint8_t> bytes = Encoded(input);
  EXPECT_LE(bytes.size(), kEncodedBytesMax);
  Decode(bytes, back);
  EXPECT_EQ(back, input);
}

TEST(ByteCodec, OneCpuHasNoSchedule) {
  static Input input;
  Decode({0, 3, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5}, input);
  EXPECT_EQ(input.scenario.cpu_count, 1);
  EXPECT_TRUE(input.schedule.empty());
}

TEST(ByteCodec, EncodeRefusesASmallBuffer) {
  const std::vector<uint8_t> bytes = Encoded(SeedRace());
  std::vector<uint8_t> buffer(bytes.size());
  EXPECT_EQ(EncodeBytes(SeedRace(), buffer.data(), buffer.size() - 1), 0u);
  EXPECT_EQ(EncodeBytes(SeedRace(), buffer.data(), buffer.size()), bytes.size());
  EXPECT_EQ(buffer, bytes);
}

TEST(ByteCodec, LargestInputFits) {
  static Input input;
  input.scenario.cpu_count = kCpusMax;
  for (OperationList& list : input.scenario.cpus) {
    while (!list.full()) ASSERT_TRUE(list.push_back({OperationKind::kUnpin}));
  }
  while (!input.schedule.full()) ASSERT_TRUE(input.schedule.push_back({1, 0, 1}));
  EXPECT_EQ(Encoded(input).size(), kEncodedBytesMax);
}

TEST(ByteCodec, IgnoresWhatComesBehindAFullSchedule) {
  static Input input, longer;
  std::vector<uint8_t> bytes(kEncodedBytesMax, 1);
  Decode(bytes, input);
  EXPECT_TRUE(input.schedule.full());
  bytes.resize(10 << 20, 77);
  Decode(bytes, longer);
  EXPECT_EQ(input, longer);
}

// Random, so it may miss a wrong byte: a mistake that shows in one input of 10,000 is missed with
// probability (1 - 1e-4)^1e5 = 5e-5.
TEST(ByteCodec, EveryByteStringDecodesAndReencodesCanonically) {
  static Input input, back;
  Random random(1);
  for (int i = 0; i < kRandomInputs; ++i) {
    const std::vector<uint8_t> bytes = RandomBytes(random);
    Decode(bytes, input);
    ASSERT_TRUE(IsNormalized(input)) << "random input " << i;
    const std::vector<uint8_t> canonical = Encoded(input);
    Decode(canonical, back);
    ASSERT_EQ(back, input) << "random input " << i;
    ASSERT_EQ(Encoded(back), canonical) << "random input " << i;
  }
}

// The same probability of a miss.
TEST(ByteCodec, NormalizedInputsComeBack) {
  static Input back;
  Random random(2);
  for (int i = 0; i < kRandomInputs; ++i) {
    const Input& input = RandomInput(random);
    ASSERT_TRUE(IsNormalized(input)) << "random input " << i;
    Decode(Encoded(input), back);
    ASSERT_EQ(back, input) << "random input " << i;
  }
}

}  // namespace
}  // namespace walkrace
