// perf's walk, for the page size of a sampled address (PERF_SAMPLE_DATA_PAGE_SIZE). Mirrors
// perf_get_pgtable_size() and perf_get_page_size(), kernel/events/core.c, v6.1. It runs in the
// overflow's NMI, whatever that has interrupted, and takes neither lock nor reference. Leaves out:
// leaves above the pmd, sizes of contiguous entries. Deviations: interrupts are switched off as for
// a sample that comes by no NMI, and nothing is interrupted in the middle of an operation of its
// own CPU. Where an entry is two words the pmd is read as since 6.2 (1180e732c985).
#include "kernel/pgtable.h"
#include "paths/cuts.h"
#include "paths/lockless_walk.h"
#include "paths/paths.h"

// Returns 0 where nothing is mapped.
static uint64_t perf_get_pgtable_size(struct mm_struct* mm, unsigned long addr) {
  pmd_t* pmdp = walk_to_pmd(mm, addr);
  if (pmdp == nullptr) return 0;
  pmd_t pmd = pmdp_get_lockless(pmdp);
  if (!pmd_present(pmd)) return 0;
  // ORDER(H test-and-use-one-load): as in find_linux_pte(). The first version of this walk went by
  // the pointer: each test was of a load of its own, and so was the way down.
  const bool rereads = is_cut("perf-read-once");
  if (rereads) pmd = pmdp_get_lockless(pmdp);
  if (pmd_leaf(pmd)) return PMD_SIZE;
  if (rereads) pmd = pmdp_get_lockless(pmdp);
  const pte_t pte = ptep_get_lockless(pte_offset_kernel(pmd, addr));
  return pte_present(pte) ? PAGE_SIZE : 0;
}

uint64_t perf_get_page_size(struct mm_struct* mm, unsigned long addr) {
  bool irq_flags;
  local_irq_save(irq_flags);  // ORDER(D irq-off-walk)
  const uint64_t size = perf_get_pgtable_size(mm, addr);
  local_irq_restore(irq_flags);
  return size;
}

void perf_sample_page_size(struct mm_struct* mm, unsigned long start, unsigned long /*end*/,
                           unsigned /*flags*/) {
  (void)perf_get_page_size(mm, start);
}
