#include "engine/engine.h"

#include "base/check.h"
#include "engine/run_edges.h"

namespace walkrace {
namespace {

char start_edge;
char end_edges[kCpusMax];

// One decision a step, and those that no step follows: the start, and for each CPU its end and the
// event that it has arrived at. All of them fit into a schedule.
constexpr uint32_t kStepsBound = kStepsMax - 2 * kCpusMax - 1;

constexpr CpuMask Bit(CpuId cpu) { return CpuMask{1} << cpu; }

uint64_t MixInto(uint64_t hash, uint64_t value) {
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
  result_.steps = step_;
  strategy.End(step_);
  return result_;
}

void Engine::CpuMain(void* self, CpuId cpu) { static_cast<Engine*>(self)->RunBody(cpu); }

void Engine::RunBody(CpuId cpu) {
  RunEdgeAcquire(&start_edge);
  if (!unwinding_ && setjmp(cpus_[cpu].unwind) == 0) {
    cpus_[cpu].number = 1;
    body_(context_, cpu);
    EndCpu(cpu);
  }
  // Here the run is over for this CPU: at its end with others to go on (EndCpu chose one), at the
  // end of the whole run, or while a run that was cut short unwinds.
  cpus_[cpu].finished = true;
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
  if (NextUnfinished() == kHost) {
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
  for (CpuId cpu = 0; cpu < cpu_count_; ++cpu) {
    if (!cpus_[cpu].finished) return cpu;
  }
  return kHost;
}

CpuMask Engine::RunnableMask() const {
  CpuMask runnable = 0;
  for (CpuId id = 0; id < cpu_count_; ++id) {
    const Cpu& cpu = cpus_[id];
    if (cpu.finished) continue;
    const bool ready =
        cpu.arrival.ready == nullptr || cpu.arrival.ready(cpu.arrival.ready_argument);
    if (ready || (cpu.interrupted && cpu.interruptible)) runnable |= Bit(id);
  }
  return runnable;
}

CpuId Engine::PickNext(CpuId arrived, CpuMask runnable) {
  const Choice choice{runnable, arrived, cpus_[arrived].number, step_, pending_, cpu_count_};
  CpuId next = strategy_->Pick(choice);
  WR_CHECK(next >= 0 && next < cpu_count_ && (runnable & Bit(next)) != 0);
  if (next != DefaultPick(choice)) {
    const Preemption taken{choice.number, static_cast<uint8_t>(arrived),
                           static_cast<uint8_t>(next)};
    WR_CHECK(taken_.push_back(taken));  // kStepsBound keeps room
  }
  return next;
}

void Engine::Decide(CpuId arrived) {
  const CpuMask runnable = RunnableMask();
  if (runnable == 0) Abandon(Outcome::kDeadlock);
  const CpuId next = PickNext(arrived, runnable);
  if (next == arrived) return;
  if ((runnable & Bit(arrived)) != 0) ++result_.preemptions;
  ++result_.hand_overs;
  running_ = next;
  backend_->Switch(arrived, next);
  if (unwinding_) longjmp(cpus_[arrived].unwind, 1);
}

void Engine::Abandon(Outcome outcome) {
  result_.outcome = outcome;
  unwinding_ = true;
  longjmp(cpus_[running_].unwind, 1);
}

void Engine::Arrive(const Arrival& arrival) {
  const CpuId self = running_;
  WR_CHECK(self != kHost);
  if (stop_requested_) Abandon(Outcome::kStopped);  // asked for by a note
  Cpu& cpu = cpus_[self];
  cpu.arrival = arrival;
  pending_[self] = {arrival.kind, arrival.order, arrival.location, arrival.site};
  for (;;) {
    if (step_ >= kStepsBound) Abandon(Outcome::kStepBound);
    Decide(self);
    if (!cpu.interrupted || !cpu.interruptible) break;
    cpu.interrupted = false;
    ++step_;
    interrupt_handler_(self);
    ++cpu.number;
    if (stop_requested_) Abandon(Outcome::kStopped);
  }
  ++step_;
}

void Engine::Complete(uint64_t before, uint64_t after, bool failed) {
  const CpuId self = running_;
  Cpu& cpu = cpus_[self];
  const Arrival& arrival = cpu.arrival;
  Append({step_, cpu.number, static_cast<uint8_t>(self), arrival.kind, arrival.detail,
          arrival.order, arrival.size, failed, arrival.location, before, after, arrival.site});
  cpu.arrival.ready = nullptr;
  ++cpu.number;
  if (stop_requested_) Abandon(Outcome::kStopped);
}

void Engine::ResolveLocation(LocationId location) { cpus_[running_].arrival.location = location; }

AccessResult Engine::Perform(const Access& access) {
  Arrive({access.kind, static_cast<uint8_t>(access.rmw), access.order, access.size,
          LocationOf(access.address), access.site, nullptr, nullptr});
  const AccessResult result = memory_->Perform(running_, access);
  Complete(result.before, result.after, result.failed);
  return result;
}

void Engine::Note(EventKind kind, uint8_t detail, LocationId location, uint64_t before,
                  uint64_t after, const wr_site* site, CpuId cpu) {
  Append({step_, cpus_[cpu].number, static_cast<uint8_t>(cpu), kind, detail, Order::kPlain, 0,
          false, location, before, after, site});
}

void Engine::Append(const Event& event) {
  // A path that notes without end is a defect of ours, not a finding.
  WR_CHECK(event_count_ < kEventsMax);
  events_[event_count_++] = event;
  uint64_t hash = result_.trace_hash;
  hash = MixInto(hash, (uint64_t{event.step} << 32) | (uint64_t{event.number} << 16) |
                           (uint64_t{event.cpu} << 8) | static_cast<uint64_t>(event.kind));
  hash = MixInto(hash, (uint64_t{event.location} << 32) | (uint64_t{event.detail} << 24) |
                           (static_cast<uint64_t>(event.order) << 16) |
                           (uint64_t{event.size} << 8) | static_cast<uint64_t>(event.failed));
  hash = MixInto(hash, event.before);
  hash = MixInto(hash, event.after);
  result_.trace_hash = MixInto(hash, event.site == nullptr ? 0 : event.site->line);
  if (listener_ != nullptr) listener_->OnEvent(event);
}

void Engine::SetInterruptible(bool interruptible) { cpus_[running_].interruptible = interruptible; }

bool Engine::PostInterrupt(CpuId cpu) {
  if (cpus_[cpu].finished) {
    RunEdgeAcquire(&end_edges[cpu]);  // the caller goes on where that CPU ended
    return false;
  }
  cpus_[cpu].interrupted = true;
  return true;
}

}  // namespace walkrace
