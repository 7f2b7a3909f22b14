// atomic_t by the kernel's names (include/linux/atomic, v6.1). Deviation: 64 bits wide, so that
// each counter is a location of its own.
#ifndef WALKRACE_KERNEL_ATOMIC_H_
#define WALKRACE_KERNEL_ATOMIC_H_

#include "kernel/primitives.h"

typedef struct {
  int64_t counter;
} atomic_t;

#define WR_ATOMIC_RMW(kind, operand, v, order)                                               \
  ((int64_t)wr_rmw(&(v)->counter, sizeof((v)->counter), kind, (uint64_t)(operand), 0, order, \
                   WR_DATA, 0, WR_HERE))

#define atomic_read(v) \
  ((int64_t)wr_load(&(v)->counter, sizeof((v)->counter), WR_RELAXED, WR_DATA, WR_HERE))
#define atomic_set(v, i) \
  wr_store(&(v)->counter, sizeof((v)->counter), (uint64_t)(i), WR_RELAXED, WR_DATA, WR_HERE)

// Not value-returning: relaxed.
#define atomic_add(i, v) ((void)WR_ATOMIC_RMW(WR_ADD, i, v, WR_RELAXED))
#define atomic_sub(i, v) ((void)WR_ATOMIC_RMW(WR_SUB, i, v, WR_RELAXED))
#define atomic_inc(v) atomic_add(1, v)
#define atomic_dec(v) atomic_sub(1, v)

// Value-returning: fully ordered.
#define atomic_add_return(i, v) (WR_ATOMIC_RMW(WR_ADD, i, v, WR_FULL) + (i))
#define atomic_sub_return(i, v) (WR_ATOMIC_RMW(WR_SUB, i, v, WR_FULL) - (i))
#define atomic_sub_and_test(i, v) (atomic_sub_return(i, v) == 0)
#define atomic_dec_and_test(v) atomic_sub_and_test(1, v)

// Adds unless the value is `u`; returns whether it added. No ordering where it did not.
#define WR_ADD_UNLESS_VALUE(v, a, u, order)                                                  \
  __extension__({                                                                            \
    bool wr_add_failed;                                                                      \
    wr_rmw(&(v)->counter, sizeof((v)->counter), WR_ADD_UNLESS, (uint64_t)(a), (uint64_t)(u), \
           order, WR_DATA, &wr_add_failed, WR_HERE);                                         \
    !wr_add_failed;                                                                          \
  })
#define atomic_add_unless(v, a, u) WR_ADD_UNLESS_VALUE(v, a, u, WR_FULL)

#endif  // WALKRACE_KERNEL_ATOMIC_H_
