// A set of the writes of a run, by their numbers.
#ifndef WALKRACE_ENGINE_WRITE_SET_H_
#define WALKRACE_ENGINE_WRITE_SET_H_

#include <cstdint>

namespace walkrace {

class WriteSet {
 public:
  static constexpr unsigned kWritesMax = 256;

  void Add(unsigned write) { words_[write / 64] |= uint64_t{1} << (write % 64); }
  bool Has(unsigned write) const { return (words_[write / 64] >> (write % 64) & 1) != 0; }
  void AddAll(const WriteSet& other) {
    for (unsigned i = 0; i < kWords; ++i) words_[i] |= other.words_[i];
  }
  void RemoveAll(const WriteSet& other) {
    for (unsigned i = 0; i < kWords; ++i) words_[i] &= ~other.words_[i];
  }
  void Clear() { *this = {}; }

  // Calls `function(write)` for each, in their order.
  template <typename Function>
  void ForEach(Function function) const {
    for (unsigned i = 0; i < kWords; ++i) {
      for (uint64_t rest = words_[i]; rest != 0; rest &= rest - 1) {
        function(i * 64 + static_cast<unsigned>(__builtin_ctzll(rest)));
      }
    }
  }

 private:
  static constexpr unsigned kWords = kWritesMax / 64;
  uint64_t words_[kWords] = {};
};

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_WRITE_SET_H_
