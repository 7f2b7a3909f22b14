// A vector of bounded capacity that never allocates. For uninstrumented code only. Overflow is
// the caller's to handle: push_back returns false, and nothing is dropped silently.
#ifndef WALKRACE_BASE_FIXED_VECTOR_H_
#define WALKRACE_BASE_FIXED_VECTOR_H_

#include <cstddef>

#include "base/check.h"

namespace walkrace {

template <typename T, size_t kCapacity>
class FixedVector {
 public:
  using value_type = T;

  // Returns false, and changes nothing, when the vector is full.
  [[nodiscard]] bool push_back(const T& value) {
    if (size_ == kCapacity) return false;
    items_[size_++] = value;
    return true;
  }

  // REQUIRES: index <= size(). Returns false when the vector is full.
  [[nodiscard]] bool insert(size_t index, const T& value) {
    WR_CHECK(index <= size_);
    if (size_ == kCapacity) return false;
    for (size_t i = size_; i > index; --i) items_[i] = items_[i - 1];
    items_[index] = value;
    ++size_;
    return true;
  }

  // REQUIRES: index < size().
  void erase(size_t index) {
    WR_CHECK(index < size_);
    for (size_t i = index + 1; i < size_; ++i) items_[i - 1] = items_[i];
    --size_;
  }

  void pop_back() {
    WR_CHECK(size_ > 0);
    --size_;
  }
  void clear() { size_ = 0; }
  // REQUIRES: size <= this->size().
  void truncate(size_t size) {
    WR_CHECK(size <= size_);
    size_ = size;
  }

  T& operator[](size_t index) {
    WR_CHECK(index < size_);
    return items_[index];
  }
  const T& operator[](size_t index) const {
    WR_CHECK(index < size_);
    return items_[index];
  }
  T& back() { return (*this)[size_ - 1]; }
  const T& back() const { return (*this)[size_ - 1]; }

  T* begin() { return items_; }
  T* end() { return items_ + size_; }
  const T* begin() const { return items_; }
  const T* end() const { return items_ + size_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool full() const { return size_ == kCapacity; }
  static constexpr size_t capacity() { return kCapacity; }

  friend bool operator==(const FixedVector& a, const FixedVector& b) {
    if (a.size_ != b.size_) return false;
    for (size_t i = 0; i < a.size_; ++i) {
      if (!(a.items_[i] == b.items_[i])) return false;
    }
    return true;
  }

 private:
  size_t size_ = 0;
  T items_[kCapacity] = {};
};

}  // namespace walkrace

#endif  // WALKRACE_BASE_FIXED_VECTOR_H_
