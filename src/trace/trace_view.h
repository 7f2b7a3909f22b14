// One run as renderers see it: its events in order, what it ran, what was found. Points into the
// engine and the caller's data; valid until the next run.
#ifndef WALKRACE_TRACE_TRACE_VIEW_H_
#define WALKRACE_TRACE_TRACE_VIEW_H_

#include <cstddef>
#include <cstdint>

#include "engine/engine.h"
#include "oracle/oracle.h"
#include "scenario/scenario.h"

namespace walkrace {

struct TraceView {
  const Event* events = nullptr;
  size_t count = 0;
  int cpu_count = 0;
  const Scenario& scenario;
  const Violation& violation;   // oracle null: nothing was found
  const Schedule& preemptions;  // as taken: those that took effect, and what weak memory left open
  const std::vector<Engine::OldLoad>& old_loads;
  // What each CPU waited for when a run without progress ended. Site null: it did not wait.
  PendingEvent waits_for[kCpusMax] = {};
};

// The last run of `engine`.
TraceView ViewOfLastRun(const Engine& engine, const Scenario& scenario, const Violation& violation);

// Whether the event is one step of its CPU: what a preemption can stand before. The others are
// facts that were noted on the way and carry the number of the step that they belong to.
bool IsStep(const Event& event);

// Renderers mark the two events whose order did it as (1) and (2). Returns 1 or 2, or 0 for every
// other event. `index` is an index into the trace.
int MarkOf(const TraceView& view, size_t index);

}  // namespace walkrace

#endif  // WALKRACE_TRACE_TRACE_VIEW_H_
