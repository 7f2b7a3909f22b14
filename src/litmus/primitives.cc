#include "litmus/primitives.h"

#include <algorithm>
#include <iterator>

namespace walkrace::litmus {
namespace {

using enum Arguments;
using enum Worth;

constexpr Primitive Access(const char* name, Arguments arguments, Opcode opcode, Order order) {
  return {name, arguments, opcode, order, opcode == Opcode::kLoad ? kTarget : kNothing};
}
constexpr Primitive FenceRow(const char* name, Fence fence) {
  return {.name = name, .arguments = kNone, .opcode = Opcode::kFence, .fence = fence};
}
// Without a suffix they are fully ordered.
constexpr Primitive Rmw(const char* name, Arguments arguments, RmwKind kind, Worth worth,
                        Value operand = 0) {
  return {.name = name,
          .arguments = arguments,
          .opcode = Opcode::kRmw,
          .order = Order::kFull,
          .worth = worth,
          .rmw = kind,
          .operand = operand,
          .has_orders = worth == kTarget || worth == kNew};
}
// Ordered in no way.
constexpr Primitive Silent(const char* name, Arguments arguments, RmwKind kind, Value operand = 0) {
  return {.name = name,
          .arguments = arguments,
          .opcode = Opcode::kRmw,
          .order = Order::kRelaxed,
          .rmw = kind,
          .operand = operand};
}
constexpr Primitive Plain(const char* name, Arguments arguments, Opcode opcode,
                          Worth worth = kNothing) {
  return {.name = name, .arguments = arguments, .opcode = opcode, .worth = worth};
}

constexpr Primitive kPrimitives[] = {
    Access("READ_ONCE", kLvalue, Opcode::kLoad, Order::kRelaxed),
    Access("WRITE_ONCE", kLvalueValue, Opcode::kStore, Order::kRelaxed),
    Access("smp_load_acquire", kAddress, Opcode::kLoad, Order::kAcquire),
    Access("smp_store_release", kAddressValue, Opcode::kStore, Order::kRelease),
    Access("rcu_dereference", kLvalue, Opcode::kLoad, Order::kRelaxed),
    Access("rcu_assign_pointer", kLvalueValue, Opcode::kStore, Order::kRelease),
    {.name = "smp_store_mb",
     .arguments = kLvalueValue,
     .opcode = Opcode::kStore,
     .fence_follows = true},
    Access("atomic_read", kAddress, Opcode::kLoad, Order::kRelaxed),
    Access("atomic_set", kAddressValue, Opcode::kStore, Order::kRelaxed),
    Access("atomic_read_acquire", kAddress, Opcode::kLoad, Order::kAcquire),
    Access("atomic_set_release", kAddressValue, Opcode::kStore, Order::kRelease),

    FenceRow("smp_mb", Fence::kMb),
    FenceRow("smp_rmb", Fence::kRmb),
    FenceRow("smp_wmb", Fence::kWmb),
    FenceRow("smp_mb__before_atomic", Fence::kBeforeAtomic),
    FenceRow("smp_mb__after_atomic", Fence::kAfterAtomic),
    FenceRow("smp_mb__after_spinlock", Fence::kAfterSpinlock),
    FenceRow("smp_mb__after_unlock_lock", Fence::kAfterUnlockLock),
    FenceRow("barrier", Fence::kBarrier),

    Plain("spin_lock", kLock, Opcode::kLock),
    Plain("spin_unlock", kLock, Opcode::kUnlock),
    Plain("spin_trylock", kLock, Opcode::kTrylock, kTarget),
    Plain("spin_is_locked", kLock, Opcode::kIsLocked, kTarget),

    Plain("rcu_read_lock", kNone, Opcode::kRcuLock),
    Plain("rcu_read_unlock", kNone, Opcode::kRcuUnlock),
    Plain("synchronize_rcu", kNone, Opcode::kSynchronizeRcu),
    Plain("synchronize_rcu_expedited", kNone, Opcode::kSynchronizeRcu),

    Rmw("xchg", kAddressValue, RmwKind::kXchg, kTarget),
    Rmw("atomic_xchg", kAddressValue, RmwKind::kXchg, kTarget),
    Rmw("cmpxchg", kAddressExpectedValue, RmwKind::kCmpxchg, kTarget),
    Rmw("atomic_cmpxchg", kAddressExpectedValue, RmwKind::kCmpxchg, kTarget),

    Silent("atomic_add", kValueAddress, RmwKind::kAdd),
    Silent("atomic_sub", kValueAddress, RmwKind::kSub),
    Silent("atomic_and", kValueAddress, RmwKind::kAnd),
    Silent("atomic_or", kValueAddress, RmwKind::kOr),
    Silent("atomic_inc", kAddress, RmwKind::kAdd, 1),
    Silent("atomic_dec", kAddress, RmwKind::kSub, 1),

    Rmw("atomic_add_return", kValueAddress, RmwKind::kAdd, kNew),
    Rmw("atomic_sub_return", kValueAddress, RmwKind::kSub, kNew),
    Rmw("atomic_inc_return", kAddress, RmwKind::kAdd, kNew, 1),
    Rmw("atomic_dec_return", kAddress, RmwKind::kSub, kNew, 1),
    Rmw("atomic_fetch_add", kValueAddress, RmwKind::kAdd, kTarget),
    Rmw("atomic_fetch_sub", kValueAddress, RmwKind::kSub, kTarget),
    Rmw("atomic_fetch_and", kValueAddress, RmwKind::kAnd, kTarget),
    Rmw("atomic_fetch_or", kValueAddress, RmwKind::kOr, kTarget),
    Rmw("atomic_fetch_inc", kAddress, RmwKind::kAdd, kTarget, 1),
    Rmw("atomic_fetch_dec", kAddress, RmwKind::kSub, kTarget, 1),

    Rmw("atomic_add_unless", kAddressValueExpected, RmwKind::kAddUnless, kChanged),
    // The kernel has it fully ordered only; the suffixes are ours.
    Rmw("atomic_fetch_add_unless", kAddressValueExpected, RmwKind::kAddUnless, kTarget),

    Rmw("atomic_sub_and_test", kValueAddress, RmwKind::kSub, kNewIsZero),
    Rmw("atomic_inc_and_test", kAddress, RmwKind::kAdd, kNewIsZero, 1),
    Rmw("atomic_dec_and_test", kAddress, RmwKind::kSub, kNewIsZero, 1),
    Rmw("atomic_add_negative", kValueAddress, RmwKind::kAdd, kNewIsNegative),
};

struct Suffix {
  std::string_view text;
  Order order;
};
constexpr Suffix kSuffixes[] = {
    {"_relaxed", Order::kRelaxed}, {"_acquire", Order::kAcquire}, {"_release", Order::kRelease}};

const Primitive* FindRow(std::string_view name) {
  const auto* const found = std::find_if(std::begin(kPrimitives), std::end(kPrimitives),
                                         [name](const Primitive& row) { return name == row.name; });
  return found == std::end(kPrimitives) ? nullptr : found;
}

// What the word begins with, and why it is not read.
struct Unsupported {
  std::string_view begin;
  const char* why;
};
constexpr Unsupported kUnsupported[] = {
    {"srcu_", "SRCU is not supported"},
    {"synchronize_srcu", "SRCU is not supported"},
    {"smp_mb__after_srcu", "SRCU is not supported"},
    {"read_lock", "reader-writer locks are not supported"},
    {"read_unlock", "reader-writer locks are not supported"},
    {"write_lock", "reader-writer locks are not supported"},
    {"write_unlock", "reader-writer locks are not supported"},
    {"rwlock_t", "reader-writer locks are not supported"},
    {"mutex_", "mutexes are not supported"},
    {"down_", "semaphores are not supported"},
    {"up_", "semaphores are not supported"},
    {"smp_cond_load", "waiting loops are not supported"},
    {"atomic_cond_read", "waiting loops are not supported"},
    {"spin_unlock_wait", "waiting loops are not supported"},
    {"while", "loops are not supported"},
    {"for", "loops are not supported"},
    {"do", "loops are not supported"},
    {"goto", "jumps are not supported"},
    {"switch", "'if' is the only branch that is supported"},
    {"return", "threads end at their ends"},
    {"break", "loops are not supported"},
    {"continue", "loops are not supported"},
    {"struct", "structures are not supported"},
    {"union", "structures are not supported"},
    {"call_rcu", "callbacks are not supported"},
    {"rcu_barrier", "callbacks are not supported"},
    {"atomic_try_cmpxchg", "try_cmpxchg is not supported; cmpxchg is"},
    {"try_cmpxchg", "try_cmpxchg is not supported; cmpxchg is"},
    {"atomic64_", "atomic64_t is not supported; atomic_t is as wide here"},
    {"atomic_long_", "atomic_long_t is not supported; atomic_t is as wide here"},
};

}  // namespace

bool FindPrimitive(std::string_view name, Primitive* primitive) {
  if (const Primitive* row = FindRow(name); row != nullptr) {
    *primitive = *row;
    return true;
  }
  for (const Suffix& suffix : kSuffixes) {
    if (!name.ends_with(suffix.text)) continue;
    const Primitive* row = FindRow(name.substr(0, name.size() - suffix.text.size()));
    if (row == nullptr || !row->has_orders) return false;
    *primitive = *row;
    primitive->order = suffix.order;
    return true;
  }
  return false;
}

const char* WhyUnsupported(std::string_view name) {
  for (const Unsupported& row : kUnsupported) {
    const bool whole = row.begin.find('_') == std::string_view::npos;  // "do", not "done"
    if (whole ? name == row.begin : name.starts_with(row.begin)) return row.why;
  }
  return nullptr;
}

}  // namespace walkrace::litmus
