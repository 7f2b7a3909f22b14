// One shared access, and what a load returns and when a store takes effect. `sc` returns the newest
// value; the other models (memory_models.h, weak_memory.h) return older values or let stores arrive
// late, where MemoryChoices says so. Memory itself always holds the newest committed value.
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
  uint32_t dependency;   // of the CPU's earlier loads, those that the address or value depends on:
                         // all below this number; kAllEarlierLoads if unknown
  bool at_once = false;  // it works on memory at once under every model, and orders nothing
};

inline constexpr uint32_t kAllEarlierLoads = UINT32_MAX;

struct AccessResult {
  uint64_t before;  // what a load returns, and the old value for a store or read-modify-write
  uint64_t after;
  bool failed;
};

// What a weak memory model leaves open, decided for one run. Asked only where there is a choice.
class MemoryChoices {
 public:
  virtual ~MemoryChoices() = default;
  virtual void Begin(int cpu_count, uint64_t seed) = 0;
  // How many writes older than the newest the load may read that is event `number` of `cpu`. How
  // many there are at most: Engine::CountReadable.
  virtual int Age(CpuId cpu, uint16_t number) = 0;
  // How many further events of `cpu` its store, event `number`, may wait for.
  virtual int Delay(CpuId cpu, uint16_t number) = 0;
  // A store of `cpu` has waited until its event `due` is to come, as Delay said, and takes effect.
  virtual void OnDue(CpuId /*cpu*/, uint16_t /*due*/) {}
};

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_MEMORY_MODEL_H_
