// Small changes of a target's input that bytes seldom hit upon: operations that meet at one object,
// preemptions among the first events. For fuzzers' own mutators.
#ifndef WALKRACE_TARGET_MUTATE_H_
#define WALKRACE_TARGET_MUTATE_H_

#include "base/random.h"
#include "target/input.h"

namespace walkrace {

// A few of them. Keeps the input one that bytes can say.
void MutateTargetInput(const wr_target& target, Random& random, TargetInput& input);

}  // namespace walkrace

#endif  // WALKRACE_TARGET_MUTATE_H_
