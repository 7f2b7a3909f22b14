// Runs the operations of a scenario through the paths: what each CPU's program is.
#ifndef WALKRACE_HARNESS_OPERATIONS_H_
#define WALKRACE_HARNESS_OPERATIONS_H_

#include "engine/event.h"
#include "scenario/scenario.h"

namespace walkrace {

// Forgets the references that CPUs of the last run held.
void BeginOperations(const Scenario& scenario);

// The body of one CPU. `scenario` is a const Scenario*.
void RunOperations(void* scenario, CpuId cpu);

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_OPERATIONS_H_
