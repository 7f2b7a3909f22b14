// Counts distinct 64-bit values in bounded memory: exactly up to kExactMax, then an estimate
// (linear counting: Whang, Vander-Zanden, Taylor, 1990; about 0.1 % off at a million).
#ifndef WALKRACE_HARNESS_DISTINCT_COUNTER_H_
#define WALKRACE_HARNESS_DISTINCT_COUNTER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace walkrace {

class DistinctCounter {
 public:
  static constexpr size_t kExactMax = 1 << 15;

  DistinctCounter();
  void Add(uint64_t value);
  uint64_t Count() const;

 private:
  static constexpr size_t kSlots = kExactMax * 2;
  static constexpr size_t kBits = size_t{1} << 23;

  size_t exact_count_ = 0;
  size_t bits_set_ = 0;
  std::vector<uint64_t> slots_;  // open addressing; 0: empty
  std::vector<uint64_t> bits_;
};

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_DISTINCT_COUNTER_H_
