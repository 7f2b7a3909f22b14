#include "harness/runner.h"

#include "harness/known_rereads.h"
#include "harness/operations.h"
#include "harness/race_reports.h"
#include "kernel/runtime.h"
#include "machine/machine.h"
#include "paths/tree_paths.h"

namespace walkrace {

Runner& Runner::Get() {
  // Never destroyed: the engine's threads outlive main.
  static Runner& runner = *new Runner;
  return runner;
}

Runner::Runner() : engine_(OsThreads()) {
  BindKernel(&engine_);
  BindMachine(&engine_);
  engine_.set_listener(&oracles_);
  SetRaceListener(&Runner::OnRaceReport);
  InstallRereadFilter();
}

void Runner::OnRaceReport() {
  Runner& runner = Get();
  if (!runner.engine_.in_run() || runner.race_event_ != kNoEvent) return;
  runner.race_event_ = static_cast<uint32_t>(runner.engine_.event_count() - 1);
  runner.engine_.Stop();
}

Report Runner::Run(const Scenario& scenario, const RunContext& context, Strategy& strategy,
                   uint64_t seed) {
  if (race_event_ != kNoEvent) ForgetRaces();
  race_event_ = kNoEvent;
  SetCuts(context.cuts);
  UseTree(context.tree, context.tree_parts);
  if (engine_.memory() != context.memory) engine_.set_memory(context.memory);
  MemoryChoices* const own = strategy.memory_choices();
  engine_.set_memory_choices(own != nullptr ? own : &random_memory_);
  BeginKernel();
  BeginMachine(context.tree == nullptr ? scenario.layout : LayoutForTree(scenario.layout),
               MmsOf(scenario), *context.profile);
  BeginOperations(scenario);
  oracles_.Begin(&engine_);

  Report report;
  report.run = engine_.Run(strategy, seed, scenario.cpu_count, &RunOperations,
                           const_cast<Scenario*>(&scenario));
  switch (report.run.outcome) {
    case Outcome::kFinished:
      oracles_.End();
      break;
    case Outcome::kStopped:
      break;
    case Outcome::kDeadlock:
      oracles_.ReportProgress(engine_, true);
      break;
    case Outcome::kStepBound:
      oracles_.ReportProgress(engine_, false);
      break;
  }
  // An invariant that is violated as well wins: it was judged before the run stopped.
  if (race_event_ != kNoEvent) oracles_.ReportDataRace(engine_, race_event_);
  report.violation = oracles_.violation();
  return report;
}

Report Runner::Replay(const Input& input, const RunContext& context) {
  schedule_strategy_.set_schedule(&input.schedule);
  return Run(input.scenario, context, schedule_strategy_, 0);
}

}  // namespace walkrace
