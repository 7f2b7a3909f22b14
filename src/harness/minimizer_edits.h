// The ways to make a scenario smaller, as a list of candidates. Private to the minimiser.
#ifndef WALKRACE_HARNESS_MINIMIZER_EDITS_H_
#define WALKRACE_HARNESS_MINIMIZER_EDITS_H_

#include <vector>

#include "scenario/scenario.h"

namespace walkrace {

// A smaller scenario, and what was taken out of the old one.
struct Edit {
  Scenario scenario;
  CpuId dropped_cpu = kNoCpu;
  // Operations [first, end) of this CPU are gone.
  CpuId cut_cpu = kNoCpu;
  int cut_first = 0;
  int cut_end = 0;
};

// Every edit of `scenario`, largest deletions first: CPUs, operations, pages of operations, flags,
// what is mapped at the start. All are normalized, and none equals `scenario`.
std::vector<Edit> SmallerScenarios(const Scenario& scenario);

// The CPU's number after the edit; kNoCpu if it was dropped.
CpuId CpuAfter(const Edit& edit, CpuId cpu);

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_MINIMIZER_EDITS_H_
