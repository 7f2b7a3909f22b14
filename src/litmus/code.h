// A thread's instructions in one line, with jumps for `if`: what an interpreter runs.
#ifndef WALKRACE_LITMUS_CODE_H_
#define WALKRACE_LITMUS_CODE_H_

#include <vector>

#include "litmus/program.h"

namespace walkrace::litmus {

enum class CodeKind : uint8_t {
  kInstruction,  // but kIf
  kJump,         // to `target`
  kJumpIfZero,   // of instruction->value
  kFenceAfter,   // the second full barrier of a fully ordered read-modify-write, where it succeeded
  kGracePeriodEnd,
};

struct Code {
  CodeKind kind;
  const Instruction* instruction;
  size_t target;
  // Whether some way from here on to the end has a step that other threads can notice; whether some
  // way has none.
  bool may_act, may_end;
};

struct FlattenOptions {
  bool every_rmw_is_full = false;  // of the memory model
  bool has_grace_periods = true;   // of the program: without one nobody notices read sections
};

// Refers to the instructions of `thread`.
std::vector<Code> Flatten(const Thread& thread, const FlattenOptions& options);

// Whether some thread waits for a grace period.
bool HasGracePeriods(const Program& program);

// Whether it is ordered as by full barriers on both sides, where it succeeds.
bool IsFullyOrdered(const Instruction& instruction, bool every_rmw_is_full);

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_CODE_H_
