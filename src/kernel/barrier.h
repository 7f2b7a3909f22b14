// Barriers by the kernel's names (tools/memory-model/Documentation, v6.1). Under sequential
// consistency they order nothing that is not ordered already; they are events all the same, so
// that a reader sees them and a memory model can act on them. ThreadSanitizer is given no edge.
#ifndef WALKRACE_KERNEL_BARRIER_H_
#define WALKRACE_KERNEL_BARRIER_H_

#include "kernel/primitives.h"

#define smp_mb() wr_fence(WR_MB, WR_HERE)
#define smp_rmb() wr_fence(WR_RMB, WR_HERE)
#define smp_wmb() wr_fence(WR_WMB, WR_HERE)
#define smp_mb__after_atomic() wr_fence(WR_MB, WR_HERE)
#define smp_mb__before_atomic() wr_fence(WR_MB, WR_HERE)

#endif  // WALKRACE_KERNEL_BARRIER_H_
