#include "base/check.h"
#include "engine/memory_model.h"

namespace walkrace {
namespace {

uint64_t RawLoad(const void* address, uint8_t size) {
  switch (size) {
    case 1:
      return __atomic_load_n(static_cast<const uint8_t*>(address), __ATOMIC_RELAXED);
    case 2:
      return __atomic_load_n(static_cast<const uint16_t*>(address), __ATOMIC_RELAXED);
    case 4:
      return __atomic_load_n(static_cast<const uint32_t*>(address), __ATOMIC_RELAXED);
    default:
      WR_CHECK(size == 8);
      return __atomic_load_n(static_cast<const uint64_t*>(address), __ATOMIC_RELAXED);
  }
}

void RawStore(void* address, uint8_t size, uint64_t value) {
  switch (size) {
    case 1:
      __atomic_store_n(static_cast<uint8_t*>(address), value, __ATOMIC_RELAXED);
      return;
    case 2:
      __atomic_store_n(static_cast<uint16_t*>(address), value, __ATOMIC_RELAXED);
      return;
    case 4:
      __atomic_store_n(static_cast<uint32_t*>(address), value, __ATOMIC_RELAXED);
      return;
    default:
      WR_CHECK(size == 8);
      __atomic_store_n(static_cast<uint64_t*>(address), value, __ATOMIC_RELAXED);
  }
}

uint64_t Apply(const Access& access, uint64_t old, bool* failed) {
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

class ScMemoryModel final : public MemoryModel {
 public:
  void Begin(int /*cpu_count*/) override {}

  AccessResult Perform(CpuId /*cpu*/, const Access& access) override {
    const uint64_t old = RawLoad(access.address, access.size);
    AccessResult result{old, old, false};
    if (access.kind == EventKind::kLoad) return result;
    result.after =
        access.kind == EventKind::kStore ? access.operand : Apply(access, old, &result.failed);
    if (access.size < 8) result.after &= (uint64_t{1} << (8 * access.size)) - 1;
    RawStore(access.address, access.size, result.after);
    return result;
  }

  void Fence(CpuId /*cpu*/, FenceKind /*kind*/) override {}
};

}  // namespace

MemoryModel& ScMemory() {
  static ScMemoryModel model;
  return model;
}

}  // namespace walkrace
