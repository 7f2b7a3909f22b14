// Sets of events and relations between events, as the axioms of a memory model are written with
// them: matrices of bits, one row an event. For at most 64 events, and fast: a checker goes
// through millions. Knows nothing of what the events are.
#ifndef WALKRACE_LITMUS_RELATION_H_
#define WALKRACE_LITMUS_RELATION_H_

#include <array>
#include <bit>
#include <cstdint>

#include "base/check.h"

namespace walkrace::litmus {

inline constexpr int kEventsMax = 64;

using EventSet = uint64_t;  // bit n: event n

constexpr EventSet OnlyEvent(int event) { return EventSet{1} << event; }
// The events 0 to count - 1. REQUIRES: 0 <= count <= 64.
constexpr EventSet FirstEvents(int count) {
  return count == kEventsMax ? ~EventSet{0} : OnlyEvent(count) - 1;
}

// Calls function(event) for each event of the set, from the lowest.
template <typename Function>
inline void ForEachEvent(EventSet set, Function function) {
  for (; set != 0; set &= set - 1) function(std::countr_zero(set));
}

// A relation on the events 0 to size - 1. The operators take two relations of the same size.
class Relation {
 public:
  explicit Relation(int size = 0) : size_(size) {
    WR_CHECK(size >= 0 && size <= kEventsMax);
    for (int i = 0; i < size; ++i) rows_[i] = 0;
  }
  Relation(const Relation& other) : size_(other.size_) { CopyRows(other); }
  Relation& operator=(const Relation& other) {
    size_ = other.size_;
    CopyRows(other);
    return *this;
  }

  static Relation Identity(int size, EventSet set = ~EventSet{0}) {
    Relation result(size);
    for (int i = 0; i < size; ++i) result.rows_[i] = set & OnlyEvent(i);
    return result;
  }
  // All pairs of an event of `from` and one of `to`.
  static Relation Product(int size, EventSet from, EventSet to) {
    Relation result(size);
    to &= FirstEvents(size);
    for (int i = 0; i < size; ++i) result.rows_[i] = (from & OnlyEvent(i)) != 0 ? to : 0;
    return result;
  }

  int size() const { return size_; }
  EventSet row(int from) const { return rows_[from]; }
  bool Has(int from, int to) const { return (rows_[from] & OnlyEvent(to)) != 0; }
  void Add(int from, int to) { rows_[from] |= OnlyEvent(to); }
  void AddRow(int from, EventSet to) { rows_[from] |= to; }
  void SetRow(int from, EventSet to) { rows_[from] = to; }

  bool Empty() const {
    EventSet any = 0;
    for (int i = 0; i < size_; ++i) any |= rows_[i];
    return any == 0;
  }

  Relation& operator|=(const Relation& other) {
    for (int i = 0; i < size_; ++i) rows_[i] |= other.rows_[i];
    return *this;
  }
  Relation& operator&=(const Relation& other) {
    for (int i = 0; i < size_; ++i) rows_[i] &= other.rows_[i];
    return *this;
  }
  Relation& operator-=(const Relation& other) {
    for (int i = 0; i < size_; ++i) rows_[i] &= ~other.rows_[i];
    return *this;
  }
  friend Relation operator|(Relation a, const Relation& b) { return a |= b; }
  friend Relation operator&(Relation a, const Relation& b) { return a &= b; }
  friend Relation operator-(Relation a, const Relation& b) { return a -= b; }
  friend bool operator==(const Relation& a, const Relation& b) {
    if (a.size_ != b.size_) return false;
    for (int i = 0; i < a.size_; ++i) {
      if (a.rows_[i] != b.rows_[i]) return false;
    }
    return true;
  }

  // Those pairs that start in the set, those that end in it.
  Relation From(EventSet set) const {
    Relation result(*this);
    for (int i = 0; i < size_; ++i) {
      if ((set & OnlyEvent(i)) == 0) result.rows_[i] = 0;
    }
    return result;
  }
  Relation To(EventSet set) const {
    Relation result(*this);
    for (int i = 0; i < size_; ++i) result.rows_[i] &= set;
    return result;
  }
  Relation Within(EventSet set) const { return From(set).To(set); }

  // a.Then(b) has (x, z) where a has (x, y) and b has (y, z): cat's `a ; b`.
  Relation Then(const Relation& next) const {
    Relation result(size_);
    for (int i = 0; i < size_; ++i) {
      EventSet to = 0;
      ForEachEvent(rows_[i], [&](int middle) { to |= next.rows_[middle]; });
      result.rows_[i] = to;
    }
    return result;
  }
  Relation Inverse() const {
    Relation result(size_);
    for (int i = 0; i < size_; ++i) {
      ForEachEvent(rows_[i], [&](int to) { result.rows_[to] |= OnlyEvent(i); });
    }
    return result;
  }
  // cat's `r?`.
  Relation OrSelf() const {
    Relation result(*this);
    for (int i = 0; i < size_; ++i) result.rows_[i] |= OnlyEvent(i);
    return result;
  }
  Relation WithoutSelf() const {
    Relation result(*this);
    for (int i = 0; i < size_; ++i) result.rows_[i] &= ~OnlyEvent(i);
    return result;
  }
  // The transitive closure, cat's `r+`; and `r*`.
  Relation Closure() const {
    Relation result(*this);
    for (int middle = 0; middle < size_; ++middle) {
      const EventSet from_middle = result.rows_[middle];
      if (from_middle == 0) continue;
      for (int i = 0; i < size_; ++i) {
        if ((result.rows_[i] & OnlyEvent(middle)) != 0) result.rows_[i] |= from_middle;
      }
    }
    return result;
  }
  Relation ClosureOrSelf() const { return Closure().OrSelf(); }

  EventSet Domain() const {
    EventSet result = 0;
    for (int i = 0; i < size_; ++i) {
      if (rows_[i] != 0) result |= OnlyEvent(i);
    }
    return result;
  }
  EventSet Range() const {
    EventSet result = 0;
    for (int i = 0; i < size_; ++i) result |= rows_[i];
    return result;
  }

  bool Irreflexive() const {
    for (int i = 0; i < size_; ++i) {
      if (Has(i, i)) return false;
    }
    return true;
  }
  // Takes events away that have no successor left; what cannot be taken away is in or before a
  // cycle. From the highest: program order points upwards.
  bool Acyclic() const {
    EventSet left = FirstEvents(size_);
    for (;;) {
      const EventSet before = left;
      for (int i = size_ - 1; i >= 0; --i) {
        if ((left & OnlyEvent(i)) != 0 && (rows_[i] & left) == 0) left &= ~OnlyEvent(i);
      }
      if (left == 0) return true;
      if (left == before) return false;
    }
  }

 private:
  void CopyRows(const Relation& other) {
    for (int i = 0; i < size_; ++i) rows_[i] = other.rows_[i];
  }

  int size_;
  std::array<EventSet, kEventsMax> rows_;  // those from size_ on are not set
};

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_RELATION_H_
