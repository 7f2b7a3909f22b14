// Which events of a run a reader must see to understand its finding. Starts from the two events
// whose order did it, takes what they touch and what leads there (the folio, the ptes that map it,
// the table that holds them, the pmd that holds the table), and grades every event by that.
#ifndef WALKRACE_TRACE_RELEVANCE_H_
#define WALKRACE_TRACE_RELEVANCE_H_

#include <cstdint>
#include <vector>

#include "trace/trace_view.h"

namespace walkrace {

// From what must be shown to what only a full listing shows.
enum class Relevance : uint8_t {
  kMarked,      // one of the two
  kStory,       // changes, fates and stale views of the objects that they are about; what is done
                // between a change and a fate so that nobody uses them: flushes, IPIs, RCU
  kContext,     // other looks at them; other flushes and interrupts
  kDetail,      // counts looked at, interrupts on and off
  kBackground,  // other objects that several CPUs fight for, and their fates
  kNoise,       // the rest
};

struct EventGrade {
  Relevance relevance = Relevance::kNoise;
  // A load of an entry that this CPU had loaded before in the same operation.
  bool again = false;
  bool changed = false;  // and it has another value now
};

// One grade an event.
std::vector<EventGrade> GradeEvents(const TraceView& view);

}  // namespace walkrace

#endif  // WALKRACE_TRACE_RELEVANCE_H_
