#include "target/accesses.h"

#include "engine/steps.h"
#include "kernel/pc_site.h"

namespace walkrace {
namespace {

Engine* watched;
uintptr_t arena_start;
size_t arena_size;

// The store that has an event, and was not made then.
struct {
  const void* address;  // null: none
  size_t size;
  size_t event;
} to_come;

uint64_t Read(const void* address, size_t size) {
  uint64_t value = 0;
  // Not memcpy: its intercepted form is told to ThreadSanitizer.
  const auto* bytes = static_cast<const volatile unsigned char*>(address);
  for (size_t i = 0; i < size; ++i) value |= uint64_t{bytes[i]} << (8 * i);
  return value;
}

void KeepStoredValue() {
  if (to_come.address == nullptr) return;
  watched->SetAfter(to_come.event, Read(to_come.address, to_come.size));
  to_come.address = nullptr;
}

// `size`: what of it the event tells.
__attribute__((always_inline)) inline void OnAccess(EventKind kind, const void* address,
                                                    uint8_t size, const void* pc) {
  const uintptr_t offset = reinterpret_cast<uintptr_t>(address) - arena_start;
  if (offset >= arena_size || !watched->in_run()) return;
  if (arena_size - offset < size) size = static_cast<uint8_t>(arena_size - offset);
  watched->Arrive({kind, 0, Order::kPlain, size, watched->LocationOf(address), wr_site_of_pc(pc),
                   nullptr, nullptr});
  const uint64_t value = Read(address, size);
  if (kind == EventKind::kStore) to_come = {address, size, watched->event_count()};
  watched->Complete(value, value);
}

}  // namespace

void WatchAccesses(Engine* engine, const void* arena, size_t bytes) {
  watched = engine;
  arena_start = reinterpret_cast<uintptr_t>(arena);
  arena_size = bytes;
}

void StoreValues::Begin(int cpu_count, uint64_t seed) {
  to_come.address = nullptr;
  chooses_.Begin(cpu_count, seed);
}

CpuId StoreValues::Pick(const Choice& choice) {
  KeepStoredValue();
  return chooses_.Pick(choice);
}

void StoreValues::End(uint32_t steps) {
  KeepStoredValue();
  chooses_.End(steps);
}

}  // namespace walkrace

using walkrace::EventKind;
using walkrace::OnAccess;

// Declared in no header: the compiler knows them.
#define WR_ACCESS_CALLBACKS(bits, bytes)                                      \
  void __sanitizer_cov_load##bits(const void* address) {                      \
    OnAccess(EventKind::kLoad, address, bytes, __builtin_return_address(0));  \
  }                                                                           \
  void __sanitizer_cov_store##bits(const void* address) {                     \
    OnAccess(EventKind::kStore, address, bytes, __builtin_return_address(0)); \
  }

extern "C" {
WR_ACCESS_CALLBACKS(1, 1)
WR_ACCESS_CALLBACKS(2, 2)
WR_ACCESS_CALLBACKS(4, 4)
WR_ACCESS_CALLBACKS(8, 8)
WR_ACCESS_CALLBACKS(16, 8)  // one event of its first half: nobody runs between the two
}
