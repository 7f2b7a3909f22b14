#include "kernel/bodies.h"

#include "engine/bounded_search.h"
#include "engine/reduced_search.h"
#include "kernel/runtime.h"

namespace walkrace {
namespace {

Engine* running = nullptr;
const char* first_violated = nullptr;

}  // namespace

void Require(bool holds, const char* what) {
  if (holds || first_violated != nullptr) return;
  first_violated = what;
  if (running->in_run()) running->Stop();
}

Bodies::Bodies(Engine& engine, void* memory, size_t bytes)
    : engine_(engine),
      memory_(memory),
      initial_(static_cast<unsigned char*>(memory), static_cast<unsigned char*>(memory) + bytes) {
  engine_.SetArena(memory, bytes);
}

void Bodies::set_body(int cpu_count, Body body, void* context) {
  cpu_count_ = cpu_count;
  body_ = body;
  context_ = context;
}

RunResult Bodies::Run(Strategy& strategy, uint64_t seed) {
  BindKernel(&engine_);
  BeginKernel();
  __builtin_memcpy(memory_, initial_.data(), initial_.size());
  running = &engine_;
  first_violated = nullptr;
  result_ = engine_.Run(strategy, seed, cpu_count_, body_, context_);
  if (result_.outcome == Outcome::kFinished && judge_ != nullptr) judge_(context_);
  return result_;
}

const char* Bodies::violated() const {
  if (first_violated != nullptr) return first_violated;
  switch (result_.outcome) {
    case Outcome::kDeadlock:
      return "deadlock";
    case Outcome::kStepBound:
      return "step bound";
    default:
      return nullptr;
  }
}

void Bodies::Count(const RunResult& /*result*/, BodiesVerdict* verdict) const {
  const char* what = violated();
  if (what == nullptr) return;
  if (verdict->violations++ != 0) return;
  verdict->violated = what;
  verdict->schedule.assign(engine_.taken().begin(), engine_.taken().end());
}

BodiesVerdict Bodies::Hunt(Strategy& strategy, uint64_t seed, uint64_t schedules) {
  BodiesVerdict verdict;
  while (verdict.schedules < schedules && verdict.violated == nullptr) {
    const RunResult result = Run(strategy, seed + verdict.schedules);
    ++verdict.schedules;
    Count(result, &verdict);
  }
  return verdict;
}

BodiesVerdict Bodies::RunAll(ExhaustiveSearch& search) {
  BodiesVerdict verdict;
  while (search.Next()) {
    const RunResult result = Run(search, 0);
    search.EndRun(result, result.outcome == Outcome::kStopped && first_violated != nullptr);
    if (search.whole()) Count(result, &verdict);
  }
  verdict.schedules = search.schedules();
  verdict.classes = search.classes();
  return verdict;
}

BodiesVerdict Bodies::Exhaust() {
  StepFootprints footprints(engine_);
  ReducedSearch search(engine_, footprints);
  BodiesVerdict verdict = RunAll(search);
  verdict.complete = true;
  return verdict;
}

BodiesVerdict Bodies::Exhaust(uint32_t preemptions) {
  StepFootprints footprints(engine_);
  BoundedSearch search(engine_, footprints, preemptions);
  BodiesVerdict verdict = RunAll(search);
  verdict.complete = !search.left_out();
  return verdict;
}

}  // namespace walkrace
