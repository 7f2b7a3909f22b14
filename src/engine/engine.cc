#include "engine/engine.h"

#include "base/check.h"
#include "engine/run_edges.h"
#include "engine/sc_memory.h"
#include "engine/unseen.h"

namespace walkrace {
namespace {

char start_edge;
char end_edges[kCpusMax];

// One decision a step, and those that no step follows: the start, and for each CPU its end and the
// event that it has arrived at. All of them fit into a schedule.
constexpr uint32_t kStepsBound = kStepsMax - 2 * kCpusMax - 1;

constexpr CpuMask Bit(CpuId cpu) { return CpuMask{1} << cpu; }

inline uint64_t MixInto(uint64_t hash, uint64_t value) {
  hash ^= value;
  hash *= 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 29);
}

}  // namespace

CpuId DefaultPick(const Choice& choice) {
  if ((choice.runnable & Bit(choice.current)) != 0) return choice.current;
  return __builtin_ctz(choice.runnable);
}

Engine::Engine(Backend& backend) : backend_(&backend), memory_(&ScMemory()) {}

void Engine::set_backend(Backend& backend) {
  WR_CHECK(!in_run());
  backend_ = &backend;
}

void Engine::set_memory_model(MemoryModel* model) {
  memory_ = model;
  is_sc_ = model == &ScMemory();
}

void Engine::SetArena(void* base, size_t bytes) {
  WR_CHECK(reinterpret_cast<uintptr_t>(base) % 8 == 0);
  arena_base_ = reinterpret_cast<uintptr_t>(base);
  arena_bytes_ = bytes;
}

LocationId Engine::LocationOf(const void* address) const {
  const uintptr_t offset = reinterpret_cast<uintptr_t>(address) - arena_base_;
  WR_CHECK(offset < arena_bytes_);
  return static_cast<LocationId>(offset / 8);
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
    pending_[cpu] = {EventKind::kBegin, Order::kPlain, kNoLocation, nullptr};
  }
  memory_->Begin(cpu_count);
  strategy.Begin(cpu_count, seed);
  backend_->Prepare(cpu_count, &Engine::CpuMain, this);

  RunEdgeRelease(&start_edge);
  const CpuId first = PickNext(0, RunnableMask());
  running_ = first;
  backend_->Switch(kHost, first);
  for (CpuId cpu = 0; cpu < cpu_count; ++cpu) RunEdgeAcquire(&end_edges[cpu]);

  running_ = kHost;
  touches_ = nullptr;
  result_.steps = step_;
  strategy.End(step_);
  return result_;
}

void Engine::CpuMain(void* self, CpuId cpu) { static_cast<Engine*>(self)->RunBody(cpu); }

void Engine::RunBody(CpuId cpu) {
  RunEdgeAcquire(&start_edge);
  if (!unwinding_ && setjmp(unwind_[cpu]) == 0) {
    cpus_[cpu].number = 1;
    body_(context_, cpu);
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
  if (cpus_[cpu].interrupted && !stop_requested_) {
    cpus_[cpu].interrupted = false;
    ++step_;
    interrupt_handler_(cpu);
    ++cpus_[cpu].number;
  }
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
    if (cpu.arrival.ready(cpu.arrival.ready_argument) || (cpu.interrupted && cpu.interruptible)) {
      ready |= Bit(id);
    }
  }
  return ready;
}

inline CpuMask Engine::RunnableMask() const {
  if (waiting_ == 0) return unfinished_;
  return (unfinished_ & ~waiting_) | ReadyOfWaiting();
}

__attribute__((always_inline)) inline CpuId Engine::PickNext(CpuId arrived, CpuMask runnable) {
  const Choice choice{runnable, arrived, cpus_[arrived].number, step_, pending_, cpu_count_};
  const CpuId next = strategy_->Pick(choice);
  WR_CHECK(next >= 0 && next < kCpusMax && (runnable & Bit(next)) != 0);
  const CpuId by_default = (runnable & Bit(arrived)) != 0 ? arrived : __builtin_ctz(runnable);
  if (next != by_default) {
    const Preemption taken{choice.number, static_cast<uint8_t>(arrived),
                           static_cast<uint8_t>(next)};
    WR_CHECK(taken_.push_back(taken));  // kStepsBound keeps room
  }
  return next;
}

__attribute__((always_inline)) inline void Engine::Decide(CpuId arrived) {
  const CpuMask runnable = RunnableMask();
  if (runnable == 0) Abandon(Outcome::kDeadlock);
  const CpuId next = PickNext(arrived, runnable);
  if (next == arrived) return;
  HandOver(arrived, next, (runnable & Bit(arrived)) != 0);
}

