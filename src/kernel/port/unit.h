// What every file of the tree is compiled with, in front of it: the two reads of an entry that a
// walker makes without the table's lock are the profile's (whole, or in halves).
#ifndef WALKRACE_KERNEL_PORT_UNIT_H_
#define WALKRACE_KERNEL_PORT_UNIT_H_

#include <linux/mm.h>
#include <linux/pgtable.h>

#undef ptep_get_lockless
#define ptep_get_lockless(p) __pte(wr_port_entry_get_lockless((p), 0))
#undef pmdp_get_lockless
#define pmdp_get_lockless(p) __pmd(wr_port_entry_get_lockless((p), 1))

#endif  // WALKRACE_KERNEL_PORT_UNIT_H_
