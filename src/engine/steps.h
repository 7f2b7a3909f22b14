// What the engine does for each event, to be inlined where most events are made: with what is
// constant there, little of it is left. For those who call Perform, Arrive or Note; never included
// by instrumented code.
#ifndef WALKRACE_ENGINE_STEPS_H_
#define WALKRACE_ENGINE_STEPS_H_

#include "base/check.h"
#include "engine/engine.h"
#include "engine/sc_memory.h"

namespace walkrace {

inline CpuMask Engine::RunnableMask() const {
  if (waiting_ == 0) return unfinished_;
  return (unfinished_ & ~waiting_) | ReadyOfWaiting();
}

inline CpuId Engine::Pick(CpuId arrived, CpuMask runnable) {
  const CpuId next =
      strategy_->Pick({runnable, arrived, cpus_[arrived].number, step_, pending_, cpu_count_});
  WR_CHECK(static_cast<uint32_t>(next) < kCpusMax && (runnable & Bit(next)) != 0);
  return next;
}

// Returns when the strategy has chosen the event to come of `self`, and it is ready.
__attribute__((always_inline)) inline void Engine::AwaitTurn(CpuId self) {
  const Cpu& cpu = cpus_[self];
  for (;;) {
    if (__builtin_expect(step_ >= steps_bound_, 0)) AbandonAtBound();
    const CpuMask runnable = RunnableMask();
    if (__builtin_expect(runnable == 0, 0)) Abandon(Outcome::kDeadlock);
    const CpuId next = Pick(self, runnable);
    if (next != self) HandOver(self, next, runnable);
    if (__builtin_expect(!cpu.interrupted && !cpu.has_late, 1) || !AttendsToOther(self)) break;
  }
  ++step_;
}

inline Event& Engine::NextEvent() {
  // A path that notes without end is a defect of ours, not a finding.
  WR_CHECK(event_count_ < kEventsMax);
  return events_[event_count_++];
}

// The event stands in the trace.
inline void Engine::Publish(const Event& event) {
  if (listener_ != nullptr && listener_->OnEvent(event)) Stop();
}

inline void Engine::FinishStep(CpuId self) {
  ++cpus_[self].number;
  if (__builtin_expect(stop_requested_, 0)) AbandonAtBound();
}

inline void Engine::Arrive(const Arrival& arrival) {
  const CpuId self = running_;
  WR_CHECK(self != kHost);
  if (__builtin_expect(cpus_[self].has_late, 0)) CommitDue(self);
  cpus_[self].arrival = arrival;
  if (arrival.ready != nullptr) waiting_ |= Bit(self);
  pending_[self] = {arrival.kind, arrival.order, arrival.location, arrival.site};
  AwaitArrival(self);
}

// What Arrive and Complete do for an event that is always ready: the way of most.
__attribute__((always_inline)) inline AccessResult Engine::Perform(const Access& access) {
  // A copy: what has no address stays in registers.
  if (__builtin_expect(!is_sc_, 0)) return PerformWeak(Access(access));
  const CpuId self = running_;
  WR_CHECK(self != kHost);
  const LocationId location = LocationOf(access.address);
  pending_[self] = {access.kind, access.order, location, access.site};
  AwaitTurn(self);
  const AccessResult result = ScPerform(access);
  Event& event = NextEvent();
  event = {step_,
           cpus_[self].number,
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
  FinishStep(self);
  return result;
}

inline void Engine::Note(EventKind kind, uint8_t detail, LocationId location, uint64_t before,
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

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_STEPS_H_
