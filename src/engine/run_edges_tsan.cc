#include "engine/run_edges.h"

extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);

namespace walkrace {

void RunEdgeRelease(void* edge) { __tsan_release(edge); }
void RunEdgeAcquire(void* edge) { __tsan_acquire(edge); }

}  // namespace walkrace
