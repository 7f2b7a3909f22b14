// Many replays of one input, and whether they were alike. Runs of one input have one trace, but for
// one thing: ThreadSanitizer keeps four accesses of a word and evicts one by chance when a fifth
// comes, so that it may miss in one run the race that it reports, and so ends the run, in another.
#ifndef WALKRACE_HARNESS_REPLAYS_H_
#define WALKRACE_HARNESS_REPLAYS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "harness/distinct_counter.h"
#include "harness/runner.h"

namespace walkrace {

inline constexpr int kReplaysToSeeARace = 20;

bool IsDataRace(const Report& report);

// Whether ThreadSanitizer may have missed what was looked for: a run that does not show `oracle`,
// and might, were it done again. An empty oracle: any violation is looked for.
bool MissedByChance(const Report& report, const std::string& oracle);

// Replays what was found by `oracle`, or by whatever shows it where that is empty: once, and where
// ThreadSanitizer may have missed it, until it is seen, kReplaysToSeeARace times at most. What
// walkrace itself sees never varies.
Report ReplayFound(const Input& input, const RunContext& context, const std::string& oracle);

class ReplayTally {
 public:
  // Takes the run that `engine` did last, which gave `report`.
  void Add(const Engine& engine, const Report& report);

  uint64_t replays() const { return replays_; }
  // The first of the gravest: an invariant before a data race before clean.
  const Report& report() const { return report_; }
  const std::string& signature() const { return signature_; }
  // How many ended as report() did.
  uint64_t ended_like_report() const { return like_report_; }
  uint64_t races() const { return races_; }
  uint64_t first_violation_at() const { return first_violation_at_; }  // 1-based; 0: none
  // Of runs that were cut short by a data race, as far as they came.
  uint64_t distinct_traces() const { return traces_.Count(); }
  // Whether nothing but the chance of ThreadSanitizer made them differ.
  bool alike() const { return alike_; }

 private:
  bool IsAlike(const Engine& engine, const Report& report) const;

  uint64_t replays_ = 0;
  Report report_ = {};
  std::string signature_;
  uint64_t like_report_ = 0;
  uint64_t races_ = 0;
  uint64_t first_violation_at_ = 0;
  bool alike_ = true;
  DistinctCounter traces_;
  uint64_t first_hash_ = 0;
  // The run that came farthest.
  std::vector<Event> events_;
  Report farthest_ = {};
};

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_REPLAYS_H_
