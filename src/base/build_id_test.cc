#include "base/build_id.h"

#include <gtest/gtest.h>

namespace walkrace {
namespace {

TEST(BuildId, IsThereAndStays) {
  EXPECT_NE(BuildId(), 0u);
  EXPECT_EQ(BuildId(), BuildId());
}

}  // namespace
}  // namespace walkrace
