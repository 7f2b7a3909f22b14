// What one run of a target is: which operations each CPU runs, and the schedule. Out of bytes (any
// bytes), or drawn.
#ifndef WALKRACE_TARGET_INPUT_H_
#define WALKRACE_TARGET_INPUT_H_

#include <cstddef>
#include <cstdint>

#include "base/fixed_vector.h"
#include "engine/schedule.h"
#include "target/target.h"

namespace walkrace {

inline constexpr size_t kCallsMax = 16;  // of one CPU

// What bytes can say: operations of one CPU, preemptions, and their events.
inline constexpr size_t kDecodedCallsMax = 4;
inline constexpr size_t kDecodedPreemptionsMax = 64;
inline constexpr int kDecodedEventMax = 5 * 256 - 1;

struct TargetCall {
  uint8_t operation;
  uint8_t argument;
};

struct TargetInput {
  int cpu_count = 1;
  FixedVector<TargetCall, kCallsMax> calls[kCpusMax];
  Schedule schedule;
};

// As many CPUs as it may have.
int CpusMaxOf(const wr_target& target);

// How many operations all CPUs run together.
size_t CallCount(const TargetInput& input);

// Any bytes are an input: one byte for the number of CPUs; for each CPU one for the number of its
// operations, and two an operation; all that is left is preemptions, of two bytes. Bytes that are
// not there are zero.
void DecodeTargetInput(const wr_target& target, const uint8_t* data, size_t size,
                       TargetInput& input);

// The other way; what bytes cannot say, or `size_max` has no room for, is left out. Returns the
// size.
size_t EncodeTargetInput(const wr_target& target, const TargetInput& input, uint8_t* data,
                         size_t size_max);

// Draws operations; the schedule is empty.
void DrawTargetInput(const wr_target& target, uint64_t seed, TargetInput& input);

// Takes a CPU away, and what the schedule says of it. REQUIRES: cpu < input.cpu_count; more than
// one.
void RemoveCpu(TargetInput& input, int cpu);

}  // namespace walkrace

#endif  // WALKRACE_TARGET_INPUT_H_
