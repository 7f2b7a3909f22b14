// Makes a violating input of a target smaller while it violates the same: fewer operations and
// CPUs, smaller arguments, fewer preemptions.
#ifndef WALKRACE_TARGET_MINIMIZER_H_
#define WALKRACE_TARGET_MINIMIZER_H_

#include "target/runner.h"

namespace walkrace {

// Returns the runs that it took. `input` becomes what the runner's last run was of.
// REQUIRES: `input` violates `violated` by its own schedule.
uint64_t MinimizeTargetInput(TargetRunner& runner, const char* violated, TargetInput& input);

}  // namespace walkrace

#endif  // WALKRACE_TARGET_MINIMIZER_H_
