// Where a schedule could be changed so that the change matters: pairs of events of a run whose
// order can be turned around. A mutation that knows them puts its preemptions there.
#ifndef WALKRACE_SCENARIO_AIMS_H_
#define WALKRACE_SCENARIO_AIMS_H_

#include <cstddef>
#include <cstdint>

#include "base/fixed_vector.h"
#include "engine/event.h"
#include "scenario/scenario.h"

namespace walkrace {

// Two events of different CPUs at one place, not both of them reads, the earlier one first. Events
// are numbered as in a Preemption.
struct Aim {
  uint16_t event;
  uint16_t other_event;
  uint16_t other_next;  // what the other CPU was about to do when the earlier event happened
  uint8_t cpu;          // of the earlier
  uint8_t other;        // CPU of the later

  friend bool operator==(const Aim&, const Aim&) = default;
};

inline constexpr size_t kAimsMax = 4096;
using Aims = FixedVector<Aim, kAimsMax>;

// Knows a run of an input. Whoever can run inputs implements it.
class AimSource {
 public:
  virtual ~AimSource() = default;
  // Of the input's own run, in the order of the later events. Valid until the next call.
  virtual const Aims& AimsOf(const Input& input) = 0;
};

// Fills `aims` from a run's events. For each event, as the later one, the last few at its place
// count. Leaves out pairs that cannot be turned around, or elsewhere: one lock keeps them apart
// (its events are places as well), or the later one's CPU waits for an IPI that the earlier one's
// does not take. Stops where `aims` is full.
void FindAims(const Event* events, size_t count, Aims& aims);

}  // namespace walkrace

#endif  // WALKRACE_SCENARIO_AIMS_H_
