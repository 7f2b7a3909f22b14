#include "engine/plain_search.h"

namespace walkrace {

void PlainSearch::Begin(int /*cpu_count*/, uint64_t /*seed*/) {
  position_ = 0;
  order_.Truncate(0);
  footprints_.BeginRun();
}

CpuId PlainSearch::PickNext(const Choice& choice) {
  if (position_ > 0) {
    footprints_.EndStep(engine_.finished(nodes_[position_ - 1].chosen), &order_.Next());
    order_.Add();
  }
  if (position_ == nodes_.size()) {
    const CpuId first = __builtin_ctz(choice.runnable);
    nodes_.push_back({choice.runnable & (choice.runnable - 1), first});
  }
  const CpuId chosen = nodes_[position_++].chosen;
  footprints_.BeginStep(chosen);
  return chosen;
}

void PlainSearch::EndRun(const RunResult& result, bool /*violated*/) {
  footprints_.EndStep(EndedWithLastStep(result, nodes_[position_ - 1].chosen), &order_.Next());
  order_.Add();
  ++schedules_;
  ++classes_;
  while (!nodes_.empty() && nodes_.back().to_try == 0) nodes_.pop_back();
  done_ = nodes_.empty();
  if (done_) return;
  Node& node = nodes_.back();
  node.chosen = __builtin_ctz(node.to_try);
  node.to_try &= node.to_try - 1;
}

}  // namespace walkrace
