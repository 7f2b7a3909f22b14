#include <algorithm>

#include "base/random.h"
#include "engine/shared_objects.h"
#include "engine/strategies.h"

namespace walkrace {
namespace {

constexpr uint32_t kSlots = SharedObjects::kSlots;

class SurwStrategy final : public Strategy {
 public:
  void Begin(int cpu_count, uint64_t seed) override {
    random_ = Random(seed);
    cpu_count_ = cpu_count;
    DrawInteresting();
    ForgetCounts();
    intended_ = kNoCpu;
    ran_ = kNoCpu;
  }

  CpuId Pick(const Choice& choice) override {
    if (ran_ != kNoCpu && choice.step != ran_at_) Count(ran_, executed_);
    const CpuId next = Next(choice);
    ran_ = next;
    ran_at_ = choice.step;
    executed_ = choice.pending[next];
    return next;
  }

  void End(uint32_t /*steps*/) override {
    if (ran_ != kNoCpu) Count(ran_, executed_);
  }

 private:
  bool IsInteresting(const PendingEvent& event) const {
    return event.location != kNoLocation && interesting_[SharedObjects::SlotOf(event.location)];
  }

  // One half of the objects that the last run shared, and at least one of them; how often each CPU
  // came to them then is how often it is expected to come now.
  void DrawInteresting() {
    std::fill_n(interesting_, kSlots, false);
    std::fill_n(to_come_, kCpusMax, 0);
    uint32_t shared[kSlots];
    uint32_t count = 0;
    for (uint32_t i = 0; i < objects_.touched_count(); ++i) {
      const uint32_t slot = objects_.touched(i);
      if (objects_.IsShared(slot)) shared[count++] = slot;
    }
    if (count == 0) return;
    const uint32_t surely = random_.Below(count);
    for (uint32_t i = 0; i < count; ++i) {
      if (i != surely && random_.OneIn(2)) continue;
      interesting_[shared[i]] = true;
      for (CpuId cpu = 0; cpu < cpu_count_; ++cpu) to_come_[cpu] += times_[cpu][shared[i]];
    }
  }

  void ForgetCounts() {
    for (uint32_t i = 0; i < objects_.touched_count(); ++i) {
      for (auto& times : times_) times[objects_.touched(i)] = 0;
    }
    objects_.Forget();
  }

  void Count(CpuId cpu, const PendingEvent& event) {
    if (event.location == kNoLocation) return;
    objects_.Add(cpu, event);
    const uint32_t slot = SharedObjects::SlotOf(event.location);
    ++times_[cpu][slot];
    if (!interesting_[slot]) return;
    if (to_come_[cpu] > 0) --to_come_[cpu];
    if (cpu == intended_) intended_ = kNoCpu;
  }

  // The CPU whose interesting event comes next: in proportion to how many each has to come, which
  // makes all their orders as likely.
  CpuId DrawIntended(CpuMask unfinished) {
    uint32_t sum = 0;
    for (CpuMask rest = unfinished; rest != 0; rest &= rest - 1)
      sum += to_come_[__builtin_ctz(rest)];
    if (sum == 0) return kNoCpu;
    uint32_t ticket = random_.Below(sum);
    for (CpuMask rest = unfinished;; rest &= rest - 1) {
      const CpuId cpu = __builtin_ctz(rest);
      if (ticket < to_come_[cpu]) return cpu;
      ticket -= to_come_[cpu];
    }
  }

  CpuId Next(const Choice& choice) {
    if (intended_ == kNoCpu) intended_ = DrawIntended(choice.runnable);
    CpuMask free = 0;  // those that the intended order does not hold back
    for (CpuMask rest = choice.runnable; rest != 0; rest &= rest - 1) {
      const CpuId cpu = __builtin_ctz(rest);
      if (cpu == intended_ || !IsInteresting(choice.pending[cpu])) free |= rest & -rest;
    }
    // The intended one waits for somebody who is held back.
    if (free == 0) {
      free = choice.runnable;
      intended_ = kNoCpu;
    }
    for (uint32_t skip = random_.Below(__builtin_popcount(free)); skip > 0; --skip)
      free &= free - 1;
    return __builtin_ctz(free);
  }

  Random random_{0};
  int cpu_count_ = 0;

  bool interesting_[kSlots] = {};
  uint32_t to_come_[kCpusMax] = {};
  CpuId intended_ = kNoCpu;

  CpuId ran_ = kNoCpu;  // whom the last decision chose, for which event, and when
  PendingEvent executed_ = {};
  uint32_t ran_at_ = 0;

  // Of this run, and at its beginning still of the last one.
  SharedObjects objects_;
  uint16_t times_[kCpusMax][kSlots] = {};
};

}  // namespace

std::unique_ptr<Strategy> MakeSurwStrategy() { return std::make_unique<SurwStrategy>(); }

}  // namespace walkrace
