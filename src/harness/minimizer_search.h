// Looks for a schedule under which a scenario violates one oracle. Private to the minimiser.
#ifndef WALKRACE_HARNESS_MINIMIZER_SEARCH_H_
#define WALKRACE_HARNESS_MINIMIZER_SEARCH_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/runner.h"

namespace walkrace {

// An entry of a schedule told by what the CPU was about to do, so that it can be found again in a
// scenario with fewer events: "the n-th event of CPU `cpu` at this place of the code".
struct Landmark {
  uint8_t cpu;
  uint8_t to;
  const wr_site* site;  // null: the start of the run
  LocationId location;
  uint16_t occurrence;          // from 1 on, counting events with this site and location
  uint16_t occurrence_of_site;  // counting events with this site
  EntryKind kind = EntryKind::kPreempt;
  uint8_t amount = 0;
};

// Event numbers of one operation: [first, end).
struct EventRange {
  uint16_t first = 0;
  uint16_t end = 0;
};

class ScheduleSearch {
 public:
  ScheduleSearch(const RunContext& context, std::string oracle);

  // Called after each run; once it returns true every search gives up.
  void set_after_run(std::function<bool()> after_run) { after_run_ = std::move(after_run); }

  // Each returns whether the oracle was violated. If so, schedule() and report() are of that run.
  // Replay and Follow run again what ThreadSanitizer may have missed by chance.
  bool Replay(const Scenario& scenario, const Schedule& schedule);
  bool Follow(const Scenario& scenario, const std::vector<Landmark>& landmarks, bool by_location);
  // Every schedule with at most `preemptions_max` entries, fewest first, within `runs_max` runs.
  bool Bounded(const Scenario& scenario, int preemptions_max, uint64_t runs_max);
  // Random walks and probabilistic schedules, with the same seeds each time.
  bool Random(const Scenario& scenario, uint64_t runs_max);

  const Schedule& schedule() const { return schedule_; }
  const Report& report() const { return report_; }
  uint64_t runs() const { return runs_; }
  uint64_t steps() const { return steps_; }
  bool stopped() const { return stopped_; }

  // Of the last run:
  std::vector<Landmark> LandmarksOfLastRun() const;
  EventRange RangeOfLastRun(CpuId cpu, int operation) const;

 private:
  bool Run(const Scenario& scenario, Strategy& strategy, uint64_t seed, int runs_max);
  bool ReplayOnce(const Scenario& scenario, const Schedule& schedule);
  bool RunUntilSeen(const Scenario& scenario, Strategy& strategy, uint64_t seed, int runs_max);
  Report RunOnce(const Scenario& scenario, Strategy& strategy, uint64_t seed);
  bool Extend(const Scenario& scenario, Schedule& prefix, size_t from_event, int more,
              uint64_t runs_end);

  const RunContext context_;
  const std::string oracle_;
  std::function<bool()> after_run_;
  bool stopped_ = false;
  uint64_t runs_ = 0;
  uint64_t steps_ = 0;  // of all runs
  Report report_;
  Schedule schedule_;
  ScheduleStrategy replay_;
  std::unique_ptr<Strategy> random_ = MakeRandomStrategy();
  std::unique_ptr<Strategy> pct_;
};

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_MINIMIZER_SEARCH_H_
