// Fuzz targets by name. Adding one: its source in fuzz/, a folder in corpus/, one row here.
#ifndef WALKRACE_HARNESS_TARGETS_H_
#define WALKRACE_HARNESS_TARGETS_H_

#include <cstddef>

#include "paths/variants.h"
#include "scenario/scenario.h"

namespace walkrace {

struct TargetRow {
  const char* name;
  const char* summary;
  bool runs_scenarios;         // else its inputs are no scenarios, and only fuzzers run it
  Mix mix;                     // of drawn and mutated scenarios
  const char* always_variant;  // in force whatever the options say, or null
  // The operations that its corpus begins with, in .walk form without the version line: the one
  // file in corpus/<target>/seed. Null where inputs are no scenarios.
  const char* seed = nullptr;
};

const TargetRow* TargetRows(size_t* count);
// Returns null for an unknown name.
const TargetRow* FindTarget(const char* name);

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_TARGETS_H_
