// powerpc's lockless walk. Mirrors __find_linux_pte() (arch/powerpc/mm/pgtable.c) with one of its
// callers, addr_to_pfn() of the machine-check handler (arch/powerpc/kernel/mce_power.c), v6.1; its
// other callers (hash faults, perf's user stacks, KVM) keep the same rule: interrupts are off from
// the walk to the last use of the entry. Leaves out: pud and p4d leaves, hugepd, NUMA handling.
// Deviation: what a misread leaf leads to is not judged. The caller reads a huge leaf again through
// the pointer that it was given, and where a zap waits for nobody that entry may be a table by now
// (13bd817bb884 made the clears wait, bedf03416913 and others took that away again).
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "paths/cuts.h"
#include "paths/lockless_walk.h"
#include "paths/paths.h"

// Returns the entry that maps `ea`, a pmd where `*is_thp`, or null: none, or under change.
static pte_t* find_linux_pte(struct mm_struct* mm, unsigned long ea, bool* is_thp) {
  *is_thp = false;
  pmd_t* pmdp = walk_to_pmd(mm, ea);
  if (pmdp == nullptr) return nullptr;
  pmd_t pmd = pmdp_get(pmdp);
  // A collapse shows as none, a split as a leaf that is invalid: neither is walked.
  if (pmd_none(pmd)) return nullptr;
  if (pmd_leaf(pmd) || is_swap_pmd(pmd)) {
    *is_thp = true;
    return (pte_t*)pmdp;
  }
  // ORDER(H test-and-use-one-load): the table is taken from the value that was tested. Loaded
  // again, the entry is none or a huge page by now, and data is read as a table.
  if (is_cut("find-linux-pte-once")) pmd = pmdp_get(pmdp);
  return pte_offset_kernel(pmd, ea);
}

// Whether the page has a frame that the handler could name.
static bool addr_to_pfn(struct mm_struct* mm, unsigned long addr, unsigned long* pfn) {
  bool irq_flags;
  bool is_thp;
  bool found = false;
  local_irq_save(irq_flags);  // ORDER(D irq-off-walk)
  pte_t* ptep = find_linux_pte(mm, addr, &is_thp);
  if (ptep != nullptr) {
    const pte_t pte = ptep_get(ptep);
    if (pte_present(pte) && !pte_special(pte)) {
      *pfn = pte_pfn(pte) + (is_thp ? pte_index(addr) : 0);
      found = true;
    }
  }
  local_irq_restore(irq_flags);
  return found;
}

void find_linux_pte_walk(struct mm_struct* mm, unsigned long start, unsigned long /*end*/,
                         unsigned /*flags*/) {
  unsigned long pfn;
  (void)addr_to_pfn(mm, start, &pfn);
}
