// Fuzz target: GUP-fast against collapse, zap, fault-in and CPU accesses, one input a schedule.
// Without WALKRACE_VARIANT the paths are unmodified: whatever it finds is a defect, of the paths
// or of walkrace.
#include "scenario_target.h"

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  walkrace::ChooseContext("gup_vs_collapse");
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  walkrace::FuzzScenario(data, size);
  return 0;
}
