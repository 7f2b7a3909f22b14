// Spinlocks, mmap_lock, interrupts and RCU by the kernel's names (v6.1). A CPU that waits for a
// lock is blocked for the engine, takes interrupts if its own are on, and can deadlock.
// Deviation: reader-writer locks are not fair (a reader may pass a waiting writer).
#ifndef WALKRACE_KERNEL_LOCKING_H_
#define WALKRACE_KERNEL_LOCKING_H_

#include "kernel/primitives.h"

typedef struct {
  uint64_t word;
} spinlock_t;

struct rw_semaphore {
  uint64_t word;
};

#define spin_lock(lock) wr_spin_lock(&(lock)->word, WR_HERE)
#define spin_unlock(lock) wr_spin_unlock(&(lock)->word, WR_HERE)

#define mmap_read_lock(mm) wr_read_lock(&(mm)->mmap_lock.word, WR_HERE)
#define mmap_read_unlock(mm) wr_read_unlock(&(mm)->mmap_lock.word, WR_HERE)
#define mmap_write_lock(mm) wr_write_lock(&(mm)->mmap_lock.word, WR_HERE)
#define mmap_write_trylock(mm)                                                              \
  (wr_rmw(&(mm)->mmap_lock.word, sizeof((mm)->mmap_lock.word), WR_CMPXCHG, WR_RW_WRITER, 0, \
          WR_FULL, WR_DATA, 0, WR_HERE) == 0)
#define mmap_write_unlock(mm) wr_write_unlock(&(mm)->mmap_lock.word, WR_HERE)

#define local_irq_save(flags) ((flags) = wr_irq_off(WR_HERE))
#define local_irq_restore(flags) wr_irq_restore((flags), WR_HERE)
#define irqs_disabled() (!wr_irqs_on())

// smp_call_function_many, waiting: `mask` without the caller.
#define smp_call_function_many(mask, handler, argument) \
  wr_ipi((mask), (handler), (argument), WR_HERE)

#define rcu_read_lock() wr_rcu_read_lock(WR_HERE)
#define rcu_read_unlock() wr_rcu_read_unlock(WR_HERE)
#define call_rcu(callback, argument) wr_call_rcu((callback), (argument), WR_HERE)

#endif  // WALKRACE_KERNEL_LOCKING_H_
