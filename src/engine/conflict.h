// Whether the order of two events to come can matter: what strategies that sample partial orders
// go by. For choosing schedules only; a proof asks for more.
#ifndef WALKRACE_ENGINE_CONFLICT_H_
#define WALKRACE_ENGINE_CONFLICT_H_

#include "engine/strategy.h"

namespace walkrace {

// One location, and not two reads of it.
inline bool Conflict(const PendingEvent& one, const PendingEvent& other) {
  return one.location != kNoLocation && one.location == other.location &&
         (one.kind != EventKind::kLoad || other.kind != EventKind::kLoad);
}

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_CONFLICT_H_
