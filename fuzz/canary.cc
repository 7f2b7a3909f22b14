// Fuzz target that must fail: gup_vs_collapse with the seed's race (variant collapse-race) always
// in force. A fuzzer that does not find it, or does not save it, proves nothing about the rest.
#include "scenario_target.h"

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  walkrace::ChooseContext("canary");
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  walkrace::FuzzScenario(data, size);
  return 0;
}
