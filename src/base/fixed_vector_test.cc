#include "base/fixed_vector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.h"

namespace walkrace {
namespace {

using ::testing::ElementsAre;

TEST(FixedVector, RefusesWhatDoesNotFitAndStaysAsItWas) {
  FixedVector<int, 2> vector;
  EXPECT_TRUE(vector.empty());
  EXPECT_TRUE(vector.push_back(1));
  EXPECT_TRUE(vector.push_back(2));
  EXPECT_TRUE(vector.full());
  EXPECT_FALSE(vector.push_back(3));
  EXPECT_FALSE(vector.insert(0, 3));
  EXPECT_THAT(vector, ElementsAre(1, 2));
  EXPECT_EQ(vector.capacity(), 2u);
}

TEST(FixedVector, InsertsAtTheFrontInTheMiddleAndAtTheEnd) {
  FixedVector<int, 8> vector;
  EXPECT_TRUE(vector.insert(0, 2));
  EXPECT_TRUE(vector.insert(0, 1));
  EXPECT_TRUE(vector.insert(2, 4));
  EXPECT_TRUE(vector.insert(2, 3));
  EXPECT_THAT(vector, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(vector.back(), 4);
}

TEST(FixedVector, ErasesTruncatesAndPops) {
  FixedVector<int, 8> vector;
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(vector.push_back(i));
  vector.erase(0);
  vector.erase(4);
  EXPECT_THAT(vector, ElementsAre(1, 2, 3, 4));
  vector.truncate(2);
  EXPECT_THAT(vector, ElementsAre(1, 2));
  vector.pop_back();
  EXPECT_THAT(vector, ElementsAre(1));
  vector.clear();
  EXPECT_TRUE(vector.empty());
}

TEST(FixedVector, ComparesWhatItHoldsAndNotWhatItHeld) {
  FixedVector<int, 4> a;
  FixedVector<int, 4> b;
  ASSERT_TRUE(a.push_back(1));
  ASSERT_TRUE(a.push_back(2));
  ASSERT_TRUE(b.push_back(1));
  EXPECT_FALSE(a == b);
  a.pop_back();
  EXPECT_TRUE(a == b);
  b[0] = 3;
  EXPECT_FALSE(a == b);
}

// 20,000 random operations against std::vector, fixed seed. Each operation is tried at least 20
// times at each size and position, so one that goes wrong there every second time is missed with a
// probability below 1e-6.
TEST(FixedVector, AgreesWithAStandardVector) {
  Random random(1);
  FixedVector<uint32_t, 8> vector;
  std::vector<uint32_t> model;
  int tried[4][9][9] = {};  // by operation, size and position
  for (int i = 0; i < 20000; ++i) {
    const uint32_t value = random.Below(100);
    const uint32_t position = random.Below(model.size() + 1);
    const uint32_t operation = random.Below(4);
    ++tried[operation][model.size()][position];
    switch (operation) {
      case 0:
        ASSERT_EQ(vector.push_back(value), model.size() < 8);
        if (model.size() < 8) model.push_back(value);
        break;
      case 1:
        ASSERT_EQ(vector.insert(position, value), model.size() < 8);
        if (model.size() < 8) model.insert(model.begin() + position, value);
        break;
      case 2:
        if (position == model.size()) break;
        vector.erase(position);
        model.erase(model.begin() + position);
        break;
      default:
        if (random.OneIn(4)) {
          vector.truncate(position);
          model.resize(position);
        }
    }
    ASSERT_TRUE(std::equal(vector.begin(), vector.end(), model.begin(), model.end()));
  }
  for (const auto& by_size : tried) {
    for (int size = 0; size <= 8; ++size) {
      for (int position = 0; position <= size; ++position) EXPECT_GE(by_size[size][position], 20);
    }
  }
}

TEST(FixedVectorDeathTest, ChecksItsBounds) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  FixedVector<int, 4> vector;
  ASSERT_TRUE(vector.push_back(1));
  EXPECT_DEATH(vector[1] = 0, "internal check failed.*index < size_");
  EXPECT_DEATH(vector.erase(1), "internal check failed.*index < size_");
  EXPECT_DEATH((void)vector.insert(2, 0), "internal check failed.*index <= size_");
  EXPECT_DEATH(vector.truncate(2), "internal check failed.*size <= size_");
}

}  // namespace
}  // namespace walkrace
