// What the walkers beside GUP-fast do alike: powerpc's, KVM's and perf's go down to the pmd of one
// address, read every entry once, and follow the value that they have tested (v6.1). GUP-fast's own
// walk is of a range and keeps every level: gup_fast.cc. Leaves out: leaves above the pmd.
#ifndef WALKRACE_PATHS_LOCKLESS_WALK_H_
#define WALKRACE_PATHS_LOCKLESS_WALK_H_

#include "kernel/pgtable.h"

// The pmd entry of an address, or null. REQUIRES: interrupts are off, from here to the last use of
// what is found.
static inline pmd_t* walk_to_pmd(struct mm_struct* mm, unsigned long address) {
  pgd_t* pgdp = pgd_offset(mm, address);
  const pgd_t pgd = pgdp_get(pgdp);
  if (pgd_none(pgd)) return nullptr;
  p4d_t* p4dp = p4d_offset_lockless(pgdp, pgd, address);
  const p4d_t p4d = p4dp_get(p4dp);
  if (p4d_none(p4d)) return nullptr;
  pud_t* pudp = pud_offset_lockless(p4dp, p4d, address);
  const pud_t pud = pudp_get(pudp);
  if (!pud_present(pud)) return nullptr;
  return pmd_offset_lockless(pudp, pud, address);
}

#endif  // WALKRACE_PATHS_LOCKLESS_WALK_H_
