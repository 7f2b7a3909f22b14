// Events out of the callbacks that clang inserts before loads and stores
// (-fsanitize-coverage=trace-loads,trace-stores), of code that nobody annotated. The code makes the
// access itself, after the event. Uninstrumented; accesses outside of the arena, and outside of a
// run, are none of its business.
#ifndef WALKRACE_TARGET_ACCESSES_H_
#define WALKRACE_TARGET_ACCESSES_H_

#include "engine/engine.h"

namespace walkrace {

// From now on. REQUIRES: `engine` has that arena.
void WatchAccesses(Engine* engine, const void* arena, size_t bytes);

// Passes on what another strategy chooses. Each event begins with a choice: there the value of a
// store becomes known whose event stands in the trace already.
class StoreValues final : public Strategy {
 public:
  explicit StoreValues(Strategy& chooses) : chooses_(chooses) {}

  void Begin(int cpu_count, uint64_t seed) override;
  CpuId Pick(const Choice& choice) override;
  void End(uint32_t steps) override;

 private:
  Strategy& chooses_;
};

}  // namespace walkrace

#endif  // WALKRACE_TARGET_ACCESSES_H_
