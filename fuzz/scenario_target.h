// What every target that runs scenarios is made of: one input in, one run, and on a violation a
// report and an abort, so that either fuzzer saves the input. Declarations only: instrumented
// targets include it.
#ifndef WALKRACE_FUZZ_SCENARIO_TARGET_H_
#define WALKRACE_FUZZ_SCENARIO_TARGET_H_

#include <cstddef>
#include <cstdint>

namespace walkrace {

// Takes target, variants and profile for all later runs: the variants from WALKRACE_VARIANT
// ("a,b"; unset: unmodified paths), the profile from WALKRACE_PROFILE (unset: each input's own,
// arm64 where it has none). An unknown name ends the process with 2. For LLVMFuzzerInitialize:
// starts no thread, so that AFL++'s fork server may still come.
void ChooseContext(const char* target);

// Decodes and runs one input. Prints a report and aborts when it violates an invariant.
// REQUIRES: ChooseContext was called.
void FuzzScenario(const uint8_t* data, size_t size);

}  // namespace walkrace

#endif  // WALKRACE_FUZZ_SCENARIO_TARGET_H_
