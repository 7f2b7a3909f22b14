// Runs CPUs one step at a time; a Strategy picks the next one. Same strategy, same bodies: same
// interleaving, same trace. CPUs are real threads or fibers (backend.h), and the hand-over is
// invisible to ThreadSanitizer: a lock that it can see would hide the races that we hunt. Knows
// nothing of page tables. One engine a process. Never included by instrumented code (that calls the
// C primitives of src/kernel).
#ifndef WALKRACE_ENGINE_ENGINE_H_
#define WALKRACE_ENGINE_ENGINE_H_

#include <setjmp.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/check.h"
#include "base/fixed_vector.h"
#include "engine/backend.h"
#include "engine/event.h"
#include "engine/footprint.h"
#include "engine/memory_model.h"
#include "engine/memory_models.h"
#include "engine/schedule.h"
#include "engine/strategy.h"
#include "engine/weak_memory.h"

namespace walkrace {

using Body = void (*)(void* context, CpuId cpu);

// Told of each event as it happens, on the CPU that did it, while nobody else runs.
class EventListener {
 public:
  virtual ~EventListener() = default;
  // Returns whether the run is to end with this event.
  virtual bool OnEvent(const Event& event) = 0;
};

enum class Outcome : uint8_t {
  kFinished,   // every CPU ran to its end
  kDeadlock,   // some CPUs have not ended and none can run
  kStepBound,  // kStepsMax steps were not enough
  kStopped,    // somebody called Stop
};

// An event to come whose CPU may have to wait.
struct Arrival {
  EventKind kind;
  uint8_t detail;
  Order order;
  uint8_t size;
  LocationId location;
  const wr_site* site;
  bool (*ready)(const void* argument);  // null: always ready. Must not change anything.
  const void* ready_argument;
  LocationId also = kNoLocation;  // what `ready` looks at beside `location`
};

struct RunResult {
  Outcome outcome;
  uint32_t steps;
  uint32_t preemptions;  // hand-overs away from a CPU that could have gone on
  uint32_t hand_overs;   // all switches of the running CPU
  uint64_t trace_hash;   // over every event, sites by line; equal traces have equal hashes
  CpuMask waiting;       // of a deadlock: the CPUs that had not ended
};

class Engine {
 public:
  explicit Engine(Backend& backend);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // The memory that CPUs share. Accesses elsewhere are refused by a check.
  // REQUIRES: `base` is 8-byte aligned.
  void SetArena(void* base, size_t bytes);
  // REQUIRES: not called during a run.
  void set_backend(Backend& backend);
  Backend& backend() const { return *backend_; }
  // Which memory model, and who decides what it leaves open (null: nobody, every load reads the
  // newest value and every store takes effect at once). REQUIRES: not called during a run.
  void set_memory(MemoryKind kind);
  MemoryKind memory() const { return memory_; }
  void set_memory_choices(MemoryChoices* choices) { choices_ = choices; }
  // How many values the load may read that MemoryChoices::Age is asked about. REQUIRES: called
  // there.
  int CountReadable();
  void set_listener(EventListener* listener) { listener_ = listener; }
  // Runs on a CPU that was interrupted, when it is next chosen and its interrupts are on.
  void set_interrupt_handler(void (*handler)(CpuId cpu)) { interrupt_handler_ = handler; }

  // Where touches without an event are collected, until the run ends; null: they are not. See
  // Touch.
  void set_touches(Footprint* touches) { touches_ = touches; }

  // Runs `body(context, cpu)` on each CPU until all return, or until a deadlock, kStepsMax or
  // Stop ends the run early (bodies then do not return: paths hold no resources of their own).
  // REQUIRES: not called from a body; 1 <= cpu_count <= kCpusMax.
  RunResult Run(Strategy& strategy, uint64_t seed, int cpu_count, Body body, void* context);

  // --- From a body, on the running CPU. What is inline stands in steps.h. -----------------------

  CpuId current() const { return running_; }
  bool in_run() const { return running_ != kHost; }
  bool in_weak_run() const { return !is_sc_ && in_run(); }
  // Of the running CPU in this run; 0 where no memory model counts them (Access::dependency).
  uint32_t load_count() const { return in_weak_run() ? weak_->load_count(running_) : 0; }

  // Announces the next event of this CPU and returns when the strategy has chosen it and it is
  // ready. The caller then does it, and calls Complete. Nobody else runs in between.
  inline void Arrive(const Arrival& arrival);
  void Complete(uint64_t before, uint64_t after, bool failed = false);

  // The value of a store that is made after its event, on the same CPU and before the next one.
  // REQUIRES: event < event_count().
  void SetAfter(size_t event, uint64_t after);

  // Between Arrive and Complete: the location of an event whose place is known only then.
  void ResolveLocation(LocationId location);

  // Arrive, the access as the memory model has it, Complete. Returns what the access saw.
  inline AccessResult Perform(const Access& access);

  // Records an event that is no decision: a note, or the receiver's half of something.
  inline void Note(EventKind kind, uint8_t detail, LocationId location, uint64_t before,
                   uint64_t after, const wr_site* site, CpuId cpu);

