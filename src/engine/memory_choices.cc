#include "engine/memory_choices.h"

#include "engine/schedule.h"

namespace walkrace {
namespace {

// Never for one schedule in four; else 1/2, 1/4 or 1/8.
uint32_t DrawOneIn(Random& random) {
  const uint32_t shift = random.Below(4);
  return shift == 0 ? 0 : 1u << shift;
}

}  // namespace

void RandomMemoryChoices::Begin(int /*cpu_count*/, uint64_t seed) {
  // Not the numbers that the strategy draws.
  random_ = Random(seed ^ 0x9e3779b97f4a7c15u);
  old_one_in_ = DrawOneIn(random_);
  late_one_in_ = DrawOneIn(random_);
}

// One or two writes back: few locations have more of them that are still readable.
int RandomMemoryChoices::Age(CpuId /*cpu*/, uint16_t /*number*/) {
  if (old_one_in_ == 0 || !random_.OneIn(old_one_in_)) return 0;
  return random_.OneIn(4) ? 1 + static_cast<int>(random_.Below(3)) : 1;
}

int RandomMemoryChoices::Delay(CpuId /*cpu*/, uint16_t /*number*/) {
  if (late_one_in_ == 0 || !random_.OneIn(late_one_in_)) return 0;
  return 1 + static_cast<int>(random_.Below(random_.OneIn(4) ? kAmountMax : 4));
}

}  // namespace walkrace
