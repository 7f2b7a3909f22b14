#include "harness/distinct_counter.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/random.h"

namespace walkrace {
namespace {

TEST(DistinctCounter, StartsAtNone) { EXPECT_EQ(DistinctCounter().Count(), 0u); }

TEST(DistinctCounter, CountsEachValueOnce) {
  DistinctCounter counter;
  for (int i = 0; i < 1000; ++i) counter.Add(7);
  EXPECT_EQ(counter.Count(), 1u);
  counter.Add(0);
  counter.Add(UINT64_MAX);
  counter.Add(0);
  EXPECT_EQ(counter.Count(), 3u);
}

TEST(DistinctCounter, IsExactUpToItsBound) {
  DistinctCounter counter;
  for (int round = 0; round < 2; ++round) {
    for (uint64_t i = 0; i < DistinctCounter::kExactMax; ++i) {
      counter.Add(SplitSeed(1, i));
      if (round == 0 && i % 997 == 0) ASSERT_EQ(counter.Count(), i + 1);
    }
  }
  EXPECT_EQ(counter.Count(), DistinctCounter::kExactMax);
}

// Small numbers, multiples and hashes alike: what is counted must not matter.
TEST(DistinctCounter, IsExactForNeighbours) {
  for (uint64_t factor : {uint64_t{1}, uint64_t{4096}, uint64_t{1} << 40}) {
    DistinctCounter counter;
    for (uint64_t i = 0; i < 10'000; ++i) counter.Add(i * factor);
    EXPECT_EQ(counter.Count(), 10'000u) << factor;
  }
}

// Linear counting with 2^23 bits: a standard error of 0.01 % at 100,000 and 0.03 % at a million.
// Fixed values; a correct estimator is off by more than 0.3 % with a probability below 1e-9.
TEST(DistinctCounter, EstimatesBeyondIt) {
  DistinctCounter counter;
  uint64_t added = 0;
  for (uint64_t goal : {uint64_t{100'000}, uint64_t{300'000}, uint64_t{1'000'000}}) {
    for (; added < goal; ++added) counter.Add(SplitSeed(2, added));
    EXPECT_NEAR(static_cast<double>(counter.Count()), goal, goal * 0.003);
  }
  for (uint64_t i = 0; i < 100'000; ++i) counter.Add(SplitSeed(2, i));
  EXPECT_NEAR(static_cast<double>(counter.Count()), 1e6, 3000) << "they were there already";
}

TEST(DistinctCounter, GoesOnSmoothlyWhereItBeginsToEstimate) {
  DistinctCounter counter;
  for (uint64_t i = 0; i < DistinctCounter::kExactMax + 200; ++i) {
    counter.Add(SplitSeed(3, i));
    if (i + 1 < DistinctCounter::kExactMax) continue;
    ASSERT_NEAR(static_cast<double>(counter.Count()), i + 1, 200) << i;
  }
}

}  // namespace
}  // namespace walkrace
