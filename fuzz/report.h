// What a target prints before it aborts: one block that a person can paste into a mail.
#ifndef WALKRACE_FUZZ_REPORT_H_
#define WALKRACE_FUZZ_REPORT_H_

#include "harness/context.h"
#include "harness/runner.h"

namespace walkrace {

// Prints the violation, the schedule in .walk form and the commands to replay and to minimise it
// to stderr. REQUIRES: `runner`'s last run was of `scenario` in `context`, and gave `report`.
void PrintReport(const Runner& runner, const Scenario& scenario, const ResolvedContext& context,
                 const Report& report);

}  // namespace walkrace

#endif  // WALKRACE_FUZZ_REPORT_H_
