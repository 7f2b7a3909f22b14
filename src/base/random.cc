#include "base/random.h"

namespace walkrace {

uint64_t SplitSeed(uint64_t seed, uint64_t index) {
  return Random::Mix(Random::Mix(seed + Random::kGolden) ^ (index * Random::kGolden + 1));
}

}  // namespace walkrace
