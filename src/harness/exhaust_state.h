// Where an exhaustive search stopped, as a file that it can be resumed from.
#ifndef WALKRACE_HARNESS_EXHAUST_STATE_H_
#define WALKRACE_HARNESS_EXHAUST_STATE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/reduced_search.h"
#include "harness/context.h"

namespace walkrace {

struct ExhaustState {
  uint64_t fingerprint = 0;  // see FingerprintOf
  double seconds = 0;
  uint64_t known_exposed = 0;
  // Preemption bounds that are done: below this number, and the schedules that they took.
  uint32_t bounds_done = 0;
  uint64_t bounded_schedules = 0;
  // The search without a bound, where it has begun.
  uint64_t schedules = 0;
  uint64_t classes = 0;
  std::vector<SearchNode> path;
};

// Of what is searched: scenario and context, what was asked for, and the build. Another one's
// state proves nothing here.
uint64_t FingerprintOf(const Scenario& scenario, const ResolvedContext& context,
                       std::optional<uint32_t> preemptions, bool strict);

std::string PrintState(const ExhaustState& state);
// Any bytes: InvalidArgument for what PrintState never wrote.
absl::StatusOr<ExhaustState> ParseState(const std::string& text);

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_EXHAUST_STATE_H_