  // What orders accesses, beside them: part of the event that is under way, between Arrive and
  // Complete. Under sequential consistency there is nothing to do.
  void Fence(FenceKind kind) {
    if (in_weak_run()) FenceWeak(kind);
  }
  // A lock's word takes this value, which its owner gives it; it lets go of it.
  void AcquireLock(uint64_t* word, uint64_t value) {
    if (in_weak_run()) LockWeak(word, value);
  }
  void ReleaseLock(uint64_t* word, uint64_t value) {
    if (in_weak_run()) UnlockWeak(word, value);
  }
  // A load of the newest value, with acquire.
  void AcquireNewest(const uint64_t* word) {
    if (in_weak_run()) AcquireWeak(word);
  }
  // A section that grace periods wait for.
  void BeginReadSection() {
    if (in_weak_run()) ReadSectionWeak(true);
  }
  void EndReadSection() {
    if (in_weak_run()) ReadSectionWeak(false);
  }
  void BeginGracePeriod() {
    if (in_weak_run()) GracePeriodWeak(true);
  }
  void EndGracePeriod() {
    if (in_weak_run()) GracePeriodWeak(false);
  }
  // What `cpu` did before Send is seen by who receives it: a message that is no memory. The
  // address names it.
  void Send(CpuId cpu, const void* edge) {
    if (in_weak_run()) SendWeak(cpu, edge);
  }
  void Receive(CpuId cpu, const void* edge) {
    if (in_weak_run()) ReceiveWeak(cpu, edge);
  }
  // Stores of the running CPU that were kept back take effect now: in the event that is under way;
  // or between two.
  void CommitLate() {
    if (in_weak_run()) CommitLateNow(running_);
  }
  void CommitLateBetweenEvents() {
    while (in_run() && cpus_[running_].has_late) CommitWhileWaiting(running_);
  }

  // Says what the running step looks at or changes without an event of its own, for searches that
  // must know which steps commute (footprint.h). Costs nothing where nobody collects them. Before
  // and after a run it does nothing.
  void Touch(uint32_t object, Touched how) {
    if (touches_ != nullptr) Collect(object, how);
  }
  bool collects_touches() const { return touches_ != nullptr || !is_sc_; }
  // The same for what stands in the arena. What the running CPU has stored there takes effect
  // first; changed so, it is the same for every CPU.
  void TouchMemory(const void* address, Touched how) {
    if (touches_ != nullptr) Collect(LocationOf(address), how);
    if (in_weak_run()) TouchWeak(LocationOf(address), how);
  }

  // Whether this CPU takes interrupts. One that was posted is handled before its next event.
  void SetInterruptible(bool interruptible);
  // Returns false, and posts nothing, when `cpu` has ended: the caller handles it for that CPU.
  bool PostInterrupt(CpuId cpu);

  // Ends the run at the end of this event.
  void Stop() {
    stop_requested_ = true;
    steps_bound_ = 0;
  }

  // --- During or after a run -------------------------------------------------------------------

  LocationId LocationOf(const void* address) const {
    const uintptr_t offset = reinterpret_cast<uintptr_t>(address) - arena_base_;
    WR_CHECK(offset < arena_bytes_);
    return static_cast<LocationId>(offset / 8);
  }
  void* AddressOf(LocationId location) const;
  uint32_t steps() const { return step_; }
  int cpu_count() const { return cpu_count_; }
  bool finished(CpuId cpu) const { return cpus_[cpu].finished; }
  // Whether the event to come of this CPU is one that may have to wait; which one that is.
  bool may_wait(CpuId cpu) const { return (waiting_ >> cpu & 1) != 0; }
  const Arrival& arrival(CpuId cpu) const { return cpus_[cpu].arrival; }
  bool interruptible(CpuId cpu) const { return cpus_[cpu].interruptible; }
  // Whether its next step is to take an interrupt.
  bool takes_interrupt(CpuId cpu) const {
    return cpus_[cpu].interrupted && cpus_[cpu].interruptible && cpus_[cpu].number != 0;
  }
  const PendingEvent& pending(CpuId cpu) const { return pending_[cpu]; }
  uint16_t pending_number(CpuId cpu) const { return cpus_[cpu].number; }

  // The trace, in order; the choices as a sparse schedule that replays this run.
  const Event* events() const { return events_; }
  size_t event_count() const { return event_count_; }
  const Schedule& taken() const { return taken_; }

  // A load that did not read the newest value: which store's it was, and from which step on.
  struct OldLoad {
    uint32_t event;
    uint32_t store;  // kNoStore: what was there before the run
    uint32_t ran;    // the least step at which it can have run
  };
  static constexpr uint32_t kNoStore = UINT32_MAX;
  const std::vector<OldLoad>& old_loads() const { return old_reads_; }

 private:
  struct Cpu {
    Arrival arrival;
    uint16_t number;  // of the event to come
    bool finished;
    bool interruptible;
    bool interrupted;  // an interrupt is pending
    bool has_late;     // stores that have not taken effect
  };

