// Sequential consistency: every access works on memory at once.
#ifndef WALKRACE_ENGINE_SC_MEMORY_H_
#define WALKRACE_ENGINE_SC_MEMORY_H_

#include "base/check.h"
#include "engine/memory_model.h"

namespace walkrace {

// Eight bytes are the size of nearly all.
inline uint64_t ScLoad(const void* address, uint8_t size) {
  if (__builtin_expect(size == 8, 1)) {
    return __atomic_load_n(static_cast<const uint64_t*>(address), __ATOMIC_RELAXED);
  }
  switch (size) {
    case 1:
      return __atomic_load_n(static_cast<const uint8_t*>(address), __ATOMIC_RELAXED);
    case 2:
      return __atomic_load_n(static_cast<const uint16_t*>(address), __ATOMIC_RELAXED);
    default:
      WR_CHECK(size == 4);
      return __atomic_load_n(static_cast<const uint32_t*>(address), __ATOMIC_RELAXED);
  }
}

inline void ScStore(void* address, uint8_t size, uint64_t value) {
  if (__builtin_expect(size == 8, 1)) {
    __atomic_store_n(static_cast<uint64_t*>(address), value, __ATOMIC_RELAXED);
    return;
  }
  switch (size) {
    case 1:
      __atomic_store_n(static_cast<uint8_t*>(address), value, __ATOMIC_RELAXED);
      return;
    case 2:
      __atomic_store_n(static_cast<uint16_t*>(address), value, __ATOMIC_RELAXED);
      return;
    default:
      WR_CHECK(size == 4);
      __atomic_store_n(static_cast<uint32_t*>(address), value, __ATOMIC_RELAXED);
  }
}

inline uint64_t ScApply(const Access& access, uint64_t old, bool* failed) {
  switch (access.rmw) {
    case RmwKind::kXchg:
      return access.operand;
    case RmwKind::kAdd:
      return old + access.operand;
    case RmwKind::kSub:
      return old - access.operand;
    case RmwKind::kAnd:
      return old & access.operand;
    case RmwKind::kOr:
      return old | access.operand;
    case RmwKind::kCmpxchg:
      *failed = old != access.expected;
      return *failed ? old : access.operand;
    case RmwKind::kAddUnless:
      *failed = old == access.expected;
      return *failed ? old : old + access.operand;
  }
  return old;
}

__attribute__((always_inline)) inline AccessResult ScPerform(const Access& access) {
  const uint64_t old = ScLoad(access.address, access.size);
  AccessResult result{old, old, false};
  if (access.kind == EventKind::kLoad) return result;
  result.after =
      access.kind == EventKind::kStore ? access.operand : ScApply(access, old, &result.failed);
  if (access.size < 8) result.after &= (uint64_t{1} << (8 * access.size)) - 1;
  ScStore(access.address, access.size, result.after);
  return result;
}

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_SC_MEMORY_H_
