// Whether a candidate needs no more than machines on which a write reaches all threads at once.
#include "litmus/lkmm_axioms.h"

namespace walkrace::litmus {

bool LkmmAxioms::MulticopyAtomic() const {
  Relation order = (hb_ | Ext(overwrite_) | rmw_).Within(marked_);
  if (synchronize_rcu_ == 0) return order.Acyclic();
  // A grace period and a section are ordered by what links them in this order, and add to it.
  const Relation po_or_self = po_.OrSelf();
  EventSet ends = synchronize_rcu_;
  for (const auto& [lock, unlock] : rcu_sections_) ends |= OnlyEvent(lock) | OnlyEvent(unlock);
  for (;;) {
    const Relation rcu_link = po_or_self.From(ends).Then(order.ClosureOrSelf()).Then(po_).To(ends);
    const Relation rcu_fence = po_.Then(RcuOrder(rcu_link)).Then(po_or_self);
    const Relation next = order | rcu_fence.Within(marked_);
    if (!next.Acyclic()) return false;
    if (next == order) return true;
    order = next;
  }
}

}  // namespace walkrace::litmus
