// Locks are words that the engine knows.
#ifndef WALKRACE_ASM_SPINLOCK_TYPES_H
#define WALKRACE_ASM_SPINLOCK_TYPES_H
typedef struct {
  unsigned long word;
} arch_spinlock_t;
typedef struct {
  unsigned long word;
} arch_rwlock_t;
#define __ARCH_SPIN_LOCK_UNLOCKED {0}
#define __ARCH_RW_LOCK_UNLOCKED {0}
#endif
