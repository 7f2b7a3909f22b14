// Binds the C primitives to the engine, and holds what each CPU carries besides its program:
// interrupt state, pending IPIs, RCU read sections, queued callbacks. C++ side, uninstrumented.
#ifndef WALKRACE_KERNEL_RUNTIME_H_
#define WALKRACE_KERNEL_RUNTIME_H_

#include "engine/engine.h"

namespace walkrace {

// All primitives work on this engine from now on. It must outlive every run.
void BindKernel(Engine* engine);

// Forgets everything of the last run. Call before Engine::Run.
void BeginKernel();

}  // namespace walkrace

#endif  // WALKRACE_KERNEL_RUNTIME_H_
