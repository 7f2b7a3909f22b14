// Every schedule of one scenario, up to equivalence: a bounded proof. First the schedules of few
// preemptions, bound by bound, for as long as that is cheap: what is wrong shows there soonest, and
// with the fewest preemptions. Then all, by partial-order reduction. Or, where a number of
// preemptions is asked for, all schedules up to that number.
// Under a weak memory model each old load and each late store counts as a preemption does, and
// there is no search of all by reduction: it goes on bound by bound until one leaves nothing out.
#ifndef WALKRACE_HARNESS_EXHAUST_H_
#define WALKRACE_HARNESS_EXHAUST_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "engine/bounded_search.h"
#include "engine/reduced_search.h"
#include "engine/weak_search.h"
#include "harness/context.h"
#include "harness/exhaust_state.h"
#include "harness/known_exposures.h"
#include "harness/runner.h"

namespace walkrace {

struct ExhaustProgress {
  std::optional<uint32_t> bound;  // at work on; none: on all schedules
  uint64_t schedules, classes;
  double covered;  // in [0, 1]: a guess
  double seconds;  // in all
};

struct ExhaustOptions {
  ResolvedContext context;
  Scenario scenario;
  std::optional<uint32_t> preemptions;  // none: all; under weak memory: of exceptions
  double seconds_max = 1e18;
  bool strict = false;  // as HuntOptions
  Backend* confirm_on = &OsThreads();
  // Where an earlier search stopped, or null. REQUIRES: null under weak memory.
  const ExhaustState* resumed = nullptr;
  // Called about every two seconds, or null.
  std::function<void(const ExhaustProgress&)> progress;
  // Called every minute or so with where the search is, or null. Never under weak memory.
  std::function<void(const ExhaustState&)> keep;
};

enum class ExhaustEnd : uint8_t {
  kComplete,  // every schedule is covered; under weak memory: as far as WeakSearch tries delays
  kBounded,   // every schedule of the preemptions, or exceptions, that were asked for
  kViolation,
  kStopped,  // by time or Ctrl-C
  kStale,    // what was resumed is of other code
};

struct ExhaustResult {
  ExhaustEnd end = ExhaustEnd::kStopped;
  Report report;  // of the violating run, or clean
  WalkFile file;  // the same as a file; only where there is a violation
  std::string signature;
  // Of the search that ended so; what came before it is in schedules_before.
  uint64_t classes = 0;
  uint64_t schedules = 0;
  uint64_t schedules_before = 0;
  double covered = 0;                     // 1 where complete
  std::optional<uint32_t> covered_bound;  // of the schedules of so many preemptions; none: of all
  std::optional<uint32_t> bound;          // the highest number of preemptions that was gone through
  // Under weak memory of both: of exceptions. There are no classes.
  uint64_t known_exposed = 0;
  const KnownExposure* exposure = nullptr;
  bool asked = false, confirmed = true;  // as HuntResult
  bool interrupted = false;
  double seconds = 0;  // with those of what was resumed
  ExhaustState state;  // where it stopped
};

// Under ThreadSanitizer a data race is a violation where it is seen, and no part of what is proved.
ExhaustResult Exhaust(const ExhaustOptions& options);

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_EXHAUST_H_
