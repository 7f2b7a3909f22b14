// What every file of the tree is compiled with, in front of it: what the kernel says of its own
// races, and the two reads of an entry that a walker makes without the table's lock are the
// profile's (whole, or in halves).
#ifndef WALKRACE_KERNEL_PORT_UNIT_H_
#define WALKRACE_KERNEL_PORT_UNIT_H_

#include <linux/compiler.h>
#include <linux/kcsan-checks.h>

#include "calls.h"

// What says that it races is not told to ThreadSanitizer.
#undef data_race
#define data_race(expr)                      \
  ({                                         \
    wr_port_racy(1);                         \
    __auto_type wr_racy_value = ({ expr; }); \
    wr_port_racy(-1);                        \
    wr_racy_value;                           \
  })

// The read behind it is of bits that nobody changes.
#undef ASSERT_EXCLUSIVE_BITS
#define ASSERT_EXCLUSIVE_BITS(var, mask) wr_port_racy_once()

#include <linux/mm.h>
#include <linux/pgtable.h>

#undef ptep_get_lockless
#define ptep_get_lockless(p) __pte(wr_port_entry_get_lockless((p), 0))
#undef pmdp_get_lockless
#define pmdp_get_lockless(p) __pmd(wr_port_entry_get_lockless((p), 1))

#endif  // WALKRACE_KERNEL_PORT_UNIT_H_
