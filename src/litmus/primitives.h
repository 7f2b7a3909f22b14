// The primitives of the kernel that litmus tests may call, as tools/memory-model of Linux 6.1 and
// 6.12 defines them: what each is made of, in rows. For the parser only.
#ifndef WALKRACE_LITMUS_PRIMITIVES_H_
#define WALKRACE_LITMUS_PRIMITIVES_H_

#include <string_view>

#include "litmus/program.h"

namespace walkrace::litmus {

// The arguments, in their order: `*x` (an lvalue), an address, a value.
enum class Arguments : uint8_t {
  kNone,
  kLvalue,
  kLvalueValue,
  kAddress,
  kAddressValue,
  kValueAddress,
  kAddressExpectedValue,  // cmpxchg(x, expected, value)
  kAddressValueExpected,  // atomic_add_unless(x, value, unless)
  kLock,
};

// What the call is worth.
enum class Worth : uint8_t {
  kNothing,
  kTarget,  // what the instruction leaves in its target
  kNew,     // of a read-modify-write: the value that it made
  kNewIsZero,
  kNewIsNegative,
  kChanged,  // of kAddUnless: whether it added
};

struct Primitive {
  const char* name;
  Arguments arguments;
  Opcode opcode;
  Order order = Order::kRelaxed;
  Worth worth = Worth::kNothing;
  RmwKind rmw = RmwKind::kXchg;
  Fence fence = Fence::kMb;
  Value operand = 0;           // of kRmw, where no argument says it
  bool has_orders = false;     // there are _relaxed, _acquire and _release
  bool fence_follows = false;  // smp_store_mb
};

// Returns false for an unknown name.
bool FindPrimitive(std::string_view name, Primitive* primitive);

// Returns why this is not read ("SRCU"), or null where it is no word of the kernel's that we know.
const char* WhyUnsupported(std::string_view name);

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_PRIMITIVES_H_
