#include "harness/race_reports.h"

namespace {
void (*race_listener)();
}

// Called by the runtime once a report is complete.
extern "C" void __tsan_on_report(void* /*report*/) {
  if (race_listener != nullptr) race_listener();
}

namespace walkrace {

void SetRaceListener(void (*listener)()) { race_listener = listener; }
bool RaceDetectorPresent() { return true; }

}  // namespace walkrace
