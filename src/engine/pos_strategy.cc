#include "base/random.h"
#include "engine/conflict.h"
#include "engine/strategies.h"

namespace walkrace {
namespace {

class PosStrategy final : public Strategy {
 public:
  void Begin(int cpu_count, uint64_t seed) override {
    random_ = Random(seed);
    for (CpuId cpu = 0; cpu < cpu_count; ++cpu) priority_[cpu] = random_.Next();
    ran_ = kNoCpu;
  }

  CpuId Pick(const Choice& choice) override {
    if (ran_ != kNoCpu && choice.step != ran_at_) {
      for (CpuId cpu = 0; cpu < choice.cpu_count; ++cpu) {
        if (cpu == ran_ || Conflict(executed_, choice.pending[cpu])) {
          priority_[cpu] = random_.Next();
        }
      }
    }
    CpuId best = kNoCpu;
    for (CpuMask rest = choice.runnable; rest != 0; rest &= rest - 1) {
      const CpuId cpu = __builtin_ctz(rest);
      if (best == kNoCpu || priority_[cpu] > priority_[best]) best = cpu;
    }
    ran_ = best;
    ran_at_ = choice.step;
    executed_ = choice.pending[best];
    return best;
  }

 private:
  Random random_{0};
  uint64_t priority_[kCpusMax] = {};  // of the event to come of each CPU
  CpuId ran_ = kNoCpu;                // whom the last decision chose, for which event, and when
  PendingEvent executed_ = {};
  uint32_t ran_at_ = 0;
};

}  // namespace

std::unique_ptr<Strategy> MakePosStrategy() { return std::make_unique<PosStrategy>(); }

}  // namespace walkrace
