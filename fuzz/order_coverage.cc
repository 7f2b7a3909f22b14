#include "order_coverage.h"

#include <cstdlib>

#include "engine/access_orders.h"
#include "progress_file.h"

namespace walkrace {
namespace {

// FNV-1a over the file's name and the line: no address may matter.
uint32_t HashSite(uint32_t hash, const wr_site* site) {
  for (const char* c = site->file; *c != '\0'; ++c) hash = (hash ^ uint8_t(*c)) * 16777619u;
  return (hash ^ uint32_t(site->line)) * 16777619u;
}

class Counter final : public OrderListener {
 public:
  void OnOrder(OrderKind kind, const Event& before, const Event& after) override {
    const uint32_t start = 2166136261u ^ static_cast<uint32_t>(kind);
    const uint32_t hash = HashSite(HashSite(start, before.site), after.site);
    const size_t order = (hash ^ hash >> 12 ^ hash >> 24) % kOrdersMax;
    if (counts_) CountOrder(order);
    NoteOrder(order);
  }

 private:
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no threads yet
  const bool counts_ = std::getenv("WALKRACE_NO_ORDERS") == nullptr;
};

}  // namespace

void CountOrders(const Engine& engine) {
  static Counter& counter = *new Counter();
  TellOrders(engine, counter);
}

}  // namespace walkrace
