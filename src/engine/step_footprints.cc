#include "engine/step_footprints.h"

#include <utility>

#include "base/check.h"

namespace walkrace {
namespace {

// WR_RW_WRITER: a read-write lock counts its readers below this.
constexpr uint64_t kWriter = 0x80000000;

}  // namespace

bool LockCanBeTaken(LockKind kind, uint64_t value) {
  return kind == LockKind::kRead ? value < kWriter : value == 0;
}

void StepFootprints::BeginRun() { WR_CHECK(engine_.memory() == MemoryKind::kSc); }

Waiting StepFootprints::WaitingOf(CpuId cpu) const {
  const Arrival& arrival = engine_.arrival(cpu);
  Waiting waiting;
  waiting.at[0] = arrival.location;
  waiting.at[1] = arrival.also;
  switch (arrival.kind) {
    case EventKind::kLock:
      waiting.guard = Guard::kLock;
      waiting.lock_kind = static_cast<LockKind>(arrival.detail);
      break;
    case EventKind::kIpiWait:
      waiting.guard = Guard::kAcknowledge;
      break;
    default:
      waiting.guard = Guard::kOther;
      break;
  }
  return waiting;
}

void StepFootprints::BeginStep(CpuId cpu) {
  first_event_ = engine_.event_count();
  interruptible_ = engine_.interruptible(cpu);
  begun_.cpu = cpu;
  begun_.is_interrupt = engine_.takes_interrupt(cpu);
  begun_.guard = Guard::kNone;
  begun_.waiting = Waiting();
  if (engine_.may_wait(cpu)) {
    const Waiting waiting = WaitingOf(cpu);
    if (begun_.is_interrupt) {
      begun_.waiting = waiting;
    } else {
      begun_.guard = waiting.guard;
    }
  }
  touches_.Clear();
  engine_.set_touches(&touches_);
}

void StepFootprints::EndStep(bool ended, Step* step) {
  step->cpu = begun_.cpu;
  step->guard = begun_.guard;
  step->is_interrupt = begun_.is_interrupt;
  step->waiting = begun_.waiting;
  step->lock = kNoLocation;
  // With interrupts on, a step is taken only where no interrupt is pending.
  if (interruptible_) {
    touches_.Add(kInterruptsOf + begun_.cpu,
                 begun_.is_interrupt ? Touched::kWrite : Touched::kRead);
  }
  if (ended) {
    touches_.Add(kInterruptsOf + begun_.cpu, Touched::kWrite);
    touches_.Add(kQuiescenceOf + begun_.cpu, Touched::kWrite);
  }
  for (size_t i = first_event_; i < engine_.event_count(); ++i) {
    const Event& event = engine_.events()[i];
    if (event.kind == EventKind::kLock || event.kind == EventKind::kUnlock) {
      step->lock = event.location;
      step->unlocks = event.kind == EventKind::kUnlock;
      step->lock_kind = static_cast<LockKind>(event.detail);
      step->lock_before = event.before;
    }
    AddEvent(event, static_cast<uint32_t>(i), touches_);
  }
  touches_.Settle();
  std::swap(step->footprint, touches_);
}

void StepFootprints::AddEvent(const Event& event, uint32_t /*index*/, Footprint& footprint) {
  switch (event.kind) {
    case EventKind::kLoad:
      if (event.location != kNoLocation) footprint.Add(event.location, Touched::kRead);
      break;
    case EventKind::kRmw:
      footprint.Add(event.location, event.failed ? Touched::kRead : Touched::kWrite);
      break;
    case EventKind::kStore:
      // Of the value that stands there already as well: who looks at the order may tell.
      if (event.location != kNoLocation) footprint.Add(event.location, Touched::kWrite);
      break;
    case EventKind::kLock:
    case EventKind::kUnlock:
      footprint.Add(event.location, static_cast<LockKind>(event.detail) == LockKind::kRead
                                        ? Touched::kLeft
                                        : Touched::kWrite);
      break;
    case EventKind::kIrqOff:
    case EventKind::kIrqOn:
    case EventKind::kRcuLock:
    case EventKind::kRcuUnlock:
      footprint.Add(kQuiescenceOf + event.cpu, Touched::kWrite);
      break;
    case EventKind::kIpiSend:
      footprint.Add(kAcknowledgementsOf + event.cpu, Touched::kWrite);
      break;
    case EventKind::kIpiHandle:
      footprint.Add(kAcknowledgementsOf + static_cast<uint32_t>(event.before), Touched::kLeft);
      break;
    case EventKind::kIpiWait:
      footprint.Add(kAcknowledgementsOf + event.cpu, Touched::kRight);
      break;
    case EventKind::kRcuCall:
      for (CpuId cpu = 0; cpu < engine_.cpu_count(); ++cpu) {
        footprint.Add(kQuiescenceOf + cpu, Touched::kRead);
      }
      break;
    case EventKind::kBegin:
    case EventKind::kFence:
    case EventKind::kRcuDone:
    case EventKind::kTlb:
    case EventKind::kNote:
    case EventKind::kIssue:
    case EventKind::kKindCount:
      break;
  }
}

}  // namespace walkrace
