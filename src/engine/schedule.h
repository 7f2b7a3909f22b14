// The sparse schedule: a default order plus a list of exceptions from it. Default order: a CPU goes
// on until it blocks or ends; then the lowest-numbered runnable CPU runs; loads read the newest
// value, and stores take effect at once. An empty schedule is the default order; deleting entries
// is minimising.
#ifndef WALKRACE_ENGINE_SCHEDULE_H_
#define WALKRACE_ENGINE_SCHEDULE_H_

#include <cstdint>

#include "base/fixed_vector.h"
#include "engine/event.h"

namespace walkrace {

enum class EntryKind : uint8_t {
  kPreempt,  // when the event is to come, the CPU hands over to CPU `to`
  kOld,      // the event, a load, reads a value that is `amount` writes older than the newest, as
             // far as the memory model allows
  kLate,     // the event, a store, takes effect only before the `amount`-th event of its CPU after
             // it, as far as the memory model allows
};

// An exception for event `event` of CPU `cpu`. Event numbers are 1-based; number 0 of CPU 0 is the
// start of the run; the number after a CPU's last event is its end. Where `to` cannot run at that
// moment, the event is of another kind, the memory model does not allow it, or the CPU never
// reaches the event, the entry is without effect. Of two entries of a kind for one event the first
// counts.
struct Preemption {
  uint16_t event;
  uint8_t cpu;
  uint8_t to = 0;  // kPreempt; else 0
  EntryKind kind = EntryKind::kPreempt;
  uint8_t amount = 0;  // 1 to kAmountMax; of kPreempt 0

  friend bool operator==(const Preemption&, const Preemption&) = default;
};

inline constexpr int kAmountMax = 16;

using Schedule = FixedVector<Preemption, kStepsMax>;

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_SCHEDULE_H_
