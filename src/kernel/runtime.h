// Binds the C primitives to the engine, and holds what each CPU carries besides its program:
// interrupt state, pending IPIs, RCU read sections, queued callbacks. C++ side, uninstrumented.
#ifndef WALKRACE_KERNEL_RUNTIME_H_
#define WALKRACE_KERNEL_RUNTIME_H_

#include "engine/engine.h"

namespace walkrace {

// All primitives work on this engine from now on. It must outlive every run.
void BindKernel(Engine* engine);

// A store in two halves, for code that stores by itself: announced, and said to be done by the same
// CPU before it does anything else that is an event. Other CPUs run before the first alone.
void BeginStore(void* address, unsigned size, const wr_site* site);
void EndStore(uint64_t before, uint64_t after);

// What the running CPU did before is done before what another does after it has taken the edge,
// which its address names: the order of a lock that has no word.
void OrderRelease(void* edge);
void OrderAcquire(void* edge);

// Forgets everything of the last run. Call before Engine::Run.
void BeginKernel();

}  // namespace walkrace

#endif  // WALKRACE_KERNEL_RUNTIME_H_
