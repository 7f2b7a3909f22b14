#include "engine/access_orders.h"

namespace walkrace {
namespace {

constexpr size_t kPlacesMax = 1024;

struct Place {
  uint64_t run;
  LocationId location;
  const Event* access;  // the last
  const Event* write;   // the last, or null
};
Place places[kPlacesMax];
uint64_t run_number;

}  // namespace

bool IsAccess(const Event& event) {
  return event.location != kNoLocation && event.site != nullptr &&
         (event.kind == EventKind::kLoad || event.kind == EventKind::kStore ||
          event.kind == EventKind::kRmw);
}

// A compare-and-exchange that failed has only read.
bool Writes(const Event& event) { return event.kind != EventKind::kLoad && !event.failed; }
bool Reads(const Event& event) { return event.kind != EventKind::kStore; }

void TellOrders(const Engine& engine, OrderListener& listener) {
  ++run_number;
  for (size_t i = 0; i < engine.event_count(); ++i) {
    const Event& event = engine.events()[i];
    if (!IsAccess(event)) continue;
    Place& place = places[event.location % kPlacesMax];
    if (place.run != run_number || place.location != event.location) {
      place = {run_number, event.location, &event, Writes(event) ? &event : nullptr};
      continue;
    }
    if (place.access->cpu != event.cpu && (Writes(*place.access) || Writes(event))) {
      listener.OnOrder(OrderKind::kConflict, *place.access, event);
    }
    if (place.write != nullptr && place.write->cpu != event.cpu && Reads(event)) {
      listener.OnOrder(OrderKind::kReadsFrom, *place.write, event);
    }
    place.access = &event;
    if (Writes(event)) place.write = &event;
  }
}

}  // namespace walkrace
