#include <algorithm>

#include "base/check.h"
#include "base/random.h"
#include "engine/strategies.h"

namespace walkrace {
namespace {

constexpr uint32_t kNever = UINT32_MAX;

class PctStrategy final : public Strategy {
 public:
  explicit PctStrategy(int depth) : change_count_(depth - 1) {
    WR_CHECK(depth >= 1 && depth <= kDepthMax);
  }

  void Begin(int cpu_count, uint64_t seed) override {
    Random random(seed);
    // Initial priorities: a random permutation above all the change points' (0 .. depth-2).
    for (int i = 0; i < cpu_count; ++i) priority_[i] = change_count_ + i;
    for (int i = cpu_count - 1; i > 0; --i) {
      std::swap(priority_[i], priority_[random.Below(i + 1)]);
    }
    for (int i = 0; i < change_count_; ++i) change_step_[i] = 1 + random.Below(steps_estimate_);
  }

  // A change point lowers the CPU that is about to take the step. It is used up by that: several
  // decisions fall between two steps where a CPU begins or ends.
  CpuId Pick(const Choice& choice) override {
    CpuId best = Highest(choice.runnable);
    for (int i = 0; i < change_count_; ++i) {
      if (change_step_[i] != choice.step) continue;
      change_step_[i] = kNever;
      priority_[best] = i;
      best = Highest(choice.runnable);
    }
    return best;
  }

  void End(uint32_t steps) override {
    steps_estimate_ = std::max(steps, steps_estimate_ - steps_estimate_ / 8);
  }

 private:
  CpuId Highest(CpuMask runnable) const {
    CpuId best = kNoCpu;
    for (CpuMask rest = runnable; rest != 0; rest &= rest - 1) {
      const CpuId cpu = __builtin_ctz(rest);
      if (best == kNoCpu || priority_[cpu] > priority_[best]) best = cpu;
    }
    return best;
  }

  const int change_count_;
  uint32_t steps_estimate_ = 1;
  int priority_[kCpusMax] = {};
  uint32_t change_step_[kDepthMax] = {};
};

}  // namespace

std::unique_ptr<Strategy> MakePctStrategy(int depth) {
  return std::make_unique<PctStrategy>(depth);
}

}  // namespace walkrace
