// Barriers are events; acquire and release are orders of the access itself.
#ifndef WALKRACE_ASM_BARRIER_H
#define WALKRACE_ASM_BARRIER_H
#include <asm/rwonce.h>

#define mb() wr_port_fence(WR_PORT_MB)
#define rmb() wr_port_fence(WR_PORT_RMB)
#define wmb() wr_port_fence(WR_PORT_WMB)
#define __smp_mb() wr_port_fence(WR_PORT_MB)
#define __smp_rmb() wr_port_fence(WR_PORT_RMB)
#define __smp_wmb() wr_port_fence(WR_PORT_WMB)
#define __smp_mb__before_atomic() wr_port_fence(WR_PORT_MB)
#define __smp_mb__after_atomic() wr_port_fence(WR_PORT_MB)
#define __smp_load_acquire(p)                                            \
  ({                                                                     \
    union {                                                              \
      unsigned long wr_value;                                            \
      __unqual_scalar_typeof(*(p)) wr_typed;                             \
    } wr_read;                                                           \
    wr_read.wr_value = wr_port_load((p), sizeof(*(p)), WR_PORT_ACQUIRE); \
    (typeof(*(p)))wr_read.wr_typed;                                      \
  })
#define __smp_store_release(p, v)                                         \
  do {                                                                    \
    union {                                                               \
      unsigned long wr_value;                                             \
      __unqual_scalar_typeof(*(p)) wr_typed;                              \
    } wr_write = {0};                                                     \
    wr_write.wr_typed = (__force __unqual_scalar_typeof(*(p)))(v);        \
    wr_port_store((p), sizeof(*(p)), wr_write.wr_value, WR_PORT_RELEASE); \
  } while (0)
#include <asm-generic/barrier.h>
#endif
