#include "kernel/race_detector.h"

namespace walkrace {

void RaceDetectorLoad(const volatile void*, unsigned, wr_order, const void*) {}
void RaceDetectorStore(volatile void*, unsigned, wr_order, const void*) {}
void RaceDetectorRmw(volatile void*, unsigned, wr_order, const void*) {}
RaceDetectorFrame::RaceDetectorFrame(const void*) {}
RaceDetectorFrame::~RaceDetectorFrame() {}
void RaceDetectorForget(void*, size_t) {}
void RaceDetectorAcquire(void*) {}
void RaceDetectorRelease(void*) {}

}  // namespace walkrace
