#include "base/random.h"

namespace walkrace {
namespace {

uint64_t Mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

constexpr uint64_t kGolden = 0x9e3779b97f4a7c15u;

}  // namespace

uint64_t Random::Next() {
  state_ += kGolden;
  return Mix(state_);
}

uint32_t Random::Below(uint32_t bound) {
  return static_cast<uint32_t>(((Next() >> 32) * bound) >> 32);
}

uint64_t SplitSeed(uint64_t seed, uint64_t index) {
  return Mix(Mix(seed + kGolden) ^ (index * kGolden + 1));
}

}  // namespace walkrace
