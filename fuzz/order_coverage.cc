#include "order_coverage.h"

#include "progress_file.h"

namespace walkrace {
namespace {

bool IsAccess(const Event& event) {
  return event.kind == EventKind::kLoad || event.kind == EventKind::kStore ||
         event.kind == EventKind::kRmw;
}

// FNV-1a over the file's name and the line: no address may matter.
uint32_t HashSite(uint32_t hash, const wr_site* site) {
  if (site == nullptr) return hash;
  for (const char* c = site->file; *c != '\0'; ++c) hash = (hash ^ uint8_t(*c)) * 16777619u;
  return (hash ^ uint32_t(site->line)) * 16777619u;
}

size_t OrderOf(const Event& before, const Event& after) {
  const uint32_t hash = HashSite(HashSite(2166136261u, before.site), after.site);
  return (hash ^ hash >> 12 ^ hash >> 24) % kOrdersMax;
}

// The last access to each location, by a small cache: a collision loses feedback, nothing else.
constexpr size_t kLocationsMax = 1024;
struct LastAccess {
  const Event* event;
  LocationId location;
  uint32_t run;
};
LastAccess last_accesses[kLocationsMax];
uint32_t run_number;

}  // namespace

void CountOrders(const Engine& engine) {
  ++run_number;
  for (size_t i = 0; i < engine.event_count(); ++i) {
    const Event& event = engine.events()[i];
    if (!IsAccess(event) || event.location == kNoLocation) continue;
    LastAccess& last = last_accesses[event.location % kLocationsMax];
    const bool known = last.run == run_number && last.location == event.location;
    if (known && last.event->cpu != event.cpu &&
        (last.event->kind != EventKind::kLoad || event.kind != EventKind::kLoad)) {
      const size_t order = OrderOf(*last.event, event);
      CountOrder(order);
      NoteOrder(order);
    }
    last = {&event, event.location, run_number};
  }
}

}  // namespace walkrace
