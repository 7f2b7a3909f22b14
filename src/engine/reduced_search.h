// Every class of schedules once: stateless model checking with dynamic partial-order reduction and
// sleep sets. After Abdulla, Aronis, Jonsson, Sagonas, "Source sets: a foundation for optimal
// dynamic partial order reduction", JACM 64(4), 2017: their source sets, not their wakeup trees.
// No two whole runs are of one class, and some runs end early, when all that could follow is
// covered by others (sleep-set blocked): it claims no optimality, and counts them.
//
// Deviations, all of them because a step here is an event together with what its CPU does until the
// next one, so that what a step touches may depend on what it read (their step has one object,
// known beforehand, and disables nobody):
// - For a race of steps e and f, what is tried before e is a first step of what f depends on beside
//   e; only where that is nothing, f's own CPU. (They allow any first step of what is independent
//   of e.)
// - f's CPU is tried under the prediction that it touches no more than f did. Where it does, every
//   CPU that can run is tried there.
// - A step that waited for a lock races with each taking of that lock since its CPU's last step,
//   whatever lies between. One that waited for anything else, or took an interrupt: every CPU that
//   can run is tried before each step that it conflicts with.
// - A run that was cut by a verdict: every CPU that can run is tried before its last step.
// Why this is sound: README.md. Tested against plain enumeration.
#ifndef WALKRACE_ENGINE_REDUCED_SEARCH_H_
#define WALKRACE_ENGINE_REDUCED_SEARCH_H_

#include <vector>

#include "engine/exhaustive_search.h"

namespace walkrace {

// The state before a step of the present run.
struct SearchNode {
  // A step from it: who did it, and what it touched.
  struct Branch {
    CpuId cpu;
    Footprint footprint;
  };

  CpuMask runnable;
  CpuMask waiting;  // not finished, and not runnable
  CpuMask to_try;   // the source set, as far as it is known
  CpuMask asleep;   // who is in `sleep`
  CpuId chosen;
  // Whose step need not be tried here: tried already, or before, with nothing since that conflicts
  // with it.
  std::vector<Branch> sleep;
  // What the steps that are to be tried were taken to touch.
  std::vector<Branch> predicted;
};

class ReducedSearch final : public ExhaustiveSearch {
 public:
  ReducedSearch(Engine& engine, StepFootprints& footprints)
      : ExhaustiveSearch(engine, footprints) {}

  bool Next() override { return !done_; }
  void EndRun(const RunResult& result, bool violated) override;
  bool whole() const override { return !blocked_; }
  double Covered() const override;

  // Where the search is between two runs, and to go on from there with another one.
  std::vector<SearchNode> Path() const;
  void Resume(const std::vector<SearchNode>& path, uint64_t schedules, uint64_t classes);
  // Whether what it was to go on from is no path of this program. It is of no use then.
  bool stale() const { return stale_; }

  void Begin(int cpu_count, uint64_t seed) override;

 protected:
  CpuId PickNext(const Choice& choice) override;

 private:
  using Branch = SearchNode::Branch;
  using Node = SearchNode;

  void EndStep(bool ended);
  CpuId Choose(const Choice& choice, Node& node) const;
  void MakeNode(const Choice& choice);
  void CheckPrediction(size_t position);
  void FindRaces(size_t position);
  void FindRacesForLock(CpuId cpu, LocationId lock, LockKind kind, size_t position,
                        const Clock& known, const Footprint& footprint);
  bool IsSharedSince(size_t position, LocationId lock, CpuId cpu) const;
  void FindRacesOfWaiting(CpuId cpu, const Waiting& waiting, size_t position, const Clock& known);
  void FindRacesOfThoseThatWait(CpuMask cpus);
  CpuMask WaitingCpus(const Choice& choice) const;
  void TryAllBeforeConflicts(CpuId cpu, const Footprint& footprint, size_t position,
                             const Clock& known);
  // CPU `cpu`, which comes after `past`, is to go before the step at `position`, which is not in
  // `past`. `footprint`: of the step that it did later.
  void Reverse(size_t position, CpuId cpu, const Clock& past, const Footprint& footprint);
  void TryAll(size_t position) { nodes_[position].to_try |= nodes_[position].runnable; }
  void Advance();

  bool done_ = false;
  bool blocked_ = false;
  bool stale_ = false;
  size_t first_fresh_ = 0;   // steps before it are those of the run before
  size_t position_ = 0;      // steps chosen so far
  size_t next_size_ = 0;     // of the order, when the next run begins
  std::vector<Node> nodes_;  // those behind the present run keep their storage
  size_t node_count_ = 0;
};

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_REDUCED_SEARCH_H_
