// Choices of a weak memory model by chance, for searches.
#ifndef WALKRACE_ENGINE_MEMORY_CHOICES_H_
#define WALKRACE_ENGINE_MEMORY_CHOICES_H_

#include "base/random.h"
#include "engine/memory_model.h"

namespace walkrace {

// Old reads and late stores, each with a probability that is drawn anew for each schedule: from
// none at all, which is sequential consistency, to every other one.
class RandomMemoryChoices final : public MemoryChoices {
 public:
  void Begin(int cpu_count, uint64_t seed) override;
  int Age(CpuId cpu, uint16_t number) override;
  int Delay(CpuId cpu, uint16_t number) override;

 private:
  Random random_{0};
  uint32_t old_one_in_ = 0;  // 0: never
  uint32_t late_one_in_ = 0;
};

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_MEMORY_CHOICES_H_
