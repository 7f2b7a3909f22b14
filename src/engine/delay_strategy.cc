#include <algorithm>

#include "base/check.h"
#include "base/random.h"
#include "engine/strategies.h"

namespace walkrace {
namespace {

constexpr int kDelaysMax = 16;

class DelayStrategy final : public Strategy {
 public:
  explicit DelayStrategy(int delays) : delays_(delays) {
    WR_CHECK(delays >= 0 && delays <= kDelaysMax);
  }

  void Begin(int /*cpu_count*/, uint64_t seed) override {
    Random random(seed);
    first_ = static_cast<CpuId>(random.Below(kCpusMax));
    began_ = false;
    for (int i = 0; i < delays_; ++i) delay_step_[i] = random.Below(steps_estimate_);
    // A place in the run takes each delay once, however many fall on it.
    std::sort(delay_step_, delay_step_ + delays_);
    next_delay_ = 0;
  }

  CpuId Pick(const Choice& choice) override {
    CpuId turn = choice.current;
    if (!began_) turn = first_ % choice.cpu_count;
    began_ = true;
    turn = FromOn(turn, choice);
    for (; next_delay_ < delays_ && delay_step_[next_delay_] <= choice.step; ++next_delay_) {
      if (delay_step_[next_delay_] == choice.step) turn = FromOn(turn + 1, choice);
    }
    return turn;
  }

  void End(uint32_t steps) override {
    steps_estimate_ = std::max(steps, steps_estimate_ - steps_estimate_ / 8);
  }

 private:
  // The first CPU from `turn` on, in a circle, that can run.
  static CpuId FromOn(CpuId turn, const Choice& choice) {
    while ((choice.runnable >> (turn % choice.cpu_count) & 1) == 0) ++turn;
    return turn % choice.cpu_count;
  }

  const int delays_;
  uint32_t steps_estimate_ = 1;
  uint32_t delay_step_[kDelaysMax] = {};
  int next_delay_ = 0;
  CpuId first_ = 0;
  bool began_ = false;
};

}  // namespace

std::unique_ptr<Strategy> MakeDelayStrategy(int delays) {
  return std::make_unique<DelayStrategy>(delays);
}

}  // namespace walkrace
