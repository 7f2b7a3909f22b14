// The strategies by name. Adding one: its own file and one row in strategies.cc.
#ifndef WALKRACE_ENGINE_STRATEGIES_H_
#define WALKRACE_ENGINE_STRATEGIES_H_

#include <cstddef>
#include <memory>

#include "engine/schedule.h"
#include "engine/strategy.h"

namespace walkrace {

struct StrategyOptions {
  int depth = 3;  // of pct: the number of ordering constraints that a bug needs, at least 1
  const Schedule* schedule = nullptr;  // of schedule, which needs it; not copied
};

struct StrategyRow {
  const char* name;
  const char* summary;
  std::unique_ptr<Strategy> (*make)(const StrategyOptions& options);
};

// All of them.
const StrategyRow* StrategyRows(size_t* count);
// Those that search by themselves: each seed gives another schedule.
const StrategyRow* SearchStrategyRows(size_t* count);

// Returns null for an unknown name.
const StrategyRow* FindStrategy(const char* name);

// Random walk: at each decision switch with a probability that is drawn anew for each schedule.
// A fixed probability never lets one CPU get far ahead of another.
std::unique_ptr<Strategy> MakeRandomStrategy();

// Probabilistic concurrency testing: Burckhardt, Kothari, Musuvathi, Nagarakatti, "A randomized
// scheduler with probabilistic guarantees of finding bugs", ASPLOS 2010. Deviation: the number of
// steps is estimated while running (the largest of this search's recent runs: scenarios change).
std::unique_ptr<Strategy> MakePctStrategy(int depth);

// Follows a schedule, then its default order. The schedule is not copied.
class ScheduleStrategy final : public Strategy {
 public:
  void set_schedule(const Schedule* schedule) { schedule_ = schedule; }

  void Begin(int cpu_count, uint64_t seed) override;
  CpuId Pick(const Choice& choice) override;

  // Entries that took effect in the last run, by their index in the schedule: its length.
  // An entry that did not is not needed to replay the run.
  bool used(size_t index) const { return used_[index]; }

 private:
  static constexpr uint16_t kNone = UINT16_MAX;

  const Schedule* schedule_ = nullptr;
  uint16_t first_[kCpusMax] = {};  // entries of a CPU, ordered by event: a linked list
  uint16_t next_[kStepsMax] = {};
  bool used_[kStepsMax] = {};
};

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_STRATEGIES_H_
