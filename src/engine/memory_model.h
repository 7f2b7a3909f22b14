// What a load returns and when a store takes effect. `sc` returns the newest value; models that
// return older values or let stores arrive late stand behind the same interface. Memory itself
// always holds the newest committed value.
#ifndef WALKRACE_ENGINE_MEMORY_MODEL_H_
#define WALKRACE_ENGINE_MEMORY_MODEL_H_

#include <cstdint>

#include "engine/event.h"

namespace walkrace {

// One shared access. `order` kPlain means an unmarked C access; everything else is marked.
struct Access {
  EventKind kind;  // kLoad, kStore or kRmw
  RmwKind rmw;     // for kRmw
  Order order;
  uint8_t size;  // 1, 2, 4 or 8 bytes, within one granule
  void* address;
  uint64_t operand;   // kStore: the value; kRmw: the operand
  uint64_t expected;  // kCmpxchg: the expected value; kAddUnless: the value that forbids it
  const wr_site* site;
  uint32_t dependency;  // loads that the address or value depends on; kAllEarlierLoads if unknown
};

inline constexpr uint32_t kAllEarlierLoads = UINT32_MAX;

struct AccessResult {
  uint64_t before;  // what a load returns, and the old value for a store or read-modify-write
  uint64_t after;
  bool failed;
};

class MemoryModel {
 public:
  virtual ~MemoryModel() = default;
  virtual void Begin(int cpu_count) = 0;
  virtual AccessResult Perform(CpuId cpu, const Access& access) = 0;
  virtual void Fence(CpuId cpu, FenceKind kind) = 0;
};

// Sequential consistency: every access works on memory at once.
MemoryModel& ScMemory();

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_MEMORY_MODEL_H_
