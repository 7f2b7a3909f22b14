// Speaks to the ThreadSanitizer runtime by its public entry points
// (compiler-rt/include/sanitizer/tsan_interface*.h, clang 19), from uninstrumented code: an
// access is announced where the program makes it, whoever moves the bytes.
#include <sys/mman.h>

#include "base/check.h"
#include "kernel/race_detector.h"

extern "C" {
void __tsan_acquire(void* address);
void __tsan_release(void* address);
void __tsan_func_entry(void* pc);
void __tsan_func_exit();
void __tsan_read4_pc(void* address, void* pc);
void __tsan_read8_pc(void* address, void* pc);
void __tsan_write4_pc(void* address, void* pc);
void __tsan_write8_pc(void* address, void* pc);
uint32_t __tsan_atomic32_load(const volatile uint32_t* address, int order);
uint64_t __tsan_atomic64_load(const volatile uint64_t* address, int order);
void __tsan_atomic32_store(volatile uint32_t* address, uint32_t value, int order);
void __tsan_atomic64_store(volatile uint64_t* address, uint64_t value, int order);
uint32_t __tsan_atomic32_fetch_add(volatile uint32_t* address, uint32_t value, int order);
uint64_t __tsan_atomic64_fetch_add(volatile uint64_t* address, uint64_t value, int order);
}

namespace walkrace {
namespace {

int LoadOrder(wr_order order) {
  return order == WR_RELAXED || order == WR_RELEASE ? __ATOMIC_RELAXED : __ATOMIC_ACQUIRE;
}

int StoreOrder(wr_order order) {
  return order == WR_RELAXED || order == WR_ACQUIRE ? __ATOMIC_RELAXED : __ATOMIC_RELEASE;
}

int RmwOrder(wr_order order) {
  switch (order) {
    case WR_ACQUIRE:
      return __ATOMIC_ACQUIRE;
    case WR_RELEASE:
      return __ATOMIC_RELEASE;
    case WR_FULL:
      return __ATOMIC_ACQ_REL;
    default:
      return __ATOMIC_RELAXED;
  }
}

}  // namespace

// The runtime names an atomic by its caller, which is this file: callers push the real place.
RaceDetectorFrame::RaceDetectorFrame(const void* pc) { __tsan_func_entry(const_cast<void*>(pc)); }
RaceDetectorFrame::~RaceDetectorFrame() { __tsan_func_exit(); }

void RaceDetectorLoad(const volatile void* address, unsigned size, wr_order order, const void* pc) {
  void* plain_address = const_cast<void*>(address);
  WR_CHECK(size == 4 || size == 8);
  if (order == WR_PLAIN) {
    (size == 8 ? __tsan_read8_pc : __tsan_read4_pc)(plain_address, const_cast<void*>(pc));
    return;
  }
  const RaceDetectorFrame frame(pc);
  if (size == 8) {
    (void)__tsan_atomic64_load(static_cast<const volatile uint64_t*>(address), LoadOrder(order));
  } else {
    (void)__tsan_atomic32_load(static_cast<const volatile uint32_t*>(address), LoadOrder(order));
  }
}

// The value is in memory already; storing it again is how the runtime learns of the store.
void RaceDetectorStore(volatile void* address, unsigned size, wr_order order, const void* pc) {
  WR_CHECK(size == 4 || size == 8);
  if (order == WR_PLAIN) {
    (size == 8 ? __tsan_write8_pc : __tsan_write4_pc)(const_cast<void*>(address),
                                                      const_cast<void*>(pc));
    return;
  }
  const RaceDetectorFrame frame(pc);
  if (size == 8) {
    auto* word = static_cast<volatile uint64_t*>(address);
    __tsan_atomic64_store(word, *word, StoreOrder(order));
  } else {
    auto* word = static_cast<volatile uint32_t*>(address);
    __tsan_atomic32_store(word, *word, StoreOrder(order));
  }
}

void RaceDetectorRmw(volatile void* address, unsigned size, wr_order order, const void* pc) {
  WR_CHECK(size == 4 || size == 8);
  const RaceDetectorFrame frame(pc);
  if (size == 8) {
    (void)__tsan_atomic64_fetch_add(static_cast<volatile uint64_t*>(address), 0, RmwOrder(order));
  } else {
    (void)__tsan_atomic32_fetch_add(static_cast<volatile uint32_t*>(address), 0, RmwOrder(order));
  }
}

// A new mapping in place of the old one clears the shadow of the pages.
void RaceDetectorForget(void* base, size_t bytes) {
  void* mapped =
      mmap(base, bytes, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  WR_CHECK(mapped == base);
}

void RaceDetectorAcquire(void* edge) { __tsan_acquire(edge); }
void RaceDetectorRelease(void* edge) { __tsan_release(edge); }

}  // namespace walkrace
