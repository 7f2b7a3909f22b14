#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <unordered_set>

namespace walkrace {
namespace {

// The published test vector of splitmix64 for seed 1234567: a seed means the same on every machine.
TEST(Random, IsSplitMix64) {
  Random random(1234567);
  EXPECT_EQ(random.Next(), 6457827717110365317u);
  EXPECT_EQ(random.Next(), 3203168211198807973u);
  EXPECT_EQ(random.Next(), 9817491932198370423u);
  EXPECT_EQ(random.Next(), 4593380528125082431u);
  EXPECT_EQ(random.Next(), 16408922859458223821u);
}

TEST(Random, BelowOneIsAlwaysZero) {
  Random random(1);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(random.Below(1), 0u);
}

// 60,000 draws, 10,000 expected of each of six numbers, standard deviation 91. The seed is fixed;
// a generator with a bias above 6 % is missed with a probability below 1e-6.
TEST(Random, BelowIsUniformAndInRange) {
  Random random(2);
  int seen[6] = {};
  for (int i = 0; i < 60000; ++i) {
    const uint32_t number = random.Below(6);
    ASSERT_LT(number, 6u);
    ++seen[number];
  }
  for (int count : seen) EXPECT_NEAR(count, 10000, 600);
}

TEST(Random, BelowReachesTheTopOfTheLargestRange) {
  Random random(3);
  uint32_t largest = 0;
  for (int i = 0; i < 10000; ++i) largest = std::max(largest, random.Below(UINT32_MAX));
  EXPECT_GT(largest, UINT32_MAX - UINT32_MAX / 1000);
}

TEST(Random, OneInHasItsProbability) {
  Random random(4);
  int hits = 0;
  for (int i = 0; i < 40000; ++i) hits += random.OneIn(4);
  EXPECT_NEAR(hits, 10000, 600);  // standard deviation 87
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(random.OneIn(1));
}

TEST(SplitSeed, IsAFunctionOfSeedAndIndex) {
  EXPECT_EQ(SplitSeed(7, 11), SplitSeed(7, 11));
  EXPECT_NE(SplitSeed(7, 11), SplitSeed(11, 7));
  EXPECT_NE(SplitSeed(7, 11), SplitSeed(7, 12));
}

// Neighbouring searches (seeds 0..99) of 1,000 schedules each share no schedule's seed. Chance
// collisions of good seeds: 1e5^2 / 2^65, below 1e-9.
TEST(SplitSeed, NeighbouringSeedsAndIndicesDoNotCollide) {
  std::unordered_set<uint64_t> seen;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    for (uint64_t index = 0; index < 1000; ++index) seen.insert(SplitSeed(seed, index));
  }
  EXPECT_EQ(seen.size(), 100000u);
}

}  // namespace
}  // namespace walkrace
