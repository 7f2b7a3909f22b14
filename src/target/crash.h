// Code under test that crashes is a finding like others, not the end of the search: SIGSEGV and its
// like end the run that caused them. For the stand-alone driver; fuzzers have their own way.
#ifndef WALKRACE_TARGET_CRASH_H_
#define WALKRACE_TARGET_CRASH_H_

#include "target/runner.h"

namespace walkrace {

// From now on, on every thread.
void CatchCrashes(TargetRunner& runner);

}  // namespace walkrace

#endif  // WALKRACE_TARGET_CRASH_H_
