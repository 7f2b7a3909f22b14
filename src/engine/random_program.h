// For tests only: small random programs whose control flow depends on what they read, so that
// their traces tell schedules apart. They lock in any order (deadlocks are wanted), switch
// interrupts off and on, interrupt each other, and write notes.
#ifndef WALKRACE_ENGINE_RANDOM_PROGRAM_H_
#define WALKRACE_ENGINE_RANDOM_PROGRAM_H_

#include "base/fixed_vector.h"
#include "engine/test_bed.h"

namespace walkrace {

struct RandomProgram {
  enum class Kind : uint8_t {
    kStore,
    kAdd,
    kLoadAndSkipIfOdd,  // the next operation is left out when the value is odd
    kNote,
    kLock,  // from here on: not in programs that may not block
    kUnlock,
    kInterruptsOff,
    kInterruptsOn,
    kInterrupt,
    kKindCount,
  };

  struct Operation {
    Kind kind;
    uint8_t word;
    uint8_t value;
  };

  static constexpr size_t kOperationsMax = 12;

  int cpu_count = 0;
  FixedVector<Operation, kOperationsMax> operations[kCpusMax];
};

// One to four CPUs of up to kOperationsMax operations each, some of none.
RandomProgram DrawProgram(uint64_t seed, bool may_block);

// Installs the interrupt handler that programs use, and runs.
RecordedRun RunRandomProgram(Strategy& strategy, uint64_t seed, const RandomProgram& program);

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_RANDOM_PROGRAM_H_
