// What was found on one back end must come out the same on OS threads, the one whose CPUs are real
// threads. Where it does not, walkrace is wrong, and says so.
#ifndef WALKRACE_HARNESS_CONFIRM_H_
#define WALKRACE_HARNESS_CONFIRM_H_

#include <string>

#include "harness/runner.h"

namespace walkrace {

// Replays `input`, which the last run did with the result `found`, on `on`, until a data race that
// was found is seen again, kReplaysToSeeARace times at most. Returns whether the same violation
// came at the end of the same events. The runner's back end is then as it was.
bool ConfirmLastRun(const Input& input, const RunContext& context, const Report& found,
                    Backend& on);

// What an input shows on two back ends.
struct Comparison {
  Report other, threads;  // the gravest on each
  std::string signature;  // of `threads`
  // Whether the events were the same, and what came of them: but for the chance by which
  // ThreadSanitizer misses a data race.
  bool alike;
};

// Replays `input` on `other`, then on `threads`, `repeat` times on each. The runner's back end is
// then as it was, and its last run one on `threads`.
Comparison CompareBackends(const Input& input, const RunContext& context, uint64_t repeat,
                           Backend& other, Backend& threads);

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_CONFIRM_H_
