// The part of the model that is about plain accesses: what they may see, and data races.
#include "litmus/lkmm_axioms.h"

namespace walkrace::litmus {

void LkmmAxioms::PutVisibility() {
  const Relation identity = Relation::Identity(size_);
  const Relation xbstar = (hb_ | pb_ | rb_).ClosureOrSelf();
  const Relation strong_xbstar = strong_fence_.To(marked_).Then(xbstar);
  const Relation vis =
      cumul_fence_star_.Then(rfe_ | identity).To(marked_).Then(strong_xbstar | Int(xbstar));
  // Boundaries for the lifetimes of plain accesses.
  const Relation w_pre_bounded = (identity | addr_ | fence_).From(marked_);
  const Relation r_pre_bounded =
      (identity | addr_ | nonrw_fence_ | plain_rmb_before_).From(marked_);
  Relation w_post_bounded = (identity | fence_).To(marked_);
  if (version_ == LkmmVersion::k6_12) {
    w_post_bounded = w_post_bounded.Then(rf_.Then(rmw_).ClosureOrSelf());
  }
  const Relation r_post_bounded = (identity | nonrw_fence_ | plain_rmb_after_).To(marked_);
  const Relation strong_visible = strong_fence_.Then(xbstar);
  const Relation bounded_vis = w_post_bounded.Then(vis);
  ww_vis_ = fence_ | (strong_visible | bounded_vis).Then(w_pre_bounded);
  wr_vis_ = fence_ | (strong_visible | bounded_vis).Then(r_pre_bounded);
  rw_xbstar_ = fence_ | r_post_bounded.Then(xbstar).Then(w_pre_bounded);
}

bool LkmmAxioms::PlainCoherent() {
  PutVisibility();
  if (!Keeps(LkmmPart::kPlainCoherence)) return true;
  const Relation pre_race = Ext(Relation::Product(size_, plain_, accesses_) |
                                Relation::Product(size_, accesses_, plain_));
  const Relation incoherent =
      (rf_ & rw_xbstar_.Inverse()) | (fr_ & wr_vis_.Inverse()) | (co_ & ww_vis_.Inverse());
  return (pre_race & incoherent).Empty();
}

bool LkmmAxioms::HasDataRace() const {
  if (plain_ == 0) return false;
  const auto product = [&](EventSet from, EventSet to) {
    return Relation::Product(size_, from, to);
  };
  const Relation pre_race = Ext(product(plain_, accesses_) | product(accesses_, plain_));
  const Relation ww_nonrace =
      ww_vis_ & (product(marked_, writes_) | rw_xbstar_) & (product(writes_, marked_) | wr_vis_);
  const Relation ww_race = (pre_race & co_) - ww_nonrace;
  const Relation wr_race = (pre_race & (rf_ | co_.Then(rf_))) - wr_vis_ - rw_xbstar_.Inverse();
  const Relation rw_race = (pre_race & fr_) - rw_xbstar_;
  return !ww_race.Empty() || !wr_race.Empty() || !rw_race.Empty();
}

}  // namespace walkrace::litmus
