// Exchanges: one read-modify-write event each.
#ifndef WALKRACE_ASM_CMPXCHG_H
#define WALKRACE_ASM_CMPXCHG_H
#include "calls.h"

#define wr_xchg(p, v, order) \
  ((__typeof__(*(p)))wr_port_rmw((p), sizeof(*(p)), WR_PORT_XCHG, (unsigned long)(v), 0, order))
#define wr_cmpxchg(p, o, n, order)                                                       \
  ((__typeof__(*(p)))wr_port_rmw((p), sizeof(*(p)), WR_PORT_CMPXCHG, (unsigned long)(n), \
                                 (unsigned long)(o), order))
#define arch_xchg(p, v) wr_xchg(p, v, WR_PORT_FULL)
#define arch_xchg_relaxed(p, v) wr_xchg(p, v, WR_PORT_RELAXED)
#define arch_xchg_acquire(p, v) wr_xchg(p, v, WR_PORT_ACQUIRE)
#define arch_xchg_release(p, v) wr_xchg(p, v, WR_PORT_RELEASE)
#define arch_cmpxchg(p, o, n) wr_cmpxchg(p, o, n, WR_PORT_FULL)
#define arch_cmpxchg_relaxed(p, o, n) wr_cmpxchg(p, o, n, WR_PORT_RELAXED)
#define arch_cmpxchg_acquire(p, o, n) wr_cmpxchg(p, o, n, WR_PORT_ACQUIRE)
#define arch_cmpxchg_release(p, o, n) wr_cmpxchg(p, o, n, WR_PORT_RELEASE)
#define arch_cmpxchg64(p, o, n) wr_cmpxchg(p, o, n, WR_PORT_FULL)
#define arch_cmpxchg64_relaxed(p, o, n) wr_cmpxchg(p, o, n, WR_PORT_RELAXED)
#define arch_cmpxchg64_acquire(p, o, n) wr_cmpxchg(p, o, n, WR_PORT_ACQUIRE)
#define arch_cmpxchg64_release(p, o, n) wr_cmpxchg(p, o, n, WR_PORT_RELEASE)
#define arch_cmpxchg_local(p, o, n) wr_cmpxchg(p, o, n, WR_PORT_RELAXED)
#define arch_cmpxchg64_local(p, o, n) wr_cmpxchg(p, o, n, WR_PORT_RELAXED)
#endif
