// For tests only: a small target, compiled as walkrace_add_target compiles one.
#ifndef WALKRACE_TARGET_TEST_TARGET_H_
#define WALKRACE_TARGET_TEST_TARGET_H_

#include "target/target.h"

#ifdef __cplusplus
extern "C" {
#endif

enum test_operation {
  TEST_INCREMENT,         // loses increments of others
  TEST_INCREMENT_LOCKED,  // does not
  TEST_SIZES,             // a load and a store of 1, 2, 4 and 8 bytes
  TEST_CRASH,             // where two CPUs meet in it
  TEST_TAKE_BOTH,         // locks argument, then the other one
  TEST_SPIN,              // until somebody increments
  TEST_OPERATION_COUNT,
};

extern const struct wr_target test_target;

#ifdef __cplusplus
}
#endif

#endif  // WALKRACE_TARGET_TEST_TARGET_H_
