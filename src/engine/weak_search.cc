#include "engine/weak_search.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"

namespace walkrace {
namespace {

constexpr CpuMask Bit(int index) { return CpuMask{1} << index; }

}  // namespace

void WeakSearch::Begin(int /*cpu_count*/, uint64_t /*seed*/) {
  WR_CHECK(engine_.memory() != MemoryKind::kSc);
  position_ = 0;
}

uint32_t WeakSearch::ExceptionsAfter(const Node& node) {
  return node.exceptions + (node.costs && node.chosen != node.by_default ? 1 : 0);
}

// REQUIRES: the next node is a fresh one.
uint32_t WeakSearch::ExceptionsNow() const {
  return nodes_.empty() ? 0 : ExceptionsAfter(nodes_.back());
}

WeakSearch::Node& WeakSearch::Take(const Node& fresh) {
  nodes_.push_back(fresh);
  Node& node = nodes_.back();
  node.exceptions = 0;
  if (nodes_.size() > 1) node.exceptions = ExceptionsAfter(nodes_[nodes_.size() - 2]);
  node.chosen = node.by_default;
  if (node.costs && node.exceptions == exceptions_max_ && node.to_try != 0) {
    left_out_ = true;
    node.to_try = 0;
  }
  node.all = static_cast<uint8_t>(1 + __builtin_popcount(node.to_try));
  ++position_;
  return node;
}

CpuId WeakSearch::PickNext(const Choice& choice) {
  if (position_ < nodes_.size()) {
    const Node& node = nodes_[position_++];
    // The same run so far.
    WR_CHECK(node.kind == EntryKind::kPreempt && (choice.runnable & Bit(node.chosen)) != 0);
    return node.chosen;
  }
  Node node = {};
  node.kind = EntryKind::kPreempt;
  node.by_default = static_cast<uint8_t>(DefaultPick(choice));
  // The start of a run hands over from nobody.
  node.costs = position_ > 0 && (choice.runnable & Bit(choice.current)) != 0;
  node.to_try = choice.runnable & ~Bit(node.by_default);
  return Take(node).chosen;
}

int WeakSearch::Age(CpuId /*cpu*/, uint16_t /*number*/) {
  if (position_ < nodes_.size()) {
    const Node& node = nodes_[position_++];
    WR_CHECK(node.kind == EntryKind::kOld);
    return node.chosen;
  }
  Node node = {};
  node.kind = EntryKind::kOld;
  node.costs = true;
  // Nobody needs to know how many it leaves out more.
  if (ExceptionsNow() < exceptions_max_ || !left_out_) {
    const int oldest = engine_.CountReadable() - 1;
    if (oldest > kAmountMax) left_out_ = true;
    node.to_try = Bit(std::min(oldest, kAmountMax) + 1) - Bit(1);
  }
  return Take(node).chosen;
}

int WeakSearch::Delay(CpuId cpu, uint16_t number) {
  if (position_ < nodes_.size()) {
    Node& node = nodes_[position_++];
    WR_CHECK(node.kind == EntryKind::kLate && node.cpu == cpu);
    if (node.chosen != 0) node.due = static_cast<uint16_t>(number + node.chosen);
    return node.chosen;
  }
  Node node = {};
  node.kind = EntryKind::kLate;
  node.costs = true;
  node.cpu = cpu;
  node.to_try = Bit(std::size(kDelays)) - 1;
  return Take(node).chosen;
}

void WeakSearch::OnDue(CpuId cpu, uint16_t due) {
  for (size_t i = 0; i < position_; ++i) {
    Node& node = nodes_[i];
    if (node.kind == EntryKind::kLate && node.chosen != 0 && node.cpu == cpu && node.due == due) {
      node.was_due = true;
    }
  }
}

void WeakSearch::TakeNext(Node& node) {
  const int next = __builtin_ctz(node.to_try);
  node.to_try &= node.to_try - 1;
  node.was_due = false;
  node.chosen = static_cast<uint8_t>(node.kind == EntryKind::kLate ? kDelays[next] : next);
}

void WeakSearch::EndRun(const RunResult& /*result*/, bool /*violated*/) {
  ++schedules_;
  ++classes_;
  WR_CHECK(position_ == nodes_.size());
  for (; !nodes_.empty(); nodes_.pop_back()) {
    Node& node = nodes_.back();
    ++node.tried;
    const bool longer_is_the_same =
        node.kind == EntryKind::kLate && node.chosen != 0 && !node.was_due;
    if (node.to_try == 0 || longer_is_the_same) continue;
    TakeNext(node);
    return;
  }
  done_ = true;
}

// As if each choice that is left somewhere led to as much as those that were tried.
double WeakSearch::Covered() const {
  if (done_) return 1;
  double covered = 0;
  double share = 1;
  for (const Node& node : nodes_) {
    covered += share * node.tried / node.all;
    share /= node.all;
  }
  return covered;
}

}  // namespace walkrace
