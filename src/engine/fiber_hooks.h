// What a sanitizer's runtime has to be told about stacks that change under it.
// fiber_hooks_{none,tsan,asan}.cc, by flavour: none of it is instrumented.
#ifndef WALKRACE_ENGINE_FIBER_HOOKS_H_
#define WALKRACE_ENGINE_FIBER_HOOKS_H_

#include <cstddef>

namespace walkrace {

// One stack, as the runtime knows it.
struct FiberHook {
  void* fiber = nullptr;         // ThreadSanitizer's
  void* fake_stack = nullptr;    // AddressSanitizer's, while the stack is not the running one
  const void* bottom = nullptr;  // lowest address; null for the host: AddressSanitizer says it
  size_t bytes = 0;
};

// Once for each stack of a CPU.
void MakeFiberHook(FiberHook& hook);
// The stack of the host is the one that runs: before each run.
void MakeHostHook(FiberHook& host);
// Before the jump, on the stack that is left; after it, on the stack that it came to.
void BeforeFiberJump(FiberHook& from, FiberHook& to);
void AfterFiberJump(FiberHook& from, FiberHook& to);

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_FIBER_HOOKS_H_
