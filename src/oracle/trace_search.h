// Searches of the trace for the two events whose order did it. Made when a violation is reported,
// so that nothing need be remembered for them while all is well. All return an index into the
// trace, or kNoEvent.
#ifndef WALKRACE_ORACLE_TRACE_SEARCH_H_
#define WALKRACE_ORACLE_TRACE_SEARCH_H_

#include <cstdint>

#include "engine/engine.h"
#include "kernel/notes.h"
#include "oracle/oracle.h"
#include "oracle/reference_history.h"

namespace walkrace {

// The last event before index `end` that `matches`.
template <typename Predicate>
uint32_t FindLast(const Engine& engine, uint32_t end, const Predicate& matches) {
  if (end > engine.event_count()) end = static_cast<uint32_t>(engine.event_count());
  for (uint32_t i = end; i-- > 0;) {
    if (matches(engine.events()[i])) return i;
  }
  return kNoEvent;
}

// The read-modify-write by which the call took this reference; its note where there is none.
uint32_t FindTaking(const Engine& engine, const Reference& reference);

// The load of the folio's count that the check noted at `check` stands on; else `check` itself.
uint32_t FindLook(const Engine& engine, uint32_t check, uint16_t head);

// The last store or read-modify-write before `end` that left `value` at this location.
uint32_t FindWriteOf(const Engine& engine, LocationId location, uint64_t value, uint32_t end);

// The last reference taken on the folio by a GUP call that neither put it back nor returned it.
uint32_t FindLeak(const Engine& engine, uint16_t head);

}  // namespace walkrace

#endif  // WALKRACE_ORACLE_TRACE_SEARCH_H_
