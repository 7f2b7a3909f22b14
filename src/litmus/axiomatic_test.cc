#include "litmus/axiomatic.h"

#include <gtest/gtest.h>

#include "litmus/litmus_test_bed.h"

namespace walkrace::litmus {
namespace {

TEST(X, Sb) {
  Program sb = MakeProgram("SB", 2, {{Store(kX, 1), Load(0, kY)}, {Store(kY, 1), Load(0, kX)}});
  EXPECT_TRUE(Allows(sb, {{Reg(0, 0), 0}, {Reg(1, 0), 0}}));
  Program mp = MakeProgram(
      "MP", 2,
      {{Store(kX, 1), Store(kY, 1, Order::kRelease)}, {Load(0, kY, Order::kAcquire), Load(1, kX)}});
  EXPECT_FALSE(Allows(mp, {{Reg(1, 0), 1}, {Reg(1, 1), 0}}));
  EXPECT_TRUE(Allows(mp, {{Reg(1, 0), 1}, {Reg(1, 1), 1}}));
}

}  // namespace
}  // namespace walkrace::litmus
