// Makes a violating input small: fewest CPUs, operations and preemptions that still violate the
// same invariant. Deterministic, but for data races: see replays.h. What is left is what a person
// has to read.
#ifndef WALKRACE_HARNESS_MINIMIZER_H_
#define WALKRACE_HARNESS_MINIMIZER_H_

#include <cstdint>
#include <functional>

#include "harness/runner.h"
#include "scenario/scenario.h"

namespace walkrace {

struct InputSize {
  int cpus = 0;
  int operations = 0;
  int pages = 0;        // that the operations name and the layout maps
  int preemptions = 0;  // entries of the schedule
};
InputSize SizeOf(const Input& input);

struct MinimizeOptions {
  const char* oracle;  // the one that must stay violated
  // Called now and then with the smallest so far; returns false to stop with that. May be empty.
  std::function<bool(const InputSize& smallest, uint64_t runs)> progress;
};

struct MinimizeResult {
  Input input;
  Report report;      // of a replay that violates it, whose trace the engine holds
  uint64_t runs = 0;  // that it took
};

// Returns false, and leaves `result` alone, where `input` does not violate `options.oracle`.
bool Minimize(const Input& input, const RunContext& context, const MinimizeOptions& options,
              MinimizeResult& result);

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_MINIMIZER_H_