__attribute__((noinline)) void Engine::HandOver(CpuId from, CpuId to, bool preempts) {
  if (preempts) ++result_.preemptions;
  ++result_.hand_overs;
  running_ = to;
  backend_->Switch(from, to);
  if (unwinding_) longjmp(unwind_[from], 1);
}

void Engine::Abandon(Outcome outcome) {
  result_.outcome = outcome;
  for (CpuId cpu = 0; cpu < cpu_count_ && outcome == Outcome::kDeadlock; ++cpu) {
    if (!cpus_[cpu].finished) result_.waiting |= Bit(cpu);
  }
  unwinding_ = true;
  longjmp(unwind_[running_], 1);
}

// Returns when the strategy has chosen the event to come of `self`, and it is ready.
inline void Engine::AwaitTurn(CpuId self) {
  Cpu& cpu = cpus_[self];
  if (stop_requested_) Abandon(Outcome::kStopped);  // asked for by a note
  for (;;) {
    if (step_ >= kStepsBound) Abandon(Outcome::kStepBound);
    Decide(self);
    if (__builtin_expect(!cpu.interrupted || !cpu.interruptible, 1)) break;
    cpu.interrupted = false;
    ++step_;
    interrupt_handler_(self);
    ++cpu.number;
    if (stop_requested_) Abandon(Outcome::kStopped);
  }
  ++step_;
}

void Engine::Arrive(const Arrival& arrival) {
  const CpuId self = running_;
  WR_CHECK(self != kHost);
  cpus_[self].arrival = arrival;
  if (arrival.ready != nullptr) waiting_ |= Bit(self);
  pending_[self] = {arrival.kind, arrival.order, arrival.location, arrival.site};
  AwaitTurn(self);
}

void Engine::Complete(uint64_t before, uint64_t after, bool failed) {
  const CpuId self = running_;
  Cpu& cpu = cpus_[self];
  const Arrival& arrival = cpu.arrival;
  Event& event = NextEvent();
  event = {step_,        cpu.number,     static_cast<uint8_t>(self),
           arrival.kind, arrival.detail, arrival.order,
           arrival.size, failed,         arrival.location,
           before,       after,          arrival.site};
  waiting_ &= ~Bit(self);
  Publish(event);
  ++cpu.number;
  if (stop_requested_) Abandon(Outcome::kStopped);
}

void Engine::ResolveLocation(LocationId location) { cpus_[running_].arrival.location = location; }

// What Arrive and Complete do for an event that is always ready: the way of most.
AccessResult Engine::Perform(const Access& access) {
  const CpuId self = running_;
  WR_CHECK(self != kHost);
  const LocationId location = LocationOf(access.address);
  pending_[self] = {access.kind, access.order, location, access.site};
  AwaitTurn(self);
  const AccessResult result = is_sc_ ? static_cast<ScMemoryModel*>(memory_)->Perform(self, access)
                                     : memory_->Perform(self, access);
  Cpu& cpu = cpus_[self];
  Event& event = NextEvent();
  event = {step_,
           cpu.number,
           static_cast<uint8_t>(self),
           access.kind,
           static_cast<uint8_t>(access.rmw),
           access.order,
           access.size,
           result.failed,
           location,
           result.before,
           result.after,
           access.site};
  Publish(event);
  ++cpu.number;
  if (stop_requested_) Abandon(Outcome::kStopped);
  return result;
}

void Engine::Note(EventKind kind, uint8_t detail, LocationId location, uint64_t before,
                  uint64_t after, const wr_site* site, CpuId cpu) {
  Event& event = NextEvent();
  event = {step_,
           cpus_[cpu].number,
           static_cast<uint8_t>(cpu),
           kind,
           detail,
           Order::kPlain,
           0,
           false,
           location,
           before,
           after,
           site};
  Publish(event);
}

inline Event& Engine::NextEvent() {
  // A path that notes without end is a defect of ours, not a finding.
  WR_CHECK(event_count_ < kEventsMax);
  return events_[event_count_++];
}

// The event stands in the trace.
inline void Engine::Publish(const Event& event) {
  uint64_t hash = result_.trace_hash;
  hash = MixInto(hash, (uint64_t{event.step} << 32) | (uint64_t{event.number} << 16) |
                           (uint64_t{event.cpu} << 8) | static_cast<uint64_t>(event.kind));
  hash = MixInto(hash, (uint64_t{event.location} << 32) | (uint64_t{event.detail} << 24) |
                           (static_cast<uint64_t>(event.order) << 16) |
                           (uint64_t{event.size} << 8) | static_cast<uint64_t>(event.failed));
  hash = MixInto(hash, event.before);
  hash = MixInto(hash, event.after);
  result_.trace_hash = MixInto(hash, event.site == nullptr ? 0 : event.site->line);
  if (listener_ != nullptr && listener_->OnEvent(event)) stop_requested_ = true;
}

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
