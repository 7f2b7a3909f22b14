// READ_ONCE and WRITE_ONCE, and their plain counterparts for what the kernel reads without them.
// Mirrors include/asm-generic/rwonce.h, v6.1. Each is one event.
#ifndef WALKRACE_KERNEL_RWONCE_H_
#define WALKRACE_KERNEL_RWONCE_H_

#include "kernel/primitives.h"

// The value that the memory model gave, as the type of the object read.
#define WR_TYPED(x, value)                   \
  __extension__({                            \
    const uint64_t wr_typed_value = (value); \
    *(const __typeof__(x)*)&wr_typed_value;  \
  })

#define WR_LOAD(x, order, access_class) \
  WR_TYPED(x, wr_load(&(x), sizeof(x), order, access_class, WR_HERE))

#define READ_ONCE(x) WR_LOAD(x, WR_RELAXED, WR_DATA)
#define WRITE_ONCE(x, value) wr_store(&(x), sizeof(x), (value), WR_RELAXED, WR_DATA, WR_HERE)

// An unmarked C access: ThreadSanitizer is told of a plain load or store.
#define PLAIN_READ(x) WR_LOAD(x, WR_PLAIN, WR_DATA)
#define PLAIN_WRITE(x, value) wr_store(&(x), sizeof(x), (value), WR_PLAIN, WR_DATA, WR_HERE)

#define smp_load_acquire(p) WR_LOAD(*(p), WR_ACQUIRE, WR_DATA)
#define smp_store_release(p, value) \
  wr_store((p), sizeof(*(p)), (value), WR_RELEASE, WR_DATA, WR_HERE)

// Mirrors include/linux/atomic, v6.1: value-returning forms are fully ordered.
#define xchg(p, value) \
  WR_TYPED(*(p), wr_rmw((p), sizeof(*(p)), WR_XCHG, (value), 0, WR_FULL, WR_DATA, 0, WR_HERE))
#define xchg_relaxed(p, value) \
  WR_TYPED(*(p), wr_rmw((p), sizeof(*(p)), WR_XCHG, (value), 0, WR_RELAXED, WR_DATA, 0, WR_HERE))
#define cmpxchg(p, old, value) \
  WR_TYPED(*(p),               \
           wr_rmw((p), sizeof(*(p)), WR_CMPXCHG, (value), (old), WR_FULL, WR_DATA, 0, WR_HERE))

#endif  // WALKRACE_KERNEL_RWONCE_H_
