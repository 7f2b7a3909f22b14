// What ThreadSanitizer is told of the accesses that the primitives make on behalf of the code
// under test. race_detector_tsan.cc or race_detector_none.cc, by flavour. Called from
// uninstrumented code only. `pc`: the place in the code under test that a report names.
#ifndef WALKRACE_KERNEL_RACE_DETECTOR_H_
#define WALKRACE_KERNEL_RACE_DETECTOR_H_

#include <cstddef>

#include "kernel/primitives.h"

namespace walkrace {

void RaceDetectorLoad(const volatile void* address, unsigned size, wr_order order, const void* pc);
void RaceDetectorStore(volatile void* address, unsigned size, wr_order order, const void* pc);
void RaceDetectorRmw(volatile void* address, unsigned size, wr_order order, const void* pc);

// While one exists, reports name `pc`'s function as a caller. For vocabulary functions that make
// accesses of their own: pass __builtin_return_address(0).
class RaceDetectorFrame {
 public:
  explicit RaceDetectorFrame(const void* pc);
  ~RaceDetectorFrame();
  RaceDetectorFrame(const RaceDetectorFrame&) = delete;
  RaceDetectorFrame& operator=(const RaceDetectorFrame&) = delete;
};

// Makes the detector forget what it knows of these pages. It reports reads that race once for each
// address, and then no more: a search in one process forgets after each report. The pages' content
// is lost. REQUIRES: `base` and `bytes` are multiples of the page size.
void RaceDetectorForget(void* base, size_t bytes);

// Happens-before edges of locks, IPIs and RCU.
void RaceDetectorAcquire(void* edge);
void RaceDetectorRelease(void* edge);

}  // namespace walkrace

#endif  // WALKRACE_KERNEL_RACE_DETECTOR_H_
