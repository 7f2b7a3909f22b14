#include "order_coverage.h"

#include <cstdlib>

#include "engine/access_orders.h"
#include "progress_file.h"

namespace walkrace {
namespace {

constexpr size_t kSuccessionsMax = kOrderCountersMax - kOrdersMax;
constexpr uint32_t kFnvPrime = 16777619u;

// FNV-1a over the file's name and the line: no address may matter.
uint32_t HashSite(const wr_site* site) {
  uint32_t hash = 2166136261u;
  for (const char* c = site->file; *c != '\0'; ++c) hash = (hash ^ uint8_t(*c)) * kFnvPrime;
  return (hash ^ uint32_t(site->line)) * kFnvPrime;
}

uint32_t Fold(uint32_t hash) { return hash ^ hash >> 12 ^ hash >> 24; }

// A cache of them: a name takes longer than all else about an order.
class SiteHashes {
 public:
  uint32_t Of(const wr_site* site) {
    Slot& slot = slots_[reinterpret_cast<uintptr_t>(site) / alignof(wr_site) % kSlots];
    if (slot.site != site) slot = {site, HashSite(site)};
    return slot.hash;
  }

 private:
  static constexpr size_t kSlots = 1024;
  struct Slot {
    const wr_site* site;
    uint32_t hash;
  };
  Slot slots_[kSlots] = {};
};

class Counter final : public OrderListener {
 public:
  void BeginRun() {
    ++run_;
    previous_ = 0;
  }

  void OnOrder(OrderKind kind, const Event& before, const Event& after) override {
    const uint32_t first = (hashes_.Of(before.site) ^ static_cast<uint32_t>(kind)) * kFnvPrime;
    const uint32_t hash = first ^ hashes_.Of(after.site);
    const size_t order = Fold(hash) % kOrdersMax;
    NoteOrder(order);
    // What a read saw follows from the conflicts: a second counter would only be a second input.
    if (!counts_ || kind != OrderKind::kConflict) return;
    Count(order);
    Count(kOrdersMax + Fold((previous_ * 31 + hash) * 0x9e3779b1u) % kSuccessionsMax);
    previous_ = hash;
  }

 private:
  // Once a run: a loop that goes around once more is no news.
  void Count(size_t counter) {
    if (counted_in_[counter] == run_) return;
    counted_in_[counter] = run_;
    CountOrder(counter);
  }

  SiteHashes hashes_;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no threads yet
  const bool counts_ = std::getenv("WALKRACE_NO_ORDERS") == nullptr;
  uint64_t run_ = 0;
  uint32_t previous_ = 0;  // conflict of this run
  uint64_t counted_in_[kOrderCountersMax] = {};
};

}  // namespace

void CountOrders(const Engine& engine) {
  static Counter& counter = *new Counter();
  counter.BeginRun();
  TellOrders(engine, counter);
}

}  // namespace walkrace
