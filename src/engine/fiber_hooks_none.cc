#include "engine/fiber_hooks.h"

namespace walkrace {

void MakeFiberHook(FiberHook& /*hook*/) {}
void MakeHostHook(FiberHook& /*host*/) {}
void BeforeFiberJump(FiberHook& /*from*/, FiberHook& /*to*/) {}
void AfterFiberJump(FiberHook& /*from*/, FiberHook& /*to*/) {}

}  // namespace walkrace
