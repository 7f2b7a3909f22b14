#include "trace/trace_view.h"

#include <cstring>

#include "oracle/progress_oracle.h"

namespace walkrace {
namespace {

// Whether the last that was done to a lock left it taken.
bool IsTaken(const Engine& engine, LocationId lock) {
  for (size_t i = engine.event_count(); i-- > 0;) {
    const Event& last = engine.events()[i];
    if (last.location == lock) return last.after != 0;
  }
  return false;
}

// A CPU waits if the event that it announced last, of a kind that can wait, never happened.
bool IsWaiting(const Engine& engine, CpuId cpu) {
  const PendingEvent& pending = engine.pending(cpu);
  if (pending.kind != EventKind::kLock && pending.kind != EventKind::kIpiWait) return false;
  if (pending.kind == EventKind::kLock && !IsTaken(engine, pending.location)) return false;
  for (size_t i = engine.event_count(); i-- > 0;) {
    const Event& last = engine.events()[i];
    if (last.cpu != cpu || !IsStep(last) || last.kind == EventKind::kIpiHandle) continue;
    return last.kind != pending.kind || last.location != pending.location ||
           last.site != pending.site;
  }
  return true;
}

}  // namespace

TraceView ViewOfLastRun(const Engine& engine, const Scenario& scenario,
                        const Violation& violation) {
  TraceView view{.events = engine.events(),
                 .count = engine.event_count(),
                 .cpu_count = engine.cpu_count(),
                 .scenario = scenario,
                 .violation = violation,
                 .preemptions = engine.taken(),
                 .old_loads = engine.old_loads()};
  // A run that an oracle stopped was cut short anywhere: nobody need have been waiting.
  if (violation.oracle == nullptr || std::strcmp(violation.oracle, kProgressName) != 0) return view;
  for (CpuId cpu = 0; cpu < view.cpu_count; ++cpu) {
    if (IsWaiting(engine, cpu)) view.waits_for[cpu] = engine.pending(cpu);
  }
  return view;
}

bool IsStep(const Event& event) {
  if (event.kind == EventKind::kTlb)
    return event.detail != kTlbFill && event.detail != kTlbPageFault;
  return event.kind != EventKind::kNote && event.kind != EventKind::kRcuDone;
}

int MarkOf(const TraceView& view, size_t index) {
  if (view.violation.oracle == nullptr || index >= view.count) return 0;
  if (index == view.violation.first_event) return 1;
  return index == view.violation.second_event ? 2 : 0;
}

}  // namespace walkrace
