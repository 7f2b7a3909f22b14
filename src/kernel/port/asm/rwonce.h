// READ_ONCE and WRITE_ONCE are marked accesses: one event each, and nothing that a compiler's
// callback sees. Sizes above eight bytes do not occur.
#ifndef WALKRACE_ASM_RWONCE_H
#define WALKRACE_ASM_RWONCE_H
#ifndef __ASSEMBLY__
#include "calls.h"

#define __READ_ONCE(x)                                                 \
  ({                                                                   \
    union {                                                            \
      unsigned long wr_value;                                          \
      __unqual_scalar_typeof(x) wr_typed;                              \
    } wr_read;                                                         \
    wr_read.wr_value = wr_port_load(&(x), sizeof(x), WR_PORT_RELAXED); \
    wr_read.wr_typed;                                                  \
  })
#include <asm-generic/rwonce.h>
#undef __WRITE_ONCE
#define __WRITE_ONCE(x, val)                                            \
  do {                                                                  \
    union {                                                             \
      unsigned long wr_value;                                           \
      typeof(x) wr_typed;                                               \
    } wr_write = {0};                                                   \
    *(typeof(x)*)&wr_write.wr_typed = (val);                            \
    wr_port_store(&(x), sizeof(x), wr_write.wr_value, WR_PORT_RELAXED); \
  } while (0)
#endif
#endif
