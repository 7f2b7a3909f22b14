// Sequence counters by the kernel's names (include/linux/seqlock.h, v6.1).
#ifndef WALKRACE_KERNEL_SEQLOCK_H_
#define WALKRACE_KERNEL_SEQLOCK_H_

#include "kernel/barrier.h"
#include "kernel/rwonce.h"

typedef struct {
  uint64_t sequence;
} seqcount_t;

// Does not wait for a writer: the caller looks at the low bit.
#define raw_read_seqcount(s)                               \
  __extension__({                                          \
    const uint64_t wr_sequence = READ_ONCE((s)->sequence); \
    smp_rmb();                                             \
    wr_sequence;                                           \
  })

#define read_seqcount_retry(s, start)    \
  __extension__({                        \
    smp_rmb();                           \
    READ_ONCE((s)->sequence) != (start); \
  })

// The caller serialises writers.
#define raw_write_seqcount_begin(s)                          \
  do {                                                       \
    WRITE_ONCE((s)->sequence, READ_ONCE((s)->sequence) + 1); \
    smp_wmb();                                               \
  } while (0)

#define raw_write_seqcount_end(s)                            \
  do {                                                       \
    smp_wmb();                                               \
    WRITE_ONCE((s)->sequence, READ_ONCE((s)->sequence) + 1); \
  } while (0)

#endif  // WALKRACE_KERNEL_SEQLOCK_H_
