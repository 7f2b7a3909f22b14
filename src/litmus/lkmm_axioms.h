// The relations and axioms of the Linux kernel memory model on one candidate execution, under the
// names that they have in linux-kernel.cat (tools/memory-model of Linux 6.1 and 6.12).
// Leaves out: SRCU, and the flags for accesses that mix marked and plain.
// Who wants to know what a program can do uses axiomatic.h.
#ifndef WALKRACE_LITMUS_LKMM_AXIOMS_H_
#define WALKRACE_LITMUS_LKMM_AXIOMS_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "litmus/candidate.h"
#include "litmus/relation.h"

namespace walkrace::litmus {

enum class LkmmVersion : uint8_t { k6_1, k6_12 };

// What can be taken out of the model: a test that does not tell is no test of that part.
enum class LkmmPart : uint8_t {
  kCoherence,  // the axioms; the first two rule while candidates are made
  kAtomic,
  kHappensBefore,
  kPropagation,
  kRcu,
  kPlainCoherence,
  kAcqPo,  // the relations that they are made of
  kPoRel,
  kRmb,
  kNoreturn,  // that smp_rmb() does not order the loads of atomic_add() and the like
  kWmb,
  kMb,
  kBeforeAtomic,
  kAfterAtomic,
  kAfterSpinlock,
  kAfterUnlockLock,
  kGp,
  kAddr,
  kData,
  kCtrl,
  kAddrWmb,       // addr ; [Plain] ; wmb
  kOverwriteInt,  // in to-w
  kDepRfi,
  kPoUnlockLockPoInPpo,
  kPoUnlockLockPoInCumulFence,
  kACumul,
  kCumulFenceStar,
  kPropOverwrite,
  kPropRfe,
  kPropInHb,
  kRcuGp,      // in rcu-order: a grace period alone
  kRcuGpRscs,  // a grace period before a section
  kRcuRscsGp,  // a section before a grace period
  kRcuNested,  // as many of one as of the other, one within the other
  kRcuChain,   // rcu-order ; rcu-link ; rcu-order
  kCarryDep,   // 6.12
  kRmwSequence,
  kPartCount,
};

using LkmmParts = uint64_t;  // bit n: LkmmPart n
constexpr LkmmParts Part(LkmmPart part) { return LkmmParts{1} << static_cast<int>(part); }

class LkmmAxioms {
 public:
  LkmmAxioms(LkmmVersion version, LkmmParts left_out);
  ~LkmmAxioms();

  // The runs of a candidate: from here on the others are about candidates with these runs.
  void SetRuns(const Candidate& candidate);

  // Returns false where a part of the candidate's rf and co is in a cycle of happens-before
  // already. Quick, and says less than Allowed().
  bool MayBeAllowed(const Candidate& candidate) const;
  // `load_before_store`: as if the model kept each load before the stores that follow it, but those
  // of operations that return no value.
  bool Allowed(const Candidate& candidate, bool load_before_store);
  // REQUIRES: Allowed(candidate, false) just said yes.
  bool HasDataRace() const;
  // Whether each write may have reached all threads at one moment: then all that one thread can
  // tell of another's accesses is in one order with what happens before what. Not of the kernel's
  // model, which is for machines without that too; as "external visibility" of the Arm
  // architecture has it. REQUIRES: Allowed(candidate, ...) just said yes.
  bool MulticopyAtomic() const;
  // An order of all events that all threads agree on is there, with the grace periods of RCU
  // waiting for the sections that began before them.
  bool SequentiallyConsistent(const Candidate& candidate) const;

  bool has_plain() const { return plain_ != 0; }
  bool has_rcu() const { return synchronize_rcu_ != 0; }

 private:
  struct RunRelations;

  bool Keeps(LkmmPart part) const { return (left_out_ & Part(part)) == 0; }
  const RunRelations& Of(const Candidate& candidate, int thread);
  std::unique_ptr<RunRelations> Relate(const ThreadRun& run) const;
  Relation Int(Relation relation) const;
  Relation Ext(Relation relation) const;

  void PutFences(const Candidate& candidate);
  Relation Ppo() const;
  void PutProp();
  Relation RcuOrder(const Relation& rcu_link) const;
  bool RcuAllows();
  void PutVisibility();
  bool PlainCoherent();
  bool Serializes(const Relation& order, size_t pair) const;

  const LkmmVersion version_;
  const LkmmParts left_out_;
  std::vector<std::vector<std::unique_ptr<RunRelations>>> known_;  // [thread][number of the run]

  // Of the runs.
  int size_ = 0;
  std::vector<EventSet> own_thread_;
  EventSet reads_ = 0, writes_ = 0, accesses_ = 0, marked_ = 0, plain_ = 0, noreturn_ = 0;
  EventSet lock_reads_ = 0, lock_writes_ = 0, unlocks_ = 0;
  EventSet synchronize_rcu_ = 0;
  std::vector<std::pair<int, int>> rcu_sections_;
  Relation po_, rmw_, addr_, data_, ctrl_, values_;
  Relation po_strong_, po_rel_, acq_po_, rmb_, wmb_, po_unlock_lock_po_;
  Relation lock_read_after_unlock_lock_, lock_write_after_unlock_lock_;
  Relation plain_rmb_before_, plain_rmb_after_;
  Relation po_hb_;  // what of hb is known from the runs alone
  bool has_unlock_lock_fence_ = false;

  // Of the candidate.
  Relation rf_, co_, fr_, rfe_, rfi_, overwrite_;
  Relation strong_fence_, nonrw_fence_, fence_, pulp_;
  Relation cumul_fence_star_, prop_, hb_, hb_star_, pb_, pb_star_, rb_, rcu_fence_;
  Relation ww_vis_, wr_vis_, rw_xbstar_;
};

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_LKMM_AXIOMS_H_
