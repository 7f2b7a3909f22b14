// What fork, faults, GUP and clear_refs share about copy-on-write: who may hold a page, and whether
// a read-only pin must have the page for itself first (include/linux/{mm.h,rmap.h}, v6.1).
// Deviation: no MMF_HAS_PINNED; the count that it stands before is always looked at.
#ifndef WALKRACE_PATHS_COW_H_
#define WALKRACE_PATHS_COW_H_

#include "kernel/barrier.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "paths/cuts.h"
#include "paths/paths.h"

// Errs on the side of true: 1,024 ordinary references look like a pin.
static inline bool folio_maybe_dma_pinned(struct folio* folio) {
  if (folio_test_large(folio)) return atomic_read(folio_pincount_ptr(folio)) > 0;
  const int64_t count = folio_ref_count(folio);  // one that is negative is a very large one
  return count < 0 || count >= GUP_PIN_COUNTING_BIAS;
}

// Whether a pin through a read-only entry has to break copy-on-write first. What is mapped for
// writing is exclusive anyway. `page`: of a huge mapping, the head.
// ORDER(K pin-then-exclusive): the pin, then the test; pairs with whoever clears the entry, looks
// at the count, and then clears PageAnonExclusive. Without the test a pin lands on a page that
// fork shares, and the next write copies away from it.
// `loads`: how many this CPU had made when it knew the page. Only the read barrier keeps the test
// behind what came in between: the re-read of the entry above all (C2).
static inline bool gup_must_unshare(unsigned flags, struct page* page, uint32_t loads) {
  if ((flags & (FOLL_WRITE | FOLL_PIN)) != FOLL_PIN) return false;
  if (!PageAnon(page)) return false;
  if (!is_cut("exclusive-barrier")) smp_rmb();
  return !PageAnonExclusive_after(page, loads);
}

// --- wp_fault.cc: mm/memory.c, mm/huge_memory.c ------------------------------------------------

// A write to, or (`unshare`) a read-only pin of, a page whose entry is read-only.
// REQUIRES: mmap_lock is held for reading; no table lock is held.
enum vm_fault do_wp_page(struct vm_area_struct* vma, pmd_t pmd, unsigned long address,
                         pte_t orig_pte, bool unshare);
enum vm_fault do_huge_pmd_wp_page(struct vm_area_struct* vma, pmd_t* pmdp, pmd_t orig_pmd,
                                  unsigned long address, bool unshare);

// --- numa_fault.cc: mm/memory.c, mm/huge_memory.c ------------------------------------------------

// Give the rights back that NUMA hinting has hidden, or move the page. REQUIRES: as above.
enum vm_fault do_numa_page(struct vm_area_struct* vma, pmd_t pmd, unsigned long address,
                           pte_t orig_pte, bool misplaced);
enum vm_fault do_huge_pmd_numa_page(struct vm_area_struct* vma, pmd_t* pmdp, pmd_t orig_pmd,
                                    unsigned long address, bool misplaced);

#endif  // WALKRACE_PATHS_COW_H_
