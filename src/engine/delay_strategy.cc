#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/random.h"
#include "engine/shared_objects.h"
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
    ran_ = kNoCpu;
    std::swap(shared_before_, shared_);
    shared_->Forget();
    every_event_ = !shared_before_->ShareAny();
    places_ = 0;
    for (int i = 0; i < delays_; ++i) delay_at_[i] = random.Below(places_estimate_);
    // A place in the run takes each delay once, however many fall on it.
    std::sort(delay_at_, delay_at_ + delays_);
    next_delay_ = 0;
  }

  CpuId Pick(const Choice& choice) override {
    AddExecuted(choice.step);
    const CpuId turn = FromOn(ran_ == kNoCpu ? first_ % choice.cpu_count : choice.current, choice);
    const CpuId next =
        IsPlace(choice.pending[turn]) && IsDelayed() ? FromOn(turn + 1, choice) : turn;
    ran_ = next;
    ran_at_ = choice.step;
    executed_ = choice.pending[next];
    return next;
  }

  void End(uint32_t steps) override {
    AddExecuted(steps);
    places_estimate_ = std::max(places_, places_estimate_ - places_estimate_ / 8);
  }

 private:
  // The first CPU from `turn` on, in a circle, that can run.
  static CpuId FromOn(CpuId turn, const Choice& choice) {
    while ((choice.runnable >> (turn % choice.cpu_count) & 1) == 0) ++turn;
    return turn % choice.cpu_count;
  }

  // Where a delay can matter: before what another CPU may notice.
  bool IsPlace(const PendingEvent& event) const {
    if (every_event_) return true;
    return event.location != kNoLocation &&
           shared_before_->IsShared(SharedObjects::SlotOf(event.location));
  }

  // Whether the place that is reached now takes a delay.
  bool IsDelayed() {
    const uint32_t place = places_++;
    bool delayed = false;
    for (; next_delay_ < delays_ && delay_at_[next_delay_] <= place; ++next_delay_) {
      delayed |= delay_at_[next_delay_] == place;
    }
    return delayed;
  }

  void AddExecuted(uint32_t step) {
    if (ran_ == kNoCpu || step == ran_at_ || executed_.location == kNoLocation) return;
    shared_->Add(ran_, executed_);
  }

  const int delays_;
  SharedObjects runs_[2];  // this one, and the one before
  SharedObjects* shared_ = &runs_[0];
  SharedObjects* shared_before_ = &runs_[1];
  bool every_event_ = true;
  uint32_t places_ = 0;
  uint32_t places_estimate_ = 1;
  uint32_t delay_at_[kDelaysMax] = {};
  int next_delay_ = 0;
  CpuId first_ = 0;
  CpuId ran_ = kNoCpu;
  uint32_t ran_at_ = 0;
  PendingEvent executed_ = {};
};

}  // namespace

std::unique_ptr<Strategy> MakeDelayStrategy(int delays) {
  return std::make_unique<DelayStrategy>(delays);
}

}  // namespace walkrace
