// The fault on a NUMA hint: the right is given back, or the page moves to the node that asks for
// it. Mirrors do_numa_page() (mm/memory.c), do_huge_pmd_numa_page() (mm/huge_memory.c),
// numa_migrate_prep() (mm/memory.c), migrate_misplaced_page() and numamigrate_isolate_page()
// (mm/migrate.c), v6.1. Leaves out: nodes, and what makes one full; statistics; pages of files,
// which stay. Deviation: mpol_misplaced() is the caller's word: the operation `numa-migrate` faults
// on another node than its page's, every other access on the page's own.
#include "kernel/mm.h"
#include "kernel/swap.h"
#include "kernel/tlb.h"
#include "paths/cow.h"
#include "paths/numa_in_place.h"
#include "paths/rmap.h"

namespace {

bool isolate_misplaced_page(struct page* page) {
  // Not a huge page that several processes map.
  if (folio_test_large((struct folio*)page) && page_mapcount(page) + mapcount_of_tails(page) > 1) {
    return false;
  }
  return isolate_lru_page(page);
}

// The caller's reference is gone afterwards. Returns whether the page has moved: its entry has the
// new one, with the rights that were hidden.
bool migrate_misplaced_page(struct page* page) {
  const bool isolated = !PageKsm(page) && isolate_misplaced_page(page);
  folio_put((struct folio*)page);
  return isolated && unmap_and_move(page, MIGRATE_ASYNC);
}

}  // namespace

enum vm_fault do_numa_page(struct vm_area_struct* vma, pmd_t pmd, unsigned long address,
                           pte_t orig_pte, bool misplaced) {
  struct mm_struct* mm = vma->vm_mm;
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  pte_t* ptep = pte_offset_kernel(pmd, address);
  spin_lock(ptl);
  bool same = pte_val(pte_read_locked(ptep)) == pte_val(orig_pte);
  struct page* page = pfn_to_page(pte_pfn(orig_pte));
  if (same && misplaced && vma->vm_file == nullptr && !folio_test_large(wr_folio_of_held(page))) {
    folio_get((struct folio*)page);
    spin_unlock(ptl);
    if (migrate_misplaced_page(page)) return VM_FAULT_DONE;
    spin_lock(ptl);
    same = pte_val(pte_read_locked(ptep)) == pte_val(orig_pte);
  }
  if (same) {
    const pte_t old_pte = ptep_get_and_clear(mm, address, ptep);
    set_pte_at(mm, address, ptep, pte_mkpresent(old_pte));
  }
  spin_unlock(ptl);
  return VM_FAULT_DONE;
}

// ORDER(AS entry-then-copy): a migration entry stands in the huge pmd while the page is copied and
// counted; pairs with every fault and GUP of the time. Without it the pmd stays as it was, and what
// finds it so goes on with a page that has been copied already.
enum vm_fault do_huge_pmd_numa_page(struct vm_area_struct* vma, pmd_t* pmdp, pmd_t orig_pmd,
                                    unsigned long address, bool misplaced) {
  if (is_cut("numa-thp-by-entry")) {
    return do_huge_pmd_numa_page_in_place(vma, pmdp, orig_pmd, address, misplaced);
  }
  struct mm_struct* mm = vma->vm_mm;
  spinlock_t* ptl = pmd_lockptr(mm);
  spin_lock(ptl);
  bool same = pmd_val(pmd_read_locked(pmdp)) == pmd_val(orig_pmd);
  if (same && misplaced) {
    struct page* page = pfn_to_page(pmd_pfn(orig_pmd));
    folio_get((struct folio*)page);
    spin_unlock(ptl);
    if (migrate_misplaced_page(page)) return VM_FAULT_DONE;
    spin_lock(ptl);
    same = pmd_val(pmd_read_locked(pmdp)) == pmd_val(orig_pmd);
  }
  if (same) set_pmd_at(mm, address & HPAGE_PMD_MASK, pmdp, pmd_mkpresent(orig_pmd));
  spin_unlock(ptl);
  return VM_FAULT_DONE;
}

// A load on another node than the page's, if its entry has a hint. Else it is an ordinary fault.
void numa_migrate(struct mm_struct* mm, unsigned long start, unsigned long /*end*/,
                  unsigned /*flags*/) {
  wr_begin_reclaim();
  mmap_read_lock(mm);
  (void)__handle_mm_fault(mm, start, FAULT_FLAG_MISPLACED);
  mmap_read_unlock(mm);
}
