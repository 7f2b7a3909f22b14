// How far a fuzzing process is, for whoever watches: counts in a file that fuzz/driver.py maps
// (fuzz/progress.py knows the layout). Fuzzers report their own counts late and each in its own
// way. Without WALKRACE_PROGRESS all of this does nothing.
#ifndef WALKRACE_FUZZ_PROGRESS_FILE_H_
#define WALKRACE_FUZZ_PROGRESS_FILE_H_

#include <cstddef>

namespace walkrace {

// One input was run.
void CountSchedule();

// Its violation is a known exposure of the profile.
void CountKnownExposed();

// This order of accesses was seen. REQUIRES: order < kOrdersMax.
void NoteOrder(size_t order);

}  // namespace walkrace

#endif  // WALKRACE_FUZZ_PROGRESS_FILE_H_
