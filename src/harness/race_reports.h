// ThreadSanitizer's reports, by the hooks of its runtime. In flavours without the runtime there are
// none. race_reports_tsan.cc or race_reports_none.cc.
#ifndef WALKRACE_HARNESS_RACE_REPORTS_H_
#define WALKRACE_HARNESS_RACE_REPORTS_H_

#include <cstddef>

namespace walkrace {

// One side of a race.
struct RaceAccess {
  static constexpr size_t kFramesMax = 8;

  const void* address = nullptr;
  bool write = false;
  bool atomic = false;
  const void* frames[kFramesMax] = {};  // innermost first; return addresses
};

// Asked about each report before it is printed, on the thread that raced, inside the runtime: true
// keeps it from being printed, counted and listened to. Null: nobody is asked.
void SetRaceFilter(bool (*is_known)(const RaceAccess (&accesses)[2]));

// Called at each report that is not known, on the thread that raced, inside the runtime: it may
// only note the fact.
void SetRaceListener(void (*listener)());

// Whether the ThreadSanitizer runtime is linked in.
bool RaceDetectorPresent();

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_RACE_REPORTS_H_
