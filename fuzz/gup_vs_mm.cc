// Fuzz target: GUP-fast and the other lockless walkers against everything that rewrites page
// tables, one input a schedule. Without WALKRACE_VARIANT the paths are unmodified: whatever it
// finds is a known exposure of the profile, or a defect.
#include "scenario_target.h"

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  walkrace::ChooseContext("gup_vs_mm");
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  walkrace::FuzzScenario(data, size);
  return 0;
}
