// Every schedule of at most so many exceptions under a weak memory model: hand-overs away from a
// CPU that could go on, loads of older values and stores that take effect late, each of them one.
// Who goes on where a CPU waits or ends is free, as in BoundedSearch. Old loads read any value that
// the model lets them; late stores are tried with the delays of kDelays alone.
// Depth first, by running the program again, from the default order outwards. The one reduction:
// where no run let a store wait until its time was up, since something committed it before, a
// longer delay would show the same runs. Equivalent schedules are not told apart: classes() counts
// schedules.
#ifndef WALKRACE_ENGINE_WEAK_SEARCH_H_
#define WALKRACE_ENGINE_WEAK_SEARCH_H_

#include <vector>

#include "engine/exhaustive_search.h"
#include "engine/memory_model.h"

namespace walkrace {

class WeakSearch final : public ExhaustiveSearch, MemoryChoices {
 public:
  // In further events of its CPU. With 1, nothing of its own goes before the store: what it issues
  // and what takes effect are two steps.
  static constexpr int kDelays[] = {1, 2, 3, 4, 8, 16};

  // REQUIRES: engine.memory() is a weak model whenever this is run.
  WeakSearch(Engine& engine, StepFootprints& footprints, uint32_t exceptions_max)
      : ExhaustiveSearch(engine, footprints), exceptions_max_(exceptions_max) {}

  bool Next() override { return !done_; }
  void EndRun(const RunResult& result, bool violated) override;
  bool whole() const override { return true; }
  double Covered() const override;
  MemoryChoices* memory_choices() override { return this; }

  // Whether the bound left anything out so far. Where the search is done and it did not, every
  // schedule is covered: with the delays of kDelays, and loads of at most kAmountMax writes back.
  bool left_out() const { return left_out_; }

  void Begin(int cpu_count, uint64_t seed) override;

 protected:
  CpuId PickNext(const Choice& choice) override;

 private:
  struct Node {
    EntryKind kind;
    bool was_due;         // kLate: in some run with this delay, the store had waited until then
    bool costs;           // to take what is not the default
    uint8_t chosen;       // kPreempt: the CPU; kOld: the age; kLate: the delay
    uint8_t by_default;   // which of them the default order takes
    uint8_t tried, all;   // choices
    CpuMask to_try;       // kPreempt: CPUs; kOld: bit n: age n; kLate: bit n: kDelays[n]
    CpuId cpu;            // kLate: whose store
    uint16_t due;         // kLate: at which of its events
    uint32_t exceptions;  // before this choice
  };

  int Age(CpuId cpu, uint16_t number) override;
  int Delay(CpuId cpu, uint16_t number) override;
  void OnDue(CpuId cpu, uint16_t due) override;

  static uint32_t ExceptionsAfter(const Node& node);
  uint32_t ExceptionsNow() const;
  Node& Take(const Node& fresh);
  static void TakeNext(Node& node);

  const uint32_t exceptions_max_;
  bool done_ = false;
  bool left_out_ = false;
  size_t position_ = 0;
  std::vector<Node> nodes_;
};

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_WEAK_SEARCH_H_
