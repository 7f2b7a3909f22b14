#include "harness/race_reports.h"

namespace {
void (*race_listener)();
bool (*race_filter)(const walkrace::RaceAccess (&accesses)[2]);
}  // namespace

// Called by the runtime once a report is complete.
extern "C" void __tsan_on_report(void* /*report*/) {
  if (race_listener != nullptr) race_listener();
}

// compiler-rt/lib/tsan/rtl/tsan_debugging.cpp, LLVM 19.
extern "C" int __tsan_get_report_mop(void* report, unsigned long idx, int* tid, void** addr,
                                     int* size, int* write, int* atomic, void** trace,
                                     unsigned long trace_size);

namespace __tsan {

class ReportDesc;

// The runtime's own, which is weak, says what it is given.
// NOLINTNEXTLINE(misc-use-internal-linkage): the runtime calls it
bool OnReport(const ReportDesc* report, bool suppressed) {
  if (suppressed || race_filter == nullptr) return suppressed;
  walkrace::RaceAccess accesses[2];
  for (unsigned long i = 0; i < 2; ++i) {
    walkrace::RaceAccess& access = accesses[i];
    int thread;
    int size;
    int write = 0;
    int atomic = 0;
    void* address = nullptr;
    void* trace[walkrace::RaceAccess::kFramesMax] = {};
    if (__tsan_get_report_mop(const_cast<ReportDesc*>(report), i, &thread, &address, &size, &write,
                              &atomic, trace, walkrace::RaceAccess::kFramesMax) == 0) {
      return false;
    }
    access.address = address;
    access.write = write != 0;
    access.atomic = atomic != 0;
    for (size_t n = 0; n < walkrace::RaceAccess::kFramesMax; ++n) access.frames[n] = trace[n];
  }
  return race_filter(accesses);
}

}  // namespace __tsan

namespace walkrace {

void SetRaceListener(void (*listener)()) { race_listener = listener; }
void SetRaceFilter(bool (*is_known)(const RaceAccess (&accesses)[2])) { race_filter = is_known; }
bool RaceDetectorPresent() { return true; }

}  // namespace walkrace
