// From a run to what each of its steps touched. A step is what happens between two decisions: one
// CPU's begin, one event and what its CPU does until it announces the next, or one interrupt. This
// class knows the engine's own events; src/harness adds what its notes mean to oracles.
// Holds for sequential consistency alone.
#ifndef WALKRACE_ENGINE_STEP_FOOTPRINTS_H_
#define WALKRACE_ENGINE_STEP_FOOTPRINTS_H_

#include "engine/engine.h"
#include "engine/footprint.h"

namespace walkrace {

// What a step has to wait for.
enum class Guard : uint8_t {
  kNone,
  kLock,         // its footprint's lock could be taken
  kAcknowledge,  // that every receiver of its IPI has acknowledged: nobody can undo that
  kOther,        // anything else
};

// A CPU that may have to wait.
struct Waiting {
  Guard guard = Guard::kNone;
  LockKind lock_kind = LockKind::kSpin;           // of kLock
  LocationId at[2] = {kNoLocation, kNoLocation};  // the words that it depends on, as far as any
};

struct Step {
  CpuId cpu;
  Guard guard;
  // An interrupt: what the CPU was waiting for when it came.
  bool is_interrupt;
  Waiting waiting;
  // Of locks and unlocks; else lock is kNoLocation.
  LocationId lock;
  bool unlocks;
  LockKind lock_kind;
  uint64_t lock_before;  // what the lock held
  Footprint footprint;
};

// Whether a lock that holds `value` can be taken in this way.
bool LockCanBeTaken(LockKind kind, uint64_t value);

class StepFootprints {
 public:
  explicit StepFootprints(Engine& engine) : engine_(engine) {}
  StepFootprints(const StepFootprints&) = delete;
  StepFootprints& operator=(const StepFootprints&) = delete;
  virtual ~StepFootprints() = default;

  // Touches are collected from the first BeginStep on, until the run ends.
  void BeginRun();

  // `cpu` has been chosen, and goes on now.
  void BeginStep(CpuId cpu);
  // At the next decision, or after the run. `ended`: the CPU has come to its end. The step's
  // footprint is settled.
  void EndStep(bool ended, Step* step);

  // What a CPU that cannot go on waits for. REQUIRES: it may wait.
  Waiting WaitingOf(CpuId cpu) const;

 protected:
  const Engine& engine() const { return engine_; }
  // Adds what this event of the step touches; `index` is its place in the trace.
  virtual void AddEvent(const Event& event, uint32_t index, Footprint& footprint);

 private:
  Engine& engine_;
  Footprint touches_;
  size_t first_event_ = 0;
  bool interruptible_ = false;
  Step begun_ = {};  // what is known of it before it runs
};

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_STEP_FOOTPRINTS_H_
