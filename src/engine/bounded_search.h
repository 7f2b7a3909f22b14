// Every schedule of at most so many preemptions. Iterative context bounding: Musuvathi, Qadeer,
// "Iterative context bounding for systematic testing of multithreaded programs", PLDI 2007. In the
// place of their reduction (a bound makes partial-order reduction intricate: Coons, Musuvathi,
// McKinley, OOPSLA 2013) it goes on from no two equivalent beginnings with the same CPU at work and
// no more preemptions left: equivalent beginnings lead to the same state.
// Beginnings are told apart by a hash of 128 bits.
#ifndef WALKRACE_ENGINE_BOUNDED_SEARCH_H_
#define WALKRACE_ENGINE_BOUNDED_SEARCH_H_

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/exhaustive_search.h"

namespace walkrace {

class BoundedSearch final : public ExhaustiveSearch {
 public:
  BoundedSearch(Engine& engine, StepFootprints& footprints, uint32_t preemptions_max)
      : ExhaustiveSearch(engine, footprints), preemptions_max_(preemptions_max) {}

  bool Next() override { return !done_; }
  void EndRun(const RunResult& result, bool violated) override;
  bool whole() const override { return !cut_; }
  double Covered() const override;

  // Whether the bound left anything out so far. Where the search is done and it did not, every
  // schedule is covered.
  bool left_out() const { return left_out_; }

  void Begin(int cpu_count, uint64_t seed) override;

 protected:
  CpuId PickNext(const Choice& choice) override;

 private:
  struct Node {
    CpuMask to_try;
    int tried, all;  // choices
    CpuId chosen;
    CpuId arrived;
    bool arrived_can_run;
    uint32_t preemptions;  // before this decision
  };

  struct HashOfClass {
    size_t operator()(const ClassHash& hash) const { return hash.low; }
  };

  void EndStep(bool ended);
  void MakeNode(const Choice& choice);
  uint32_t PreemptionsAfter(const Node& node) const;

  const uint32_t preemptions_max_;
  bool done_ = false;
  bool cut_ = false;
  bool left_out_ = false;
  size_t first_fresh_ = 0;
  size_t position_ = 0;
  size_t next_size_ = 0;
  std::vector<Node> nodes_;
  // By beginning and CPU at work: the fewest preemptions that it was reached with.
  std::unordered_map<ClassHash, uint32_t, HashOfClass> seen_;
  std::unordered_set<ClassHash, HashOfClass> ends_;
};

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_BOUNDED_SEARCH_H_
