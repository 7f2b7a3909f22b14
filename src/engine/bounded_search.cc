#include "engine/bounded_search.h"

#include "base/check.h"

namespace walkrace {
namespace {

constexpr CpuMask Bit(CpuId cpu) { return CpuMask{1} << cpu; }

}  // namespace

void BoundedSearch::Begin(int /*cpu_count*/, uint64_t /*seed*/) {
  position_ = 0;
  cut_ = false;
  order_.Truncate(next_size_);
  footprints_.BeginRun();
}

CpuId BoundedSearch::PickNext(const Choice& choice) {
  if (cut_) return DefaultPick(choice);
  if (position_ > 0) EndStep(engine_.finished(nodes_[position_ - 1].chosen));
  if (position_ == nodes_.size()) MakeNode(choice);
  if (cut_) {
    engine_.Stop();
    return DefaultPick(choice);
  }
  const Node& node = nodes_[position_];
  WR_CHECK((choice.runnable & Bit(node.chosen)) != 0);  // the same run so far
  if (position_ >= first_fresh_) footprints_.BeginStep(node.chosen);
  ++position_;
  return node.chosen;
}

void BoundedSearch::EndStep(bool ended) {
  if (position_ - 1 < first_fresh_) return;
  footprints_.EndStep(ended, &order_.Next());
  order_.Add();
}

uint32_t BoundedSearch::PreemptionsAfter(const Node& node) const {
  return node.preemptions + (node.arrived_can_run && node.chosen != node.arrived ? 1 : 0);
}

void BoundedSearch::MakeNode(const Choice& choice) {
  Node node;
  node.arrived = choice.current;
  // The start of a run hands over from nobody.
  node.arrived_can_run = position_ > 0 && (choice.runnable & Bit(choice.current)) != 0;
  node.preemptions = nodes_.empty() ? 0 : PreemptionsAfter(nodes_.back());
  ClassHash beginning = order_.Class();
  // Who is at work matters only where leaving it costs.
  beginning.low += node.arrived_can_run ? 1 + node.arrived : 0;
  const auto [seen, fresh] = seen_.try_emplace(beginning, node.preemptions);
  if (!fresh) {
    if (seen->second <= node.preemptions) {
      cut_ = true;
      return;
    }
    seen->second = node.preemptions;
  }
  node.chosen = DefaultPick(choice);
  node.to_try = choice.runnable & ~Bit(node.chosen);
  if (node.arrived_can_run && node.preemptions == preemptions_max_) {
    if (node.to_try != 0) left_out_ = true;
    node.to_try = 0;
  }
  node.tried = 0;
  node.all = 1 + __builtin_popcount(node.to_try);
  nodes_.push_back(node);
}

void BoundedSearch::EndRun(const RunResult& result, bool /*violated*/) {
  if (!cut_) {
    EndStep(EndedWithLastStep(result, nodes_[position_ - 1].chosen));
    if (ends_.insert(order_.Class()).second) ++classes_;
  }
  ++schedules_;
  for (; !nodes_.empty(); nodes_.pop_back()) {
    Node& node = nodes_.back();
    ++node.tried;
    if (node.to_try == 0) continue;
    node.chosen = __builtin_ctz(node.to_try);
    node.to_try &= node.to_try - 1;
    first_fresh_ = next_size_ = nodes_.size() - 1;
    return;
  }
  done_ = true;
}

// As if each step that is left to try somewhere led to as much as those that were tried. Since
// what was seen is not gone through again, the later ones lead to less.
double BoundedSearch::Covered() const {
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
