// Run this scenario under this schedule and give me the verdict and the trace: the one place where
// engine, machine, paths and oracles are put together. Every front end goes through it.
#ifndef WALKRACE_HARNESS_RUNNER_H_
#define WALKRACE_HARNESS_RUNNER_H_

#include "engine/engine.h"
#include "engine/memory_choices.h"
#include "engine/strategies.h"
#include "machine/profiles.h"
#include "machine/tree.h"
#include "oracle/oracles.h"
#include "paths/variants.h"
#include "scenario/scenario.h"

namespace walkrace {

// What surrounds a scenario: never part of fuzzer bytes.
struct RunContext {
  const Profile* profile;
  Cuts cuts;
  const wr_tree* tree = nullptr;  // whose code runs where it has any; null: walkrace's own paths
  unsigned tree_parts = kTreeAll;
  MemoryKind memory = MemoryKind::kSc;
};

struct Report {
  RunResult run;
  Violation violation;  // oracle null: clean

  bool clean() const { return violation.oracle == nullptr; }
};

// One a process. Large: static storage.
class Runner {
 public:
  static Runner& Get();

  // REQUIRES: `scenario` is normalized. The trace stays readable through engine() until the next
  // run.
  Report Run(const Scenario& scenario, const RunContext& context, Strategy& strategy,
             uint64_t seed);
  Report Replay(const Input& input, const RunContext& context);

  // What carries the CPUs from now on; OS threads before it is said. For a while: BackendScope.
  void set_backend(Backend& backend) { engine_.set_backend(backend); }

  const Engine& engine() const { return engine_; }
  // What judges the runs. For searches with reduction alone.
  const OracleSet& oracles() const { return oracles_; }
  Engine& engine_to_search() { return engine_; }
  const ScheduleStrategy& replayed() const { return schedule_strategy_; }

 private:
  Runner();
  static void OnRaceReport();

  Engine engine_;
  OracleSet oracles_;               // end the run at the first violation
  uint32_t race_event_ = kNoEvent;  // the last event when ThreadSanitizer reported first
  ScheduleStrategy schedule_strategy_;
  RandomMemoryChoices random_memory_;  // of strategies that have nothing to say of it
};

// Runs are carried by this one as long as it lives.
class BackendScope {
 public:
  explicit BackendScope(Backend& backend) : before_(Runner::Get().engine().backend()) {
    Runner::Get().set_backend(backend);
  }
  ~BackendScope() { Runner::Get().set_backend(before_); }
  BackendScope(const BackendScope&) = delete;
  BackendScope& operator=(const BackendScope&) = delete;

 private:
  Backend& before_;
};

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_RUNNER_H_
