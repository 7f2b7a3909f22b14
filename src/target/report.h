// A violation of a target as one block that a person can paste.
#ifndef WALKRACE_TARGET_REPORT_H_
#define WALKRACE_TARGET_REPORT_H_

#include <string>

#include "target/runner.h"

namespace walkrace {

// The text form and the trace. REQUIRES: the runner's last run was of `input`, and gave `verdict`.
std::string ReportTarget(TargetRunner& runner, const TargetInput& input,
                         const TargetVerdict& verdict);

}  // namespace walkrace

#endif  // WALKRACE_TARGET_REPORT_H_
