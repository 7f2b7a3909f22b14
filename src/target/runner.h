// Runs an input of a target and says what did not hold. One a process, as the engine is.
#ifndef WALKRACE_TARGET_RUNNER_H_
#define WALKRACE_TARGET_RUNNER_H_

#include <cstdint>

#include "engine/engine.h"
#include "engine/strategies.h"
#include "target/input.h"

namespace walkrace {

// What a run can violate beside what the target requires.
inline constexpr char kDeadlock[] = "deadlock: every CPU that has not ended waits";
inline constexpr char kNoEnd[] = "no end: the run took all the steps that it may";
inline constexpr char kDataRace[] = "data race: see ThreadSanitizer's report";

struct TargetVerdict {
  const char* violated = nullptr;  // null: nothing. Other texts are the target's own
  bool data_race = false;          // it is kDataRace
  RunResult result = {};
};

class TargetRunner {
 public:
  // Memory is mapped at the first call, and threads are started by the first run: after AFL++'s
  // fork server. REQUIRES: the same target each time; a target that breaks its header's rules is
  // refused.
  static TargetRunner& Of(const wr_target& target);

  // The operations of `input`, by another schedule than its own.
  TargetVerdict Run(const TargetInput& input, Strategy& strategy, uint64_t seed);
  // By its own.
  TargetVerdict Replay(const TargetInput& input);

  const wr_target& target() const { return target_; }
  Engine& engine() { return engine_; }
  const void* shared() const { return shared_; }

  // In a handler of a signal that the running code caused: the run is a violation, and goes on
  // after it. Returns when no run is on its way.
  void EndCrashedRun(const char* text);

 private:
  explicit TargetRunner(const wr_target& target);
  static void RunCpu(void* runner, CpuId cpu);

  const wr_target& target_;
  Engine engine_;
  ScheduleStrategy replay_;
  void* shared_;
  size_t mapped_bytes_;
  const TargetInput* input_ = nullptr;
};

}  // namespace walkrace

#endif  // WALKRACE_TARGET_RUNNER_H_
