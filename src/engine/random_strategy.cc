#include "base/random.h"
#include "engine/strategies.h"

namespace walkrace {
namespace {

class RandomStrategy final : public Strategy {
 public:
  void Begin(int /*cpu_count*/, uint64_t seed) override {
    random_ = Random(seed);
    // 1/2, 1/4, ... 1/256: from a switch at every other event to one or none in a run.
    switch_denominator_ = 2u << random_.Below(8);
  }

  CpuId Pick(const Choice& choice) override {
    const CpuMask self = CpuMask{1} << choice.current;
    const bool can_stay = (choice.runnable & self) != 0;
    if (can_stay && (choice.runnable == self || !random_.OneIn(switch_denominator_))) {
      return choice.current;
    }
    CpuMask others = choice.runnable & ~self;
    for (uint32_t skip = random_.Below(__builtin_popcount(others)); skip > 0; --skip) {
      others &= others - 1;
    }
    return __builtin_ctz(others);
  }

 private:
  Random random_{0};
  uint32_t switch_denominator_ = 2;
};

}  // namespace

std::unique_ptr<Strategy> MakeRandomStrategy() { return std::make_unique<RandomStrategy>(); }

}  // namespace walkrace
