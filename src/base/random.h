// Deterministic pseudo-random numbers: splitmix64 (Steele, Lea, Flood: "Fast splittable
// pseudorandom number generators", OOPSLA 2014). One seed, one sequence, on every machine.
// For uninstrumented code only; not for secrets.
#ifndef WALKRACE_BASE_RANDOM_H_
#define WALKRACE_BASE_RANDOM_H_

#include <cstdint>

namespace walkrace {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  // Returns 64 uniform bits.
  uint64_t Next() {
    state_ += kGolden;
    return Mix(state_);
  }

  // Returns a number in [0, bound). REQUIRES: bound > 0. Bias below 2^-32 for small bounds.
  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>(((Next() >> 32) * bound) >> 32); }

  // Returns true with probability `numerator` / `denominator`.
  bool OneIn(uint32_t denominator) { return Below(denominator) == 0; }

  static constexpr uint64_t kGolden = 0x9e3779b97f4a7c15u;
  static constexpr uint64_t Mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

 private:
  uint64_t state_;
};

// Mixes a seed and an index into an independent seed (for the n-th schedule of a search).
uint64_t SplitSeed(uint64_t seed, uint64_t index);

}  // namespace walkrace

#endif  // WALKRACE_BASE_RANDOM_H_
