#include "harness/distinct_counter.h"

#include <cmath>

#include "base/random.h"

namespace walkrace {

DistinctCounter::DistinctCounter() : slots_(kSlots, 0), bits_(kBits / 64, 0) {}

void DistinctCounter::Add(uint64_t value) {
  const uint64_t hash = SplitSeed(value, 0) | 1;  // never 0
  const uint64_t bit = (hash >> 1) % kBits;
  uint64_t& word = bits_[bit / 64];
  bits_set_ += (word >> (bit % 64) & 1) == 0;
  word |= uint64_t{1} << (bit % 64);
  if (exact_count_ > kExactMax) return;
  size_t slot = (hash >> 32) % kSlots;
  while (slots_[slot] != 0 && slots_[slot] != hash) slot = (slot + 1) % kSlots;
  if (slots_[slot] == hash) return;
  slots_[slot] = hash;
  ++exact_count_;
}

uint64_t DistinctCounter::Count() const {
  if (exact_count_ <= kExactMax) return exact_count_;
  const double clear = static_cast<double>(kBits - bits_set_) / kBits;
  return static_cast<uint64_t>(-std::log(clear > 0 ? clear : 1.0 / kBits) * kBits);
}

}  // namespace walkrace
