// 128 bits that tell sequences of numbers apart: two that differ have the same by an accident that
// nobody lives to see. Not against an adversary.
#ifndef WALKRACE_BASE_FINGERPRINT_H_
#define WALKRACE_BASE_FINGERPRINT_H_

#include <cstdint>
#include <utility>

#include "base/random.h"

namespace walkrace {

class Fingerprint {
 public:
  void Add(uint64_t number) {
    low_ = Random::Mix(low_ ^ number);
    high_ = Random::Mix((high_ ^ Random::Mix(number + Random::kGolden)) + Random::kGolden);
  }
  std::pair<uint64_t, uint64_t> value() const { return {low_, high_}; }

 private:
  uint64_t low_ = 0, high_ = Random::kGolden;
};

}  // namespace walkrace

#endif  // WALKRACE_BASE_FINGERPRINT_H_
