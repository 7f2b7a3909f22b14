// compiler-rt/include/sanitizer/tsan_interface.h, clang 19. Called from uninstrumented code only: a
// function that is entered on one shadow stack and left on another underflows it.
#include "engine/fiber_hooks.h"

extern "C" void* __tsan_get_current_fiber();
extern "C" void* __tsan_create_fiber(unsigned flags);
extern "C" void __tsan_switch_to_fiber(void* fiber, unsigned flags);

namespace walkrace {
namespace {

// Without it each switch is a happens-before edge, and hides every race.
constexpr unsigned kNoSync = 1;  // __tsan_switch_to_fiber_no_sync

}  // namespace

void MakeFiberHook(FiberHook& hook) { hook.fiber = __tsan_create_fiber(0); }
void MakeHostHook(FiberHook& host) { host.fiber = __tsan_get_current_fiber(); }
void BeforeFiberJump(FiberHook& /*from*/, FiberHook& to) {
  __tsan_switch_to_fiber(to.fiber, kNoSync);
}
void AfterFiberJump(FiberHook& /*from*/, FiberHook& /*to*/) {}

}  // namespace walkrace
