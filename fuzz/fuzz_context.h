// What surrounds the inputs of a fuzzer, as the environment says it: variants, profile, memory
// model. The target runs them so, and so do the mutators, which AFL++ loads into itself. Starts no
// thread.
#ifndef WALKRACE_FUZZ_FUZZ_CONTEXT_H_
#define WALKRACE_FUZZ_FUZZ_CONTEXT_H_

#include "absl/status/status.h"
#include "harness/context.h"
#include "scenario/aims.h"

namespace walkrace {

// Returns "" where it is not set.
const char* Environment(const char* name);

struct FuzzContext {
  ResolvedContext resolved;
  bool profile_is_fixed;    // by the environment; else the input's own counts
  bool memory_is_hardware;  // the memory model is what the profile says

  // How `input` is run.
  RunContext Of(const Input& input) const;
};

// Takes it for the rest of the process: the variants from WALKRACE_VARIANT ("a,b"; unset:
// unmodified paths), the profile from WALKRACE_PROFILE or WALKRACE_PROFILE_FILE (unset: each
// input's own, arm64 where it has none), the memory model from WALKRACE_MEMORY (unset: sc).
absl::Status ChooseFuzzContext(const char* target);

// Returns null where none was chosen.
const FuzzContext* TheFuzzContext();

// What mutations can aim at in an input that is run in this context; null where none was chosen,
// or with WALKRACE_NO_AIMS in the environment, to measure what they buy.
AimSource* TheAims();

}  // namespace walkrace

#endif  // WALKRACE_FUZZ_FUZZ_CONTEXT_H_
