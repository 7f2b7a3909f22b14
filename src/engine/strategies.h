// The strategies by name. Adding one: its own file and one row in strategies.cc.
#ifndef WALKRACE_ENGINE_STRATEGIES_H_
#define WALKRACE_ENGINE_STRATEGIES_H_

#include <cstddef>
#include <memory>

#include "engine/memory_model.h"
#include "engine/schedule.h"
#include "engine/strategy.h"

namespace walkrace {

inline constexpr int kDepthMax = 16;

struct StrategyOptions {
  // Of pct, and of delay, which delays once less: the number of ordering constraints that a bug
  // needs, from 1 to kDepthMax.
  int depth = 3;
  const Schedule* schedule = nullptr;  // of schedule, which needs it; not copied
};

struct StrategyRow {
  const char* name;
  const char* summary;
  bool has_depth;  // whether options.depth matters
  std::unique_ptr<Strategy> (*make)(const StrategyOptions& options);
};

// All of them.
const StrategyRow* StrategyRows(size_t* count);
// Those that search by themselves: each seed gives another schedule.
const StrategyRow* SearchStrategyRows(size_t* count);
// The two of them that controls and the matrix search with, so that what they find stays.
const StrategyRow* ControlStrategyRows(size_t* count);

// Returns null for an unknown name.
const StrategyRow* FindStrategy(const char* name);

// Random walk: at each decision switch with a probability that is drawn anew for each schedule.
// A fixed probability never lets one CPU get far ahead of another.
std::unique_ptr<Strategy> MakeRandomStrategy();

// Probabilistic concurrency testing: Burckhardt, Kothari, Musuvathi, Nagarakatti, "A randomized
// scheduler with probabilistic guarantees of finding bugs", ASPLOS 2010. Deviation: the number of
// steps is estimated while running (the largest of this search's recent runs: scenarios change).
std::unique_ptr<Strategy> MakePctStrategy(int depth);

// Partial order sampling: Yuan, Yang, Gu, "Partial order aware concurrency sampling", CAV 2018.
// Each event to come has a random priority, drawn anew when an event that conflicts with it is
// executed. Conflicting: one location, and not two reads of it (conflict.h).
std::unique_ptr<Strategy> MakePosStrategy();

// Selectively uniform random walk: Zhao, Wolff, Mathur, Roychoudhury, "Selectively uniform
// concurrency testing", ASPLOS 2025. The order of the interesting events is uniform over all of
// their orders, as far as their numbers are known. Interesting: the accesses to a random half of
// the objects that CPUs shared in the run before. Deviations: that run, whatever its scenario was,
// is the counting run; an event that is not interesting runs as soon as chance chooses it.
std::unique_ptr<Strategy> MakeSurwStrategy();

// Delay bounding: Emmi, Qadeer, Rakamaric, "Delay-bounded scheduling", POPL 2011. CPUs run in a
// circle, each until it cannot; a delay, at a random place, lets the next one go first. Deviations:
// sampled, not enumerated; the first CPU is drawn; a place is an access to what the run before
// shared (shared_objects.h), whatever its scenario was, or any event where that was nothing; their
// number is estimated as pct estimates steps.
std::unique_ptr<Strategy> MakeDelayStrategy(int delays);

// All of the above in turn, a schedule each; those that have a depth with it, its double and its
// triple.
std::unique_ptr<Strategy> MakePortfolioStrategy(int depth);

// Follows a schedule, then its default order. The schedule is not copied.
class ScheduleStrategy final : public Strategy {
 public:
  void set_schedule(const Schedule* schedule) { schedule_ = schedule; }

  void Begin(int cpu_count, uint64_t seed) override;
  CpuId Pick(const Choice& choice) override;
  MemoryChoices* memory_choices() override { return &memory_; }

  // Entries that took effect in the last run, by their index in the schedule: its length.
  // An entry that did not is not needed to replay the run.
  bool used(size_t index) const { return used_[index]; }

 private:
  static constexpr uint16_t kNone = UINT16_MAX;

  // The entries for weak memory.
  class ScheduledMemory final : public MemoryChoices {
   public:
    explicit ScheduledMemory(ScheduleStrategy& strategy) : strategy_(strategy) {}
    void Begin(int /*cpu_count*/, uint64_t /*seed*/) override {}
    int Age(CpuId cpu, uint16_t number) override { return Amount(EntryKind::kOld, cpu, number); }
    int Delay(CpuId cpu, uint16_t number) override { return Amount(EntryKind::kLate, cpu, number); }

   private:
    int Amount(EntryKind kind, CpuId cpu, uint16_t number);

    ScheduleStrategy& strategy_;
  };

  ScheduledMemory memory_{*this};
  uint16_t first_of_memory_[kCpusMax] = {};  // the same, of entries for weak memory
  const Schedule* schedule_ = nullptr;
  uint16_t first_[kCpusMax] = {};  // entries of a CPU, ordered by event: a linked list
  uint16_t next_[kStepsMax] = {};
  bool used_[kStepsMax] = {};
};

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_STRATEGIES_H_
