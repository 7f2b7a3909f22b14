// Given the runnable CPUs and the events to come: who goes next? One strategy a file.
// A strategy sees nothing else, so the same choices give the same run.
#ifndef WALKRACE_ENGINE_STRATEGY_H_
#define WALKRACE_ENGINE_STRATEGY_H_

#include <cstdint>

#include "engine/event.h"
#include "engine/memory_model.h"

namespace walkrace {

// The event that a CPU will execute when it is next chosen.
struct PendingEvent {
  EventKind kind;
  Order order;
  LocationId location;  // kNoLocation where there is none
  const wr_site* site;  // null before a CPU's first event
};

// One decision. There is one when a run starts (cpu 0, number 0), one before each event of each
// CPU, and one when a CPU ends.
struct Choice {
  CpuMask runnable;             // never empty
  CpuId current;                // the CPU that arrived at this decision; it may be unable to run
  uint16_t number;              // of the event that `current` is about to execute
  uint32_t step;                // steps executed so far in this run
  const PendingEvent* pending;  // indexed by CPU
  int cpu_count;
};

class Strategy {
 public:
  virtual ~Strategy() = default;

  // Called before each run. `seed` is this run's own; strategies without chance ignore it.
  virtual void Begin(int cpu_count, uint64_t seed) = 0;

  // Returns the CPU that goes next, a member of `choice.runnable`.
  virtual CpuId Pick(const Choice& choice) = 0;

  // What it has to say about weak memory; null: nothing, and somebody else may.
  virtual MemoryChoices* memory_choices() { return nullptr; }

  // Called after each run with the number of steps that it took.
  virtual void End(uint32_t /*steps*/) {}
};

// The default order: `current` while it can run, else the lowest-numbered runnable CPU.
CpuId DefaultPick(const Choice& choice);

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_STRATEGY_H_
