// The sparse schedule: a default order plus a list of preemptions. Default order: a CPU goes on
// until it blocks or ends; then the lowest-numbered runnable CPU runs. An empty schedule is the
// default order; deleting entries is minimising.
#ifndef WALKRACE_ENGINE_SCHEDULE_H_
#define WALKRACE_ENGINE_SCHEDULE_H_

#include <cstdint>

#include "base/fixed_vector.h"
#include "engine/event.h"

namespace walkrace {

// "CPU `cpu`, when its `event`-th event is to come, hands over to CPU `to`." Event numbers are
// 1-based; number 0 of CPU 0 is the start of the run; the number after a CPU's last event is its
// end. Where `to` cannot run at that moment, or the CPU never reaches the event, the entry is
// without effect. Of two entries for one event the first counts.
struct Preemption {
  uint16_t event;
  uint8_t cpu;
  uint8_t to;

  friend bool operator==(const Preemption& a, const Preemption& b) {
    return a.event == b.event && a.cpu == b.cpu && a.to == b.to;
  }
};

using Schedule = FixedVector<Preemption, kStepsMax>;

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_SCHEDULE_H_
