#include "oracle/progress_oracle.h"

#include <cstdio>
#include <cstring>
#include <string>

#include "base/fixed_vector.h"
#include "oracle/trace_search.h"

namespace walkrace {
namespace {

const char* FunctionOf(const wr_site* site) { return site == nullptr ? "?" : site->function; }

bool IsStep(EventKind kind) { return kind != EventKind::kNote && kind != EventKind::kIpiHandle; }

uint32_t LastStep(const Engine& engine, CpuId cpu) {
  return FindLast(engine, kNoEvent,
                  [&](const Event& event) { return event.cpu == cpu && IsStep(event.kind); });
}

// The engine marks every CPU finished when it cuts a run short: a CPU that was waiting is known by
// an event that was announced and did not happen, of the kinds that can wait.
bool IsBlocked(const Engine& engine, CpuId cpu) {
  const PendingEvent& pending = engine.pending(cpu);
  // A load waits in wr_wait_clear and wr_wait_change.
  if (pending.kind != EventKind::kLock && pending.kind != EventKind::kIpiWait &&
      pending.kind != EventKind::kLoad) {
    return false;
  }
  const uint32_t last = LastStep(engine, cpu);
  if (last == kNoEvent) return true;
  const Event& event = engine.events()[last];
  return event.kind != pending.kind || event.location != pending.location ||
         event.site != pending.site;
}

// How a blocked CPU keeps another waiting, the strongest first.
enum class Role : uint8_t {
  kInterruptsOff,  // takes no IPI
  kHoldsLock,      // that another blocked CPU waits for
  kSendsIpi,       // and waits for its acknowledgement
  kBystander,      // only waits
};

struct BlockedCpu {
  CpuId cpu;
  Role role;
  uint32_t event;  // that put it into its role: the same however far the CPU came since
};

// The event by which this CPU took a lock that it has not given back and that `others` want.
uint32_t HeldLock(const Engine& engine, CpuId cpu, const FixedVector<CpuId, kCpusMax>& others) {
  for (const CpuId other : others) {
    const PendingEvent& pending = engine.pending(other);
    if (other == cpu || pending.kind != EventKind::kLock) continue;
    const uint32_t last = FindLast(engine, kNoEvent, [&](const Event& event) {
      return event.cpu == cpu && event.location == pending.location &&
             (event.kind == EventKind::kLock || event.kind == EventKind::kUnlock);
    });
    if (last != kNoEvent && engine.events()[last].kind == EventKind::kLock) return last;
  }
  return kNoEvent;
}

BlockedCpu Classify(const Engine& engine, CpuId cpu, const FixedVector<CpuId, kCpusMax>& blocked) {
  const uint32_t last = LastStep(engine, cpu);
  if (engine.pending(cpu).kind == EventKind::kIpiWait) return {cpu, Role::kSendsIpi, last};
  const uint32_t irq = FindLast(engine, kNoEvent, [&](const Event& event) {
    return event.cpu == cpu &&
           (event.kind == EventKind::kIrqOff || event.kind == EventKind::kIrqOn);
  });
  if (irq != kNoEvent && engine.events()[irq].kind == EventKind::kIrqOff) {
    return {cpu, Role::kInterruptsOff, irq};
  }
  const uint32_t lock = HeldLock(engine, cpu, blocked);
  if (lock != kNoEvent) return {cpu, Role::kHoldsLock, lock};
  return {cpu, Role::kBystander, last};
}

// The order in which blocked CPUs are told: by role, then by function; the trace's order only
// where nothing else tells them apart.
bool GoesFirst(const Engine& engine, const BlockedCpu& a, const BlockedCpu& b) {
  if (a.role != b.role) return a.role < b.role;
  if (a.event == kNoEvent || b.event == kNoEvent) return b.event == kNoEvent;
  const int order = std::strcmp(FunctionOf(engine.events()[a.event].site),
                                FunctionOf(engine.events()[b.event].site));
  return order != 0 ? order < 0 : a.event < b.event;
}

std::string Waiting(const Engine& engine, CpuId cpu) {
  const PendingEvent& pending = engine.pending(cpu);
  return "CPU " + std::to_string(cpu) + " in " + FunctionOf(pending.site) + " waits for " +
         (pending.kind == EventKind::kIpiWait ? "its IPI to be acknowledged"
                                              : NameOf(pending.location));
}

void JudgeDeadlock(const Engine& engine, Violation* violation) {
  FixedVector<CpuId, kCpusMax> blocked;
  std::string message = "deadlock: ";
  for (CpuId cpu = 0; cpu < engine.cpu_count(); ++cpu) {
    if (!IsBlocked(engine, cpu)) continue;
    if (!blocked.empty()) message += "; ";
    message += Waiting(engine, cpu);
    WR_CHECK(blocked.push_back(cpu));
  }
  (void)std::snprintf(violation->message, sizeof(violation->message), "%s", message.c_str());

  FixedVector<BlockedCpu, kCpusMax> cast;
  for (const CpuId cpu : blocked) {
    const BlockedCpu member = Classify(engine, cpu, blocked);
    size_t place = 0;
    while (place < cast.size() && !GoesFirst(engine, member, cast[place])) ++place;
    WR_CHECK(cast.insert(place, member));
  }
  if (cast.empty()) return;
  violation->cpu = cast[0].cpu;
  violation->first_event = cast[0].event;
  if (cast.size() == 1) return;
  // Opposite the first, whoever waits for an IPI; else the next.
  const BlockedCpu* second = &cast[1];
  for (const BlockedCpu& member : cast) {
    if (&member != &cast[0] && member.role == Role::kSendsIpi) second = &member;
  }
  violation->second_event = second->event;
}

void JudgeStepBound(const Engine& engine, Violation* violation) {
  std::string message = "no end after " + std::to_string(engine.steps()) + " steps:";
  const uint32_t last =
      FindLast(engine, kNoEvent, [](const Event& event) { return IsStep(event.kind); });
  if (last == kNoEvent) return;
  const CpuId cpu = engine.events()[last].cpu;
  const uint32_t other = FindLast(
      engine, last, [&](const Event& event) { return event.cpu != cpu && IsStep(event.kind); });
  violation->cpu = cpu;
  violation->first_event = other;
  violation->second_event = last;
  message +=
      " CPU " + std::to_string(cpu) + " goes on in " + FunctionOf(engine.events()[last].site);
  (void)std::snprintf(violation->message, sizeof(violation->message), "%s", message.c_str());
}

}  // namespace

void JudgeProgress(const Engine& engine, bool deadlock, Violation* violation) {
  if (violation->oracle != nullptr) return;
  *violation = Violation();
  violation->oracle = kProgressName;
  violation->step = engine.steps();
  if (deadlock) {
    JudgeDeadlock(engine, violation);
  } else {
    JudgeStepBound(engine, violation);
  }
}

}  // namespace walkrace
