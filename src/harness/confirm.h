// What was found on one back end must come out the same on OS threads, the one whose CPUs are real
// threads. Where it does not, walkrace is wrong, and says so.
#ifndef WALKRACE_HARNESS_CONFIRM_H_
#define WALKRACE_HARNESS_CONFIRM_H_

#include "harness/runner.h"

namespace walkrace {

// Replays `input`, which the last run did with the result `found`, on `on`, until a data race that
// was found is seen again, kReplaysToSeeARace times at most. Returns whether the same violation
// came at the end of the same events. The runner's back end is then as it was.
bool ConfirmLastRun(const Input& input, const RunContext& context, const Report& found,
                    Backend& on);

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_CONFIRM_H_
