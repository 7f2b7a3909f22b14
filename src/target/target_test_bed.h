// For tests only: inputs of the test target in a line.
#ifndef WALKRACE_TARGET_TARGET_TEST_BED_H_
#define WALKRACE_TARGET_TARGET_TEST_BED_H_

#include <initializer_list>
#include <memory>
#include <string>

#include "base/random.h"
#include "target/runner.h"
#include "target/test_target.h"

namespace walkrace {

inline TargetRunner& TestRunner() { return TargetRunner::Of(test_target); }

// One operation a CPU.
inline TargetInput OneEach(std::initializer_list<TargetCall> calls,
                           std::initializer_list<Preemption> preemptions = {}) {
  TargetInput input;
  input.cpu_count = 0;
  for (const TargetCall& call : calls) {
    WR_CHECK(input.calls[input.cpu_count++].push_back(call));
  }
  for (const Preemption& preemption : preemptions) {
    WR_CHECK(input.schedule.push_back(preemption));
  }
  return input;
}

// The first violation; its schedule becomes the input's. Null: none.
inline const char* HuntFor(TargetInput& input, uint64_t schedules) {
  const auto strategy = FindStrategy("portfolio")->make(StrategyOptions());
  for (uint64_t i = 0; i < schedules; ++i) {
    const TargetVerdict verdict = TestRunner().Run(input, *strategy, SplitSeed(1, i));
    if (verdict.violated == nullptr) continue;
    input.schedule = TestRunner().engine().taken();
    return verdict.violated;
  }
  return nullptr;
}

}  // namespace walkrace

#endif  // WALKRACE_TARGET_TARGET_TEST_BED_H_
