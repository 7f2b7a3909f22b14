// ThreadSanitizer's reports, by the hook that its runtime calls. In flavours without the runtime
// there are none. race_reports_tsan.cc or race_reports_none.cc.
#ifndef WALKRACE_HARNESS_RACE_REPORTS_H_
#define WALKRACE_HARNESS_RACE_REPORTS_H_

namespace walkrace {

// Called at each report, on the thread that raced, inside the runtime: it may only note the fact.
void SetRaceListener(void (*listener)());

// Whether the ThreadSanitizer runtime is linked in.
bool RaceDetectorPresent();

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_RACE_REPORTS_H_
