// compiler-rt/include/sanitizer/common_interface_defs.h, clang 19.
#include <sanitizer/common_interface_defs.h>

#include "engine/fiber_hooks.h"

namespace walkrace {

void MakeFiberHook(FiberHook& /*hook*/) {}
void MakeHostHook(FiberHook& /*host*/) {}

void BeforeFiberJump(FiberHook& from, FiberHook& to) {
  __sanitizer_start_switch_fiber(&from.fake_stack, to.bottom, to.bytes);
}

// The host's stack is known when it has been left.
void AfterFiberJump(FiberHook& from, FiberHook& to) {
  __sanitizer_finish_switch_fiber(to.fake_stack, &from.bottom, &from.bytes);
}

}  // namespace walkrace
