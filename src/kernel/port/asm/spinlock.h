// Spinlocks: one event each; a CPU that waits is blocked for the engine.
#ifndef WALKRACE_ASM_SPINLOCK_H
#define WALKRACE_ASM_SPINLOCK_H
#include <asm/spinlock_types.h>
#include "calls.h"
static __always_inline void arch_spin_lock(arch_spinlock_t* lock) { wr_port_spin_lock(lock); }
static __always_inline int arch_spin_trylock(arch_spinlock_t* lock) {
  return wr_port_spin_trylock(lock);
}
static __always_inline void arch_spin_unlock(arch_spinlock_t* lock) { wr_port_spin_unlock(lock); }
static __always_inline int arch_spin_is_locked(arch_spinlock_t* lock) {
  return wr_port_load(&lock->word, 8, WR_PORT_RELAXED) != 0;
}
static __always_inline int arch_spin_is_contended(arch_spinlock_t* lock) { return 0; }
static __always_inline int arch_spin_value_unlocked(arch_spinlock_t lock) { return lock.word == 0; }
static __always_inline void arch_read_lock(arch_rwlock_t* lock) { wr_port_read_lock(lock); }
static __always_inline void arch_read_unlock(arch_rwlock_t* lock) { wr_port_read_unlock(lock); }
static __always_inline void arch_write_lock(arch_rwlock_t* lock) { wr_port_write_lock(lock); }
static __always_inline void arch_write_unlock(arch_rwlock_t* lock) { wr_port_write_unlock(lock); }
static __always_inline int arch_read_trylock(arch_rwlock_t* lock) {
  wr_port_unmodelled("arch_read_trylock");
}
static __always_inline int arch_write_trylock(arch_rwlock_t* lock) {
  return wr_port_write_trylock(lock);
}
#endif
