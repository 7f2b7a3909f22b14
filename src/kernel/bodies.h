// Bodies of one's own, over the kernel's atomics and locks, without page tables: hunt them or
// exhaust them. How the searches are tested on textbook programs, and the shortest way to ask
// walkrace about twenty lines of lockless code:
//   uint64_t shared[2];
//   Bodies bodies(engine, shared, sizeof(shared));  // set_body: called once on each CPU
//   bodies.set_body(2, [](void*, int cpu) { ... WRITE_ONCE(shared[cpu], 1); ... }, nullptr);
//   BodiesVerdict verdict = bodies.Exhaust();
// What bodies share beside accesses of the vocabulary they must not read: no schedule would be
// tried for it.
#ifndef WALKRACE_KERNEL_BODIES_H_
#define WALKRACE_KERNEL_BODIES_H_

#include <vector>

#include "engine/engine.h"
#include "engine/exhaustive_search.h"

namespace walkrace {

// Called by a body, or by what judges the end: ends the run as a violation where it does not hold.
// `what` must outlive the search.
void Require(bool holds, const char* what);

struct BodiesVerdict {
  const char* violated = nullptr;    // what did not hold, "deadlock" or "step bound"; null: nothing
  std::vector<Preemption> schedule;  // of the first violation
  bool complete = false;             // every schedule is covered
  uint64_t schedules = 0;
  uint64_t classes = 0;     // of schedules; 0 from Hunt
  uint64_t violations = 0;  // of them, or of the schedules of a hunt
};

class Bodies {
 public:
  // `memory` is what the bodies share: as it stands now it is at the start of each run.
  // REQUIRES: 8-byte aligned; nobody else runs this engine meanwhile.
  Bodies(Engine& engine, void* memory, size_t bytes);

  void set_body(int cpu_count, Body body, void* context);
  // Called after each run in which every CPU came to its end. Null: nothing is asked there.
  void set_judge(void (*judge)(void* context)) { judge_ = judge; }

  // Runs once.
  RunResult Run(Strategy& strategy, uint64_t seed);
  const char* violated() const;  // of that run

  // Until the first violation, or all of them.
  BodiesVerdict Hunt(Strategy& strategy, uint64_t seed, uint64_t schedules);
  // Every schedule, up to equivalence. All violations are counted.
  BodiesVerdict Exhaust();
  // Every schedule of so many preemptions at most. Complete if that left nothing out.
  BodiesVerdict Exhaust(uint32_t preemptions);

 private:
  BodiesVerdict RunAll(ExhaustiveSearch& search);
  void Count(const RunResult& result, BodiesVerdict* verdict) const;

  Engine& engine_;
  void* memory_;
  std::vector<unsigned char> initial_;
  int cpu_count_ = 1;
  Body body_ = nullptr;
  void* context_ = nullptr;
  void (*judge_)(void* context) = nullptr;
  RunResult result_ = {};
};

}  // namespace walkrace

#endif  // WALKRACE_KERNEL_BODIES_H_
