// A strategy that goes through the schedules of one program and knows when it is through. Its
// owner runs the program again and again:
//   while (search.Next()) search.EndRun(engine.Run(search, ...), violated);
// Same program, same state at the start of each run. All hold for sequential consistency alone, but
// for WeakSearch, which holds for the other memory models alone.
#ifndef WALKRACE_ENGINE_EXHAUSTIVE_SEARCH_H_
#define WALKRACE_ENGINE_EXHAUSTIVE_SEARCH_H_

#include <cstdint>

#include "engine/engine.h"
#include "engine/step_footprints.h"
#include "engine/step_order.h"
#include "engine/strategy.h"
#include "engine/unseen.h"

namespace walkrace {

// Whether the CPU that took the last step of a run came to its end with it.
inline bool EndedWithLastStep(const RunResult& result, CpuId cpu) {
  return result.outcome == Outcome::kFinished ||
         (result.outcome == Outcome::kDeadlock && (result.waiting >> cpu & 1) == 0);
}

class ExhaustiveSearch : public Strategy {
 public:
  // Returns whether there is a schedule left to run.
  virtual bool Next() = 0;
  // `violated`: the run was cut short by a verdict. What comes before that verdict is searched on.
  virtual void EndRun(const RunResult& result, bool violated) = 0;

  // Of the run that has just ended: whether it went to an end of its own (or to a verdict), and was
  // not cut short because what was to come had been covered.
  virtual bool whole() const = 0;
  // The steps of that run. REQUIRES: it was whole; not of a WeakSearch.
  const StepOrder& order() const { return order_; }

  // Schedules run, and those of them that were whole, each of another class where the search says
  // so.
  uint64_t schedules() const { return schedules_; }
  uint64_t classes() const { return classes_; }
  // How much of the search is done, as far as it can be told now: in [0, 1], and no promise.
  virtual double Covered() const = 0;

  CpuId Pick(const Choice& choice) final {
    const Unseen unseen;
    return PickNext(choice);
  }

 protected:
  ExhaustiveSearch(Engine& engine, StepFootprints& footprints)
      : engine_(engine), footprints_(footprints) {}

  virtual CpuId PickNext(const Choice& choice) = 0;

  Engine& engine_;
  StepFootprints& footprints_;
  StepOrder order_;
  uint64_t schedules_ = 0;
  uint64_t classes_ = 0;
};

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_EXHAUSTIVE_SEARCH_H_