  // A store that was issued and has not taken effect: it does when event `due` is to come.
  // In the order of weak_->late(), whose numbers may change while others run.
  struct LateStore {
    uint32_t issue;  // its event
    uint16_t due;
    Order order;
    uint8_t size;
    uint8_t offset;  // in its granule
    LocationId location;
    const wr_site* site;
  };
  static constexpr size_t kLateMax = 8;

  // One decision a step, and those that no step follows: the start, and for each CPU its end and
  // the event that it has arrived at. All of them fit into a schedule.
  static constexpr uint32_t kStepsBound = kStepsMax - 2 * kCpusMax - 1;

  static constexpr CpuMask Bit(CpuId cpu) { return CpuMask{1} << cpu; }

  static void CpuMain(void* self, CpuId cpu);
  void RunBody(CpuId cpu);
  void EndCpu(CpuId cpu);
  CpuId NextUnfinished() const;

  // On the way of each event (steps.h).
  inline void AwaitTurn(CpuId self);
  inline CpuMask RunnableMask() const;
  inline CpuId Pick(CpuId arrived, CpuMask runnable);
  inline Event& NextEvent();
  inline void Publish(const Event& event);
  inline void FinishStep(CpuId self);

  // Off it.
  void AwaitArrival(CpuId self);
  bool AttendsToOther(CpuId self);
  CpuMask ReadyOfWaiting() const;
  CpuId PickNext(CpuId arrived, CpuMask runnable);
  void KeepChoice(CpuId arrived, CpuId next, CpuMask runnable);
  void HandOver(CpuId from, CpuId to, CpuMask runnable);
  void TakeInterrupt(CpuId self);
  [[noreturn]] void AbandonAtBound();
  [[noreturn]] void Abandon(Outcome outcome);
  void Collect(uint32_t object, Touched how);

  // Under weak memory (weak_steps.cc).
  void BeginWeak(int cpu_count);
  Granule GranuleOf(const void* address) const;
  WeakMemory::LoadRequest LoadRequestOf(const Access& access) const;
  AccessResult PerformWeak(const Access& access);
  AccessResult LoadWeak(CpuId self, const Access& access);
  AccessResult StoreWeak(CpuId self, const Access& access);
  AccessResult RmwWeak(CpuId self, const Access& access);
  Event& AppendEvent(CpuId self, const Access& access, LocationId location, uint8_t detail,
                     const AccessResult& result);
  void KeepMemoryChoice(EntryKind kind, CpuId cpu, int amount);
  size_t IndexOfLate(CpuId self, WriteId write) const;
  WriteId FirstLate(CpuId self) const;
  void CommitNow(CpuId self, WriteId write);
  void CommitFirst(CpuId self, WriteId write);
  void CommitLateNow(CpuId self);
  void CommitStep(CpuId self, WriteId write);
  void CommitDue(CpuId self);
  void CommitLateByOwnSteps(CpuId self);
  void CommitWhileWaiting(CpuId self);
  void FullFenceNow(CpuId self);
  void FenceWeak(FenceKind kind);
  void LockWeak(uint64_t* word, uint64_t value);
  void UnlockWeak(uint64_t* word, uint64_t value);
  void AcquireWeak(const uint64_t* word);
  void ReadSectionWeak(bool begins);
  void GracePeriodWeak(bool begins);
  void SendWeak(CpuId cpu, const void* edge);
  void ReceiveWeak(CpuId cpu, const void* edge);
  void TouchWeak(LocationId location, Touched how);

  Backend* backend_;
  MemoryKind memory_ = MemoryKind::kSc;
  bool is_sc_ = true;                 // whether memory_ is kSc
  std::unique_ptr<WeakMemory> weak_;  // null under sc
  MemoryChoices* choices_ = nullptr;
  const WeakMemory::LoadRequest* asked_load_ = nullptr;  // that Age is asked about
  FixedVector<LateStore, kLateMax> late_[kCpusMax];
  std::vector<OldLoad> old_reads_;
  EventListener* listener_ = nullptr;
  void (*interrupt_handler_)(CpuId cpu) = nullptr;
  Footprint* touches_ = nullptr;
  uintptr_t arena_base_ = 0;
  size_t arena_bytes_ = 0;

  Strategy* strategy_ = nullptr;
  Body body_ = nullptr;
  void* context_ = nullptr;
  int cpu_count_ = 0;
  CpuId running_ = kHost;
  uint32_t step_ = 0;
  uint32_t steps_bound_ = 0;  // 0 when a stop is requested
  bool stop_requested_ = false;
  bool unwinding_ = false;
  RunResult result_ = {};
  CpuMask unfinished_ = 0;
  CpuMask waiting_ = 0;  // whose events to come may not be ready
  Cpu cpus_[kCpusMax] = {};
  jmp_buf unwind_[kCpusMax];
  PendingEvent pending_[kCpusMax] = {};
  Schedule taken_;

  // Notes are bounded by a few per step.
  static constexpr size_t kEventsMax = kStepsMax * 4;
  size_t event_count_ = 0;
  Event events_[kEventsMax];
};

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_ENGINE_H_
