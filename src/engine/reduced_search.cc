#include "engine/reduced_search.h"

#include "base/check.h"

namespace walkrace {
namespace {

constexpr CpuMask Bit(CpuId cpu) { return CpuMask{1} << cpu; }

// Whether this step let go of a lock that could not be taken in this way before: whatever others
// do, its CPU holds it until then. (Of one that takes it for reading that cannot be said: other
// readers may have let go by then.)
bool LetGo(const Step& step, LocationId lock, LockKind kind) {
  return step.lock == lock && step.unlocks && !LockCanBeTaken(kind, step.lock_before);
}

Touched TouchOf(LockKind kind) {
  return kind == LockKind::kRead ? Touched::kLeft : Touched::kWrite;
}

}  // namespace

void ReducedSearch::Begin(int /*cpu_count*/, uint64_t /*seed*/) {
  position_ = 0;
  blocked_ = false;
  order_.Truncate(next_size_);
  footprints_.BeginRun();
}

CpuId ReducedSearch::PickNext(const Choice& choice) {
  if (blocked_ || stale_) return DefaultPick(choice);
  if (position_ > 0) EndStep(engine_.finished(nodes_[position_ - 1].chosen));
  if (position_ == node_count_) MakeNode(choice);
  if (blocked_) {
    FindRacesOfThoseThatWait(WaitingCpus(choice));
    engine_.Stop();
    return DefaultPick(choice);
  }
  const Node& node = nodes_[position_];
  if (node.runnable != choice.runnable) {
    // Only what was resumed can be of another program: here it is the same run so far.
    WR_CHECK(first_fresh_ == 0);
    stale_ = true;
    engine_.Stop();
    return DefaultPick(choice);
  }
  if (position_ >= first_fresh_) footprints_.BeginStep(node.chosen);
  ++position_;
  return node.chosen;
}

// The step that was chosen last has ended. `ended`: and its CPU with it.
void ReducedSearch::EndStep(bool ended) {
  const size_t position = position_ - 1;
  if (position < first_fresh_) return;
  footprints_.EndStep(ended, &order_.Next());
  order_.Add();
  CheckPrediction(position);
  FindRaces(position);
}

void ReducedSearch::MakeNode(const Choice& choice) {
  if (nodes_.size() == node_count_) nodes_.emplace_back();
  Node& node = nodes_[node_count_];
  node.runnable = choice.runnable;
  node.waiting = WaitingCpus(choice);
  node.sleep.clear();
  node.asleep = 0;
  node.predicted.clear();
  if (position_ > 0) {
    const Footprint& step = order_.step(position_ - 1).footprint;
    for (const Branch& branch : nodes_[position_ - 1].sleep) {
      if (branch.cpu == nodes_[position_ - 1].chosen || branch.footprint.Conflicts(step)) continue;
      node.sleep.push_back(branch);
      node.asleep |= Bit(branch.cpu);
    }
  }
  node.chosen = Choose(choice, node);
  blocked_ = node.chosen == kNoCpu;
  if (blocked_) return;
  node.to_try = Bit(node.chosen);
  ++node_count_;
}

CpuId ReducedSearch::Choose(const Choice& choice, Node& node) const {
  const CpuMask awake = choice.runnable & ~node.asleep;
  if (awake == 0) return kNoCpu;
  if ((awake & Bit(choice.current)) != 0) return choice.current;
  return __builtin_ctz(awake);
}

void ReducedSearch::CheckPrediction(size_t position) {
  Node& node = nodes_[position];
  const Footprint& footprint = order_.step(position).footprint;
  for (const Branch& predicted : node.predicted) {
    if (predicted.cpu == node.chosen && !predicted.footprint.Contains(footprint)) TryAll(position);
  }
}

void ReducedSearch::FindRaces(size_t position) {
  const Step& step = order_.step(position);
  const Clock known = order_.ClockBefore(position, step.cpu);
  const size_t* last = order_.last_conflicts();
  for (CpuId cpu = 0; cpu < kCpusMax; ++cpu) {
    const size_t other = last[cpu];
    if (other == kNoStep) continue;
    Clock past = known;
    for (CpuId third = 0; third < kCpusMax; ++third) {
      if (third != cpu && last[third] != kNoStep) past.Join(order_.clock(last[third]));
    }
    if (past.of[cpu] > other) continue;  // something lies between
    const Step& first = order_.step(other);
    if (step.guard == Guard::kLock && LetGo(first, step.lock, step.lock_kind)) continue;
    if (step.guard == Guard::kAcknowledge &&
        first.footprint.How(kAcknowledgementsOf + step.cpu) != 0) {
      continue;  // it acknowledged
    }
    Reverse(other, step.cpu, past, step.footprint);
  }
  if (step.guard == Guard::kLock) {
    FindRacesForLock(step.cpu, step.lock, step.lock_kind, position, known, step.footprint);
  } else if (step.guard == Guard::kOther || step.is_interrupt) {
    TryAllBeforeConflicts(step.cpu, step.footprint, position, known);
  }
  FindRacesOfWaiting(step.cpu, step.waiting, position, known);
}

void ReducedSearch::TryAllBeforeConflicts(CpuId cpu, const Footprint& footprint, size_t position,
                                          const Clock& known) {
  for (CpuId other = 0; other < kCpusMax; ++other) {
    if (other == cpu) continue;
    for (size_t i = order_.NextOf(other, known.of[other]); i < position;
         i = order_.NextOf(other, i + 1)) {
      if (order_.step(i).footprint.Conflicts(footprint)) TryAll(i);
    }
  }
}

// Whether others than `cpu` and the CPU of the step at `position`, a reader, have taken the lock or
// let it go since, in no order with that step. The lock would then have been there for `cpu` only
// after some of what they did, and which part of it cannot be seen here.
bool ReducedSearch::IsSharedSince(size_t position, LocationId lock, CpuId cpu) const {
  if (order_.step(position).footprint.How(lock) != static_cast<uint8_t>(Touched::kLeft)) {
    return false;
  }
  for (size_t i = position + 1; i < order_.size(); ++i) {
    const Step& step = order_.step(i);
    if (step.cpu == cpu || step.footprint.How(lock) == 0) continue;
    if (!order_.Before(position, i)) return true;
  }
  return false;
}

// Each time that another CPU took the lock since this one's last step, it could have been this one.
void ReducedSearch::FindRacesForLock(CpuId cpu, LocationId lock, LockKind kind, size_t position,
                                     const Clock& known, const Footprint& footprint) {
  Footprint taking;
  taking.Add(lock, TouchOf(kind));
  for (CpuId other = 0; other < kCpusMax; ++other) {
    if (other == cpu) continue;
    for (size_t i = order_.NextOf(other, known.of[other]); i < position;
         i = order_.NextOf(other, i + 1)) {
      const Step& first = order_.step(i);
      if (!first.footprint.Conflicts(taking)) continue;
      if (LetGo(first, lock, kind)) continue;
      if (IsSharedSince(i, lock, cpu)) {
        TryAll(i);
      } else {
        Reverse(i, cpu, known, footprint);
      }
    }
  }
}

// The CPU waited when the first `position` steps were done: what it waited for may have been there
// for it before.
void ReducedSearch::FindRacesOfWaiting(CpuId cpu, const Waiting& waiting, size_t position,
                                       const Clock& known) {
  static const Footprint kNothing;  // it is not known what its step would touch
  switch (waiting.guard) {
    case Guard::kLock:
      FindRacesForLock(cpu, waiting.at[0], waiting.lock_kind, position, known, kNothing);
      break;
    case Guard::kOther: {
      Footprint look;
      for (const LocationId location : waiting.at) {
        if (location != kNoLocation) look.Add(location, Touched::kRead);
      }
      look.Settle();
      TryAllBeforeConflicts(cpu, look, position, known);
      break;
    }
    case Guard::kAcknowledge:
    case Guard::kNone:
      break;
  }
}

// At the end of a run, wherever it is cut: no step of theirs will tell.
void ReducedSearch::FindRacesOfThoseThatWait(CpuMask cpus) {
  for (CpuMask rest = cpus; rest != 0; rest &= rest - 1) {
    const CpuId cpu = __builtin_ctz(rest);
    FindRacesOfWaiting(cpu, footprints_.WaitingOf(cpu), order_.size(), order_.ClockOf(cpu));
  }
}

CpuMask ReducedSearch::WaitingCpus(const Choice& choice) const {
  CpuMask waiting = 0;
  for (CpuId cpu = 0; cpu < choice.cpu_count; ++cpu) {
    if (!engine_.finished(cpu)) waiting |= Bit(cpu);
  }
  return waiting & ~choice.runnable;
}

void ReducedSearch::Reverse(size_t position, CpuId cpu, const Clock& past,
                            const Footprint& footprint) {
  Node& node = nodes_[position];
  CpuMask after = 0;   // who has steps in `past` after this position
  CpuMask firsts = 0;  // whose first such step comes after no other of them
  for (CpuId other = 0; other < kCpusMax; ++other) {
    const size_t next = order_.NextOf(other, position + 1);
    if (next >= past.of[other]) continue;
    after |= Bit(other);
    bool first = true;
    for (CpuId third = 0; third < kCpusMax; ++third) {
      if (third != other && order_.clock(next).of[third] > position) first = false;
    }
    if (first) firsts |= Bit(other);
  }
  if (after != 0) {
    firsts &= node.runnable;
    if ((firsts & (node.to_try | node.asleep)) != 0) return;
    if (firsts == 0) return TryAll(position);
    node.to_try |= firsts & -firsts;
    return;
  }
  if ((node.runnable & Bit(cpu)) == 0) return TryAll(position);
  if ((node.asleep & Bit(cpu)) == 0) {
    node.to_try |= Bit(cpu);
    node.predicted.push_back({cpu, footprint});
    return;
  }
  for (const Branch& branch : node.sleep) {
    if (branch.cpu == cpu && !footprint.Contains(branch.footprint)) TryAll(position);
  }
}

std::vector<SearchNode> ReducedSearch::Path() const {
  return {nodes_.begin(), nodes_.begin() + static_cast<ptrdiff_t>(node_count_)};
}

void ReducedSearch::Resume(const std::vector<SearchNode>& path, uint64_t schedules,
                           uint64_t classes) {
  nodes_ = path;
  node_count_ = path.size();
  // All steps are looked at anew: what was found before is found again, and changes nothing.
  next_size_ = first_fresh_ = 0;
  schedules_ = schedules;
  classes_ = classes;
}

void ReducedSearch::EndRun(const RunResult& result, bool violated) {
  if (stale_ || position_ < node_count_) {
    stale_ = true;
    return;
  }
  if (!blocked_) {
    EndStep(EndedWithLastStep(result, nodes_[position_ - 1].chosen));
    const bool deadlock = result.outcome == Outcome::kDeadlock;
    FindRacesOfThoseThatWait(deadlock ? result.waiting : nodes_[position_ - 1].waiting);
    if (violated || result.outcome == Outcome::kStepBound) TryAll(position_ - 1);
    ++classes_;
  }
  ++schedules_;
  Advance();
}

// Goes back to the last state from which a step is left to try.
void ReducedSearch::Advance() {
  for (; node_count_ > 0; --node_count_) {
    Node& node = nodes_[node_count_ - 1];
    const size_t position = node_count_ - 1;
    node.sleep.push_back({node.chosen, order_.step(position).footprint});
    node.asleep |= Bit(node.chosen);
    const CpuMask left = node.to_try & ~node.asleep;
    if (left == 0) continue;
    node.chosen = __builtin_ctz(left);
    next_size_ = position;
    first_fresh_ = position;
    return;
  }
  done_ = true;
}

// As if each step that is left to try somewhere led to as much as those that were tried.
double ReducedSearch::Covered() const {
  if (done_) return 1;
  double covered = 0;
  double share = 1;
  for (size_t i = 0; i < node_count_; ++i) {
    const int tried = __builtin_popcount(nodes_[i].to_try & nodes_[i].asleep);
    const int all = __builtin_popcount(nodes_[i].to_try);
    covered += share * tried / all;
    share /= all;
  }
  return covered;
}

}  // namespace walkrace
