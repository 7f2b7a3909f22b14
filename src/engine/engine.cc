#include "engine/engine.h"

#include "base/check.h"
#include "engine/run_edges.h"
#include "engine/sc_memory.h"
#include "engine/steps.h"
#include "engine/unseen.h"

namespace walkrace {
namespace {

char start_edge;
char end_edges[kCpusMax];

// All of an event but the site, whose address may not matter.
static_assert(offsetof(Event, site) == 4 * sizeof(uint64_t));

// One multiplication an event is in the chain from event to event: the others run beside it.
uint64_t HashOf(const Event* events, size_t count) {
  uint64_t hash = 0;
  for (const Event* event = events; event != events + count; ++event) {
    uint64_t words[4];
    __builtin_memcpy(words, event, sizeof(words));
    const uint64_t line = event->site == nullptr ? 0 : event->site->line;
    hash ^= words[0] * 0xbf58476d1ce4e5b9u + words[1] * 0x94d049bb133111ebu +
            words[2] * 0xd6e8feb86659fd93u + words[3] * 0xa0761d6478bd642fu +
            line * 0xe7037ed1a0b428dbu;
    hash *= 0x9e3779b97f4a7c15u;
    hash ^= hash >> 29;
  }
  return hash;
}

}  // namespace

CpuId DefaultPick(const Choice& choice) {
  if ((choice.runnable & (CpuMask{1} << choice.current)) != 0) return choice.current;
  return __builtin_ctz(choice.runnable);
}

Engine::Engine(Backend& backend) : backend_(&backend) {}

void Engine::set_backend(Backend& backend) {
  WR_CHECK(!in_run());
  backend_ = &backend;
}

void Engine::SetArena(void* base, size_t bytes) {
  WR_CHECK(reinterpret_cast<uintptr_t>(base) % 8 == 0);
  arena_base_ = reinterpret_cast<uintptr_t>(base);
  arena_bytes_ = bytes;
}

void* Engine::AddressOf(LocationId location) const {
  WR_CHECK(uint64_t{location} * 8 < arena_bytes_);
  return reinterpret_cast<void*>(arena_base_ + uintptr_t{location} * 8);
}

RunResult Engine::Run(Strategy& strategy, uint64_t seed, int cpu_count, Body body, void* context) {
  WR_CHECK(!in_run());
  WR_CHECK(cpu_count >= 1 && cpu_count <= kCpusMax);
  strategy_ = &strategy;
  body_ = body;
  context_ = context;
  cpu_count_ = cpu_count;
  step_ = 0;
  event_count_ = 0;
  taken_.clear();
  stop_requested_ = false;
  steps_bound_ = kStepsBound;
  unwinding_ = false;
  result_ = {};
  unfinished_ = Bit(cpu_count) - 1;
  waiting_ = 0;
  for (CpuId cpu = 0; cpu < cpu_count; ++cpu) {
    cpus_[cpu].arrival = {EventKind::kBegin, 0,       Order::kPlain, 0,
                          kNoLocation,       nullptr, nullptr,       nullptr};
    cpus_[cpu].number = 0;
    cpus_[cpu].finished = false;
    cpus_[cpu].interruptible = true;
    cpus_[cpu].interrupted = false;
    cpus_[cpu].has_late = false;
    pending_[cpu] = {EventKind::kBegin, Order::kPlain, kNoLocation, nullptr};
  }
  strategy.Begin(cpu_count, seed);
  old_reads_.clear();
  if (!is_sc_) {
    BeginWeak(cpu_count);
    if (choices_ != nullptr) choices_->Begin(cpu_count, seed);
  }
  backend_->Prepare(cpu_count, &Engine::CpuMain, this);

  RunEdgeRelease(&start_edge);
  const CpuId first = PickNext(0, RunnableMask());
  running_ = first;
  backend_->Switch(kHost, first);
  for (CpuId cpu = 0; cpu < cpu_count; ++cpu) RunEdgeAcquire(&end_edges[cpu]);

  running_ = kHost;
  touches_ = nullptr;
  result_.steps = step_;
  result_.trace_hash = HashOf(events_, event_count_);
  strategy.End(step_);
  return result_;
}

void Engine::CpuMain(void* self, CpuId cpu) { static_cast<Engine*>(self)->RunBody(cpu); }

void Engine::RunBody(CpuId cpu) {
  RunEdgeAcquire(&start_edge);
  if (!unwinding_ && setjmp(unwind_[cpu]) == 0) {
    cpus_[cpu].number = 1;
    body_(context_, cpu);
    if (cpus_[cpu].has_late) CommitLateByOwnSteps(cpu);
    EndCpu(cpu);
  }
  // Here the run is over for this CPU: at its end with others to go on (EndCpu chose one), at the
  // end of the whole run, or while a run that was cut short unwinds.
  cpus_[cpu].finished = true;
  unfinished_ &= ~Bit(cpu);
  RunEdgeRelease(&end_edges[cpu]);
  const CpuId next = unwinding_ ? NextUnfinished() : running_;
  if (unwinding_) running_ = next;
  backend_->Leave(cpu, next);
}

// Chooses who goes on after `cpu` has ended; leaves kHost in running_ when all have.
void Engine::EndCpu(CpuId cpu) {
  // It is idle from now on, and an idle CPU takes interrupts.
  if (cpus_[cpu].interrupted && !stop_requested_) TakeInterrupt(cpu);
  if (stop_requested_) Abandon(Outcome::kStopped);
  cpus_[cpu].finished = true;
  unfinished_ &= ~Bit(cpu);
  if (unfinished_ == 0) {
    result_.outcome = Outcome::kFinished;
    running_ = kHost;
    return;
  }
  const CpuMask runnable = RunnableMask();
  if (runnable == 0) Abandon(Outcome::kDeadlock);
  running_ = PickNext(cpu, runnable);
  ++result_.hand_overs;
}

CpuId Engine::NextUnfinished() const {
  return unfinished_ == 0 ? kHost : __builtin_ctz(unfinished_);
}

CpuMask Engine::ReadyOfWaiting() const {
  CpuMask ready = 0;
  for (CpuMask rest = waiting_ & unfinished_; rest != 0; rest &= rest - 1) {
    const CpuId id = __builtin_ctz(rest);
    const Cpu& cpu = cpus_[id];
    if (cpu.arrival.ready(cpu.arrival.ready_argument) || (cpu.interrupted && cpu.interruptible) ||
        cpu.has_late) {
      ready |= Bit(id);
    }
  }
  return ready;
}

CpuId Engine::PickNext(CpuId arrived, CpuMask runnable) {
  const CpuId next = Pick(arrived, runnable);
  KeepChoice(arrived, next, runnable);
  return next;
}

// Into the schedule, where it is not what the default order would be.
void Engine::KeepChoice(CpuId arrived, CpuId next, CpuMask runnable) {
  const CpuId by_default = (runnable & Bit(arrived)) != 0 ? arrived : __builtin_ctz(runnable);
  if (next == by_default) return;
  const Preemption taken{cpus_[arrived].number, static_cast<uint8_t>(arrived),
                         static_cast<uint8_t>(next)};
  WR_CHECK(taken_.push_back(taken));  // kStepsBound keeps room
}

void Engine::HandOver(CpuId from, CpuId to, CpuMask runnable) {
  KeepChoice(from, to, runnable);
  if ((runnable & Bit(from)) != 0) ++result_.preemptions;
  ++result_.hand_overs;
  running_ = to;
  backend_->Switch(from, to);
  if (unwinding_) longjmp(unwind_[from], 1);
}

void Engine::AbandonAtBound() {
  Abandon(stop_requested_ ? Outcome::kStopped : Outcome::kStepBound);
}

void Engine::Abandon(Outcome outcome) {
  result_.outcome = outcome;
  for (CpuId cpu = 0; cpu < cpu_count_ && outcome == Outcome::kDeadlock; ++cpu) {
    if (!cpus_[cpu].finished) result_.waiting |= Bit(cpu);
  }
  unwinding_ = true;
  longjmp(unwind_[running_], 1);
}

// What the chosen CPU does instead of its event to come; nothing, where that is what comes.
bool Engine::AttendsToOther(CpuId self) {
  Cpu& cpu = cpus_[self];
  if (cpu.interrupted && cpu.interruptible) {
    TakeInterrupt(self);
    return true;
  }
  const bool waits = (waiting_ & Bit(self)) != 0 && !cpu.arrival.ready(cpu.arrival.ready_argument);
  if (waits) CommitWhileWaiting(self);
  return waits;
}

void Engine::TakeInterrupt(CpuId self) {
  Cpu& cpu = cpus_[self];
  while (cpu.has_late) CommitWhileWaiting(self);
  cpu.interrupted = false;
  ++step_;
  interrupt_handler_(self);
  ++cpu.number;
}

void Engine::AwaitArrival(CpuId self) { AwaitTurn(self); }

void Engine::Complete(uint64_t before, uint64_t after, bool failed) {
  const CpuId self = running_;
  const Cpu& cpu = cpus_[self];
  const Arrival& arrival = cpu.arrival;
  Event& event = NextEvent();
  event = {step_,        cpu.number,     static_cast<uint8_t>(self),
           arrival.kind, arrival.detail, arrival.order,
           arrival.size, failed,         arrival.location,
           before,       after,          arrival.site};
  waiting_ &= ~Bit(self);
  Publish(event);
  FinishStep(self);
}

void Engine::SetAfter(size_t event, uint64_t after) {
  WR_CHECK(event < event_count_);
  events_[event].after = after;
}

void Engine::ResolveLocation(LocationId location) { cpus_[running_].arrival.location = location; }

void Engine::Collect(uint32_t object, Touched how) {
  const Unseen unseen;
  touches_->Add(object, how);
}

void Engine::SetInterruptible(bool interruptible) { cpus_[running_].interruptible = interruptible; }

bool Engine::PostInterrupt(CpuId cpu) {
  Touch(kInterruptsOf + cpu, Touched::kWrite);
  if (cpus_[cpu].finished) {
    RunEdgeAcquire(&end_edges[cpu]);  // the caller goes on where that CPU ended
    return false;
  }
  cpus_[cpu].interrupted = true;
  return true;
}

}  // namespace walkrace
