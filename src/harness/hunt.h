// Search loops over schedules: one process, one scenario at a time, until a violation, a bound or
// Ctrl-C.
#ifndef WALKRACE_HARNESS_HUNT_H_
#define WALKRACE_HARNESS_HUNT_H_

#include <cstdint>
#include <functional>
#include <string>

#include "harness/context.h"
#include "harness/known_exposures.h"
#include "harness/runner.h"

namespace walkrace {

struct HuntOptions {
  ResolvedContext context;
  const StrategyRow* strategy;
  StrategyOptions strategy_options;
  uint64_t seed = 1;
  uint64_t schedules_max = UINT64_MAX;
  double seconds_max = 1e18;
  // Null: a new small scenario is drawn every kSchedulesPerScenario schedules.
  const Scenario* scenario = nullptr;
  // Known exposures of the profile end the hunt like any violation; else they are counted.
  bool strict = false;
  // What is found on another back end than this one is confirmed on it.
  Backend* confirm_on = &OsThreads();
  // Called about every two seconds, or null.
  std::function<void(uint64_t schedules, double seconds)> progress;
};

inline constexpr uint64_t kSchedulesPerScenario = 100;

// Takes the place of an oracle's name for what OS threads do not show.
inline constexpr char kUnconfirmed[] = "unconfirmed";

struct HuntResult {
  Report report;          // of the last run: the violating one, if any
  WalkFile file;          // the same as a file; only where there is a violation
  std::string signature;  // of the violation
  uint64_t schedules = 0;
  uint64_t first_violation_at = 0;          // 1-based; 0: none
  bool asked = false;                       // whether it had to be confirmed
  bool confirmed = true;                    // false: a defect of walkrace
  uint64_t known_exposed = 0;               // violations that are known exposures of the profile
  const KnownExposure* exposure = nullptr;  // the last of them
  uint64_t events = 0;                      // steps over all runs
  uint64_t hand_overs = 0;
  uint64_t distinct_traces = 0;  // see DistinctCounter
  double seconds = 0;
  bool interrupted = false;

  // REQUIRES: first_violation_at is not 0.
  const char* found() const { return confirmed ? report.violation.oracle : kUnconfirmed; }
};

// The seed and the index of a schedule decide it: the same options give the same result.
HuntResult Hunt(const HuntOptions& options);

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_HUNT_H_
