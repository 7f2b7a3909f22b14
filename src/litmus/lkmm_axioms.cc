#include "litmus/lkmm_axioms.h"

#include <utility>

namespace walkrace::litmus {

// What follows from a thread's run alone, on the events of the run.
struct LkmmAxioms::RunRelations {
  EventSet reads = 0, writes = 0, accesses = 0, plain = 0, noreturn = 0;
  EventSet lock_reads = 0, lock_writes = 0, unlocks = 0, synchronize_rcu = 0;
  EventSet acquires = 0, releases = 0, rmw_events = 0;
  bool has_unlock_lock_fence = false;
  Relation po, rmw, addr, data, ctrl, values, strong, po_rel, acq_po, rmb, wmb, pulp;
  Relation lock_read_after_unlock_lock, lock_write_after_unlock_lock;
  Relation plain_rmb_before, plain_rmb_after;
};

namespace {

// Pairs of events with a fence of this kind between them.
Relation FenceRel(const ThreadRun& run, Fence kind) {
  const int size = static_cast<int>(run.events.size());
  Relation result(size);
  for (const PlacedFence& fence : run.fences) {
    if (fence.fence != kind) continue;
    const EventSet behind = FirstEvents(size) & ~FirstEvents(fence.before);
    for (int i = 0; i < fence.before; ++i) result.AddRow(i, behind);
  }
  return result;
}

void AddEdgesFrom(EventSet sources, int to, Relation& relation) {
  ForEachEvent(sources, [&](int from) { relation.Add(from, to); });
}

}  // namespace

LkmmAxioms::LkmmAxioms(LkmmVersion version, LkmmParts left_out)
    : version_(version), left_out_(left_out) {}
LkmmAxioms::~LkmmAxioms() = default;

std::unique_ptr<LkmmAxioms::RunRelations> LkmmAxioms::Relate(const ThreadRun& run) const {
  auto result = std::make_unique<RunRelations>();
  RunRelations& r = *result;
  const int size = static_cast<int>(run.events.size());
  const Relation none(size);
  r.po = r.rmw = r.addr = r.data = r.ctrl = r.values = none;
  for (int i = 0; i < size; ++i) {
    const RunEvent& event = run.events[i];
    const EventSet self = OnlyEvent(i);
    if (IsRead(event.type)) r.reads |= self;
    if (IsWrite(event.type)) r.writes |= self;
    if (event.type == EventType::kLockRead) r.lock_reads |= self;
    if (event.type == EventType::kLockWrite) r.lock_writes |= self;
    if (event.type == EventType::kUnlock) r.unlocks |= self;
    if (event.type == EventType::kSynchronizeRcu) r.synchronize_rcu |= self;
    if (event.annotation == Annotation::kPlain) r.plain |= self;
    if (event.annotation == Annotation::kNoReturn) r.noreturn |= self;
    if (event.annotation == Annotation::kAcquire) r.acquires |= self;
    if (event.annotation == Annotation::kRelease) r.releases |= self;
    if (event.is_rmw) r.rmw_events |= self;
    r.po.SetRow(i, FirstEvents(size) & ~FirstEvents(i + 1));
    if (event.read_half >= 0) r.rmw.Add(event.read_half, i);
    // Out of thin air is out, whatever a mutated model says.
    AddEdgesFrom(event.address_from | event.data_from, i, r.values);
    if (Keeps(LkmmPart::kAddr)) AddEdgesFrom(event.address_from, i, r.addr);
    if (Keeps(LkmmPart::kData)) AddEdgesFrom(event.data_from, i, r.data);
    if (Keeps(LkmmPart::kCtrl)) AddEdgesFrom(event.control_from, i, r.ctrl);
  }
  const EventSet m = r.accesses = r.reads | r.writes;
  const EventSet r4rmb = Keeps(LkmmPart::kNoreturn) ? r.reads & ~r.noreturn : r.reads;
  const auto keep = [&](LkmmPart part, const Relation& relation) {
    return Keeps(part) ? relation : none;
  };
  r.acq_po = keep(LkmmPart::kAcqPo, r.po.From(r.acquires).To(m));
  r.po_rel = keep(LkmmPart::kPoRel, r.po.From(m).To(r.releases));
  const Relation rmb = keep(LkmmPart::kRmb, FenceRel(run, Fence::kRmb));
  r.rmb = rmb.Within(r4rmb);
  r.plain_rmb_before = rmb.From(r4rmb).To(~r.noreturn);
  r.plain_rmb_after = rmb.From(~r.noreturn).To(r4rmb);
  r.wmb = keep(LkmmPart::kWmb, FenceRel(run, Fence::kWmb).Within(r.writes));

  const Relation po_or_self = r.po.OrSelf();
  const Relation after_unlock_lock =
      keep(LkmmPart::kAfterUnlockLock, FenceRel(run, Fence::kAfterUnlockLock)).To(m);
  r.has_unlock_lock_fence = !after_unlock_lock.Empty();
  r.lock_read_after_unlock_lock = after_unlock_lock.From(r.lock_reads);
  r.lock_write_after_unlock_lock = after_unlock_lock.From(r.lock_writes);
  r.strong = keep(LkmmPart::kMb, FenceRel(run, Fence::kMb).Within(m));
  r.strong |=
      keep(LkmmPart::kBeforeAtomic,
           FenceRel(run, Fence::kBeforeAtomic).From(m).To(r.rmw_events).Then(po_or_self).To(m));
  const auto after = [&](EventSet what, Fence fence) {
    return po_or_self.From(m).To(what).Then(FenceRel(run, fence)).To(m);
  };
  r.strong |= keep(LkmmPart::kAfterAtomic, after(r.rmw_events, Fence::kAfterAtomic));
  r.strong |= keep(LkmmPart::kAfterSpinlock, after(r.lock_writes, Fence::kAfterSpinlock));
  r.strong |= keep(LkmmPart::kGp, r.po.To(r.synchronize_rcu).Then(po_or_self));
  r.pulp = r.po.To(r.unlocks).Then(r.po.To(r.lock_reads)).Then(r.po);
  return result;
}

const LkmmAxioms::RunRelations& LkmmAxioms::Of(const Candidate& candidate, int thread) {
  const size_t number = candidate.run_numbers[thread];
  if (known_.size() <= static_cast<size_t>(thread)) known_.resize(thread + 1);
  auto& of_thread = known_[thread];
  if (of_thread.size() <= number) of_thread.resize(number + 1);
  if (of_thread[number] == nullptr) of_thread[number] = Relate(*candidate.runs[thread]);
  return *of_thread[number];
}

void LkmmAxioms::SetRuns(const Candidate& candidate) {
  size_ = candidate.event_count;
  own_thread_ = candidate.own_thread;
  const Relation none(size_);
  for (Relation* relation :
       {&po_, &rmw_, &addr_, &data_, &ctrl_, &values_, &po_strong_, &po_rel_, &acq_po_, &rmb_,
        &wmb_, &po_unlock_lock_po_, &lock_read_after_unlock_lock_, &lock_write_after_unlock_lock_,
        &plain_rmb_before_, &plain_rmb_after_}) {
    *relation = none;
  }
  reads_ = writes_ = plain_ = noreturn_ = lock_reads_ = lock_writes_ = unlocks_ = 0;
  synchronize_rcu_ = 0;
  has_unlock_lock_fence_ = false;
  rcu_sections_.clear();
  for (size_t thread = 0; thread < candidate.runs.size(); ++thread) {
    if (candidate.runs[thread]->events.empty()) continue;
    const RunRelations& run = Of(candidate, static_cast<int>(thread));
    const int first = candidate.first_events[thread];
    for (const auto& [to, from] : {std::pair{&reads_, run.reads},
                                   {&writes_, run.writes},
                                   {&plain_, run.plain},
                                   {&noreturn_, run.noreturn},
                                   {&lock_reads_, run.lock_reads},
                                   {&lock_writes_, run.lock_writes},
                                   {&unlocks_, run.unlocks},
                                   {&synchronize_rcu_, run.synchronize_rcu}}) {
      *to |= from << first;
    }
    has_unlock_lock_fence_ |= run.has_unlock_lock_fence;
    for (const auto& [lock, unlock] : candidate.runs[thread]->rcu_sections) {
      rcu_sections_.emplace_back(first + lock, first + unlock);
    }
    const auto put = [&](const Relation& from, Relation& to) {
      for (int i = 0; i < from.size(); ++i) to.SetRow(first + i, from.row(i) << first);
    };
    put(run.po, po_);
    put(run.rmw, rmw_);
    put(run.addr, addr_);
    put(run.data, data_);
    put(run.ctrl, ctrl_);
    put(run.values, values_);
    put(run.strong, po_strong_);
    put(run.po_rel, po_rel_);
    put(run.acq_po, acq_po_);
    put(run.rmb, rmb_);
    put(run.wmb, wmb_);
    put(run.pulp, po_unlock_lock_po_);
    put(run.lock_read_after_unlock_lock, lock_read_after_unlock_lock_);
    put(run.lock_write_after_unlock_lock, lock_write_after_unlock_lock_);
    put(run.plain_rmb_before, plain_rmb_before_);
    put(run.plain_rmb_after, plain_rmb_after_);
  }
  accesses_ = reads_ | writes_;
  marked_ = FirstEvents(size_) & ~plain_;
  po_hb_ = addr_ | (data_ | ctrl_).To(writes_) | po_strong_ | po_rel_ | acq_po_ | rmb_ | wmb_;
  if (Keeps(LkmmPart::kPoUnlockLockPoInPpo)) po_hb_ |= po_unlock_lock_po_;
  po_hb_ = po_hb_.Within(marked_);
}

Relation LkmmAxioms::Int(Relation relation) const {
  for (int i = 0; i < size_; ++i) relation.SetRow(i, relation.row(i) & own_thread_[i]);
  return relation;
}
Relation LkmmAxioms::Ext(Relation relation) const {
  for (int i = 0; i < size_; ++i) relation.SetRow(i, relation.row(i) & ~own_thread_[i]);
  return relation;
}

bool LkmmAxioms::MayBeAllowed(const Candidate& candidate) const {
  if (!Keeps(LkmmPart::kHappensBefore)) return true;
  const bool keeps_overwrite = Keeps(LkmmPart::kOverwriteInt);
  Relation hb = po_hb_;
  ForEachEvent(marked_, [&](int i) {
    EventSet to = candidate.rf.row(i) & ~own_thread_[i];
    if (keeps_overwrite) to |= (candidate.co.row(i) | candidate.fr.row(i)) & own_thread_[i];
    hb.AddRow(i, to & marked_);
  });
  return hb.Acyclic();
}

void LkmmAxioms::PutFences(const Candidate& candidate) {
  pulp_ = po_unlock_lock_po_;
  if (unlocks_ != 0 && lock_reads_ != 0) {
    pulp_ |= po_.To(unlocks_).Then(rf_.To(lock_reads_)).Then(po_);
  }
  strong_fence_ = po_strong_;
  if (has_unlock_lock_fence_) {
    const Relation to_unlock = po_.From(accesses_).To(unlocks_);
    strong_fence_ |= version_ == LkmmVersion::k6_1
                         ? to_unlock.Then((candidate.co | po_).To(lock_writes_))
                               .Then(lock_write_after_unlock_lock_)
                         : to_unlock.Then((candidate.rf | po_).To(lock_reads_))
                               .Then(lock_read_after_unlock_lock_);
  }
  nonrw_fence_ = strong_fence_ | po_rel_ | acq_po_;
  fence_ = nonrw_fence_ | wmb_ | rmb_;
}

Relation LkmmAxioms::Ppo() const {
  Relation addr = addr_, data = data_, ctrl = ctrl_;
  const bool has_rfi = !rfi_.Empty();
  if (version_ == LkmmVersion::k6_12 && has_rfi && Keeps(LkmmPart::kCarryDep)) {
    const Relation carry_dep = data_.Then(rfi_).ClosureOrSelf();
    addr = carry_dep.Then(addr_);
    data = carry_dep.Then(data_);
    ctrl = carry_dep.Then(ctrl_);
  }
  const Relation dep = addr | data;
  Relation ppo = (dep | ctrl).To(writes_);  // rwdep
  if (Keeps(LkmmPart::kOverwriteInt)) ppo |= Int(overwrite_);
  if (plain_ != 0 && Keeps(LkmmPart::kAddrWmb)) ppo |= addr.To(plain_).Then(wmb_);
  ppo |= addr;  // 6.12 says addr ; [R]: the rest is in rwdep
  if (has_rfi && Keeps(LkmmPart::kDepRfi)) ppo |= dep.To(marked_).Then(rfi_);
  ppo |= version_ == LkmmVersion::k6_1 ? fence_ : Int(fence_);
  if (Keeps(LkmmPart::kPoUnlockLockPoInPpo)) ppo |= Int(pulp_);
  return ppo;
}

void LkmmAxioms::PutProp() {
  Relation cumul_fence = strong_fence_ | po_rel_;
  if (Keeps(LkmmPart::kACumul)) cumul_fence |= rfe_.To(marked_).Then(cumul_fence);
  cumul_fence |= wmb_;
  if (Keeps(LkmmPart::kPoUnlockLockPoInCumulFence)) cumul_fence |= pulp_;
  cumul_fence = cumul_fence.Within(marked_);
  if (version_ == LkmmVersion::k6_12 && Keeps(LkmmPart::kRmwSequence) && !rmw_.Empty()) {
    cumul_fence = cumul_fence.Then(rf_.Then(rmw_).ClosureOrSelf());
  }
  cumul_fence_star_ =
      Keeps(LkmmPart::kCumulFenceStar) ? cumul_fence.ClosureOrSelf() : cumul_fence.OrSelf();
  prop_ = cumul_fence_star_;
  if (Keeps(LkmmPart::kPropOverwrite)) prop_ |= Ext(overwrite_).Then(cumul_fence_star_);
  prop_ = prop_.Within(marked_);
  if (Keeps(LkmmPart::kPropRfe)) prop_ |= prop_.Then(rfe_).To(marked_);
}

bool LkmmAxioms::Allowed(const Candidate& candidate, bool load_before_store) {
  rf_ = candidate.rf;
  co_ = candidate.co;
  fr_ = candidate.fr;
  rfe_ = Ext(rf_);
  rfi_ = Int(rf_);
  overwrite_ = co_ | fr_;
  // Values do not justify themselves. Where all is marked, happens-before says so.
  if ((plain_ != 0 || left_out_ != 0) && !(values_ | rf_).Acyclic()) return false;
  PutFences(candidate);
  Relation ppo = Ppo();
  if (load_before_store) ppo |= po_.From(reads_ & ~noreturn_).To(writes_);
  hb_ = (ppo | rfe_).Within(marked_);
  if (Keeps(LkmmPart::kHappensBefore) && !hb_.Acyclic()) return false;
  PutProp();
  if (Keeps(LkmmPart::kPropInHb)) hb_ |= Int(prop_.WithoutSelf()).Within(marked_);
  if (Keeps(LkmmPart::kHappensBefore) && !hb_.Acyclic()) return false;
  hb_star_ = hb_.ClosureOrSelf();
  pb_ = prop_.Then(strong_fence_).Then(hb_star_).To(marked_);
  if (Keeps(LkmmPart::kPropagation) && !pb_.Acyclic()) return false;
  if (!RcuAllows()) return false;
  return plain_ == 0 || PlainCoherent();
}

// The least relation that holds what rcu-order does.
Relation LkmmAxioms::RcuOrder(const Relation& rcu_link) const {
  Relation rscsi(size_);
  for (const auto& [lock, unlock] : rcu_sections_) rscsi.Add(unlock, lock);
  const Relation gp = Relation::Identity(size_, synchronize_rcu_);
  const Relation gp_link = gp.Then(rcu_link), rscsi_link = rscsi.Then(rcu_link);
  const Relation link_gp = rcu_link.Then(gp), link_rscsi = rcu_link.Then(rscsi);
  Relation order(size_);
  if (Keeps(LkmmPart::kRcuGp)) order |= gp;
  if (Keeps(LkmmPart::kRcuGpRscs)) order |= gp_link.Then(rscsi);
  if (Keeps(LkmmPart::kRcuRscsGp)) order |= rscsi_link.Then(gp);
  for (;;) {
    Relation next = order;
    if (Keeps(LkmmPart::kRcuNested)) {
      next |= gp_link.Then(order).Then(link_rscsi);
      next |= rscsi_link.Then(order).Then(link_gp);
    }
    if (Keeps(LkmmPart::kRcuChain)) next |= order.Then(rcu_link).Then(order);
    if (next == order) return order;
    order = next;
  }
}

bool LkmmAxioms::RcuAllows() {
  rcu_fence_ = rb_ = Relation(size_);
  if (synchronize_rcu_ == 0) return true;
  pb_star_ = pb_.ClosureOrSelf();
  const Relation po_or_self = po_.OrSelf();
  EventSet ends = synchronize_rcu_;  // what rcu-order asks about
  for (const auto& [lock, unlock] : rcu_sections_) ends |= OnlyEvent(lock) | OnlyEvent(unlock);
  const Relation rcu_link =
      po_or_self.From(ends).Then(hb_star_).Then(pb_star_).Then(prop_).Then(po_).To(ends);
  rcu_fence_ = po_.Then(RcuOrder(rcu_link)).Then(po_or_self);
  fence_ |= rcu_fence_;
  strong_fence_ |= rcu_fence_;
  rb_ = prop_.Then(rcu_fence_).Then(hb_star_).Then(pb_star_).To(marked_);
  return !Keeps(LkmmPart::kRcu) || rb_.Irreflexive();
}

}  // namespace walkrace::litmus
