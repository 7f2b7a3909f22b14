// For targets that are written in the kernel's words: READ_ONCE, cmpxchg, atomic_t, spin_lock,
// rcu_read_lock, call_rcu, smp_mb, seqcounts. Of its own, as these names may be taken; without it
// there is kernel/primitives.h (target.h includes it). C-compatible.
#ifndef WALKRACE_TARGET_KERNEL_H_
#define WALKRACE_TARGET_KERNEL_H_

#include "kernel/atomic.h"
#include "kernel/barrier.h"
#include "kernel/locking.h"
#include "kernel/rwonce.h"
#include "kernel/seqlock.h"

#endif  // WALKRACE_TARGET_KERNEL_H_
