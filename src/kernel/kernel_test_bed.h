// For tests only: runs bodies that call the primitives on the process's one engine.
#ifndef WALKRACE_KERNEL_KERNEL_TEST_BED_H_
#define WALKRACE_KERNEL_KERNEL_TEST_BED_H_

#include "engine/test_bed.h"
#include "kernel/primitives.h"
#include "kernel/runtime.h"

namespace walkrace {

template <typename Function>
RecordedRun RunKernel(Strategy& strategy, uint64_t seed, int cpu_count, Function body) {
  BindKernel(&TestEngine());
  BeginKernel();
  return RunBodies(strategy, seed, cpu_count, body);
}

inline constexpr int kLock = 8;  // a word that no test uses for anything else

inline uint64_t* Word(int index) { return &test_arena[index]; }

// One event each.
inline uint64_t Get(int word) { return wr_load(Word(word), 8, WR_RELAXED, WR_DATA, WR_HERE); }
inline void Set(int word, uint64_t value) {
  wr_store(Word(word), 8, value, WR_RELAXED, WR_DATA, WR_HERE);
}

}  // namespace walkrace

#endif  // WALKRACE_KERNEL_KERNEL_TEST_BED_H_
