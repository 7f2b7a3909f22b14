// Whether a candidate is sequentially consistent.
#include "litmus/lkmm_axioms.h"

namespace walkrace::litmus {

// For each pair of a grace period and a read-side section: either the period began before the
// section, or the section ended before the period did. `pair` numbers those still to decide.
// The end of the n-th grace period is event size_ + n.
bool LkmmAxioms::Serializes(const Relation& order, size_t pair) const {
  if (!order.Acyclic()) return false;
  const size_t section_count = rcu_sections_.size();
  if (pair == section_count * std::popcount(synchronize_rcu_)) return true;
  const auto [lock, unlock] = rcu_sections_[pair % section_count];
  const int number = static_cast<int>(pair / section_count);
  int start = -1, n = 0;
  ForEachEvent(synchronize_rcu_, [&](int event) {
    if (n++ == number) start = event;
  });
  Relation ended = order;
  ended.Add(unlock, size_ + number);
  if (Serializes(ended, pair + 1)) return true;
  Relation began = order;
  began.Add(start, lock);
  return Serializes(began, pair + 1);
}

bool LkmmAxioms::SequentiallyConsistent(const Candidate& candidate) const {
  const Relation order = po_ | candidate.rf | candidate.co | candidate.fr;
  if (synchronize_rcu_ == 0) return order.Acyclic();
  Relation with_ends(size_ + std::popcount(synchronize_rcu_));
  for (int i = 0; i < size_; ++i) with_ends.SetRow(i, order.row(i));
  int end = size_;
  ForEachEvent(synchronize_rcu_, [&](int event) {
    with_ends.Add(event, end);
    with_ends.AddRow(end, po_.row(event));
    ++end;
  });
  return Serializes(with_ends, 0);
}

}  // namespace walkrace::litmus
