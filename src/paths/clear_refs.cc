// Writing 4 to /proc/PID/clear_refs: every entry is write-protected, so that the next write is
// noticed. Mirrors clear_refs_write(), clear_refs_pte_range(), clear_soft_dirty(),
// clear_soft_dirty_pmd() and pte_is_pinned(), fs/proc/task_mmu.c, v6.1. Leaves out: the soft-dirty
// bits themselves (nobody here reads them), swap entries, the vmas' flags, the count of pending
// flushes, MMU notifiers. Deviation: pmdp_invalidate's flush is the one at the end.
#include "kernel/mm.h"
#include "kernel/tlb.h"
#include "paths/cow.h"
#include "paths/secondary_mmu.h"

namespace {

bool pte_is_pinned(struct vm_area_struct* vma, pte_t pte) {
  if (!pte_write(pte) || pte_special(pte) || vma->vm_file != nullptr) return false;
  return folio_maybe_dma_pinned(page_folio(pfn_to_page(pte_pfn(pte))));
}

void clear_soft_dirty(struct vm_area_struct* vma, unsigned long addr, pte_t* pte) {
  const pte_t ptent = pte_read_locked(pte);
  if (!pte_present(ptent)) return;
  // Before PageAnonExclusive the next write copied a pinned page away from its pin: such a page was
  // never to be write-protected.
  if (!is_cut("soft-dirty-pinned") && pte_is_pinned(vma, ptent)) return;
  const pte_t old_pte = ptep_get_and_clear(vma->vm_mm, addr, pte);  // ptep_modify_prot_start
  set_pte_at(vma->vm_mm, addr, pte, pte_wrprotect(old_pte));        // ptep_modify_prot_commit
}

// Returns false where the pmd is not huge. A huge page may be pinned: it stays exclusive.
bool clear_soft_dirty_pmd(struct vm_area_struct* vma, unsigned long addr, pmd_t* pmdp) {
  struct mm_struct* mm = vma->vm_mm;
  spinlock_t* ptl = pmd_lockptr(mm);
  spin_lock(ptl);
  const pmd_t pmd = pmd_read_locked(pmdp);
  const bool huge = pmd_trans_huge(pmd);
  if (huge) {
    // pmdp_invalidate: never none in between.
    (void)wr_rmw(pmdp, sizeof(*pmdp), WR_AND, ~(_PAGE_PRESENT | _PAGE_PROTNONE), 0, WR_FULL,
                 WR_ENTRY, nullptr, WR_HERE);
    set_pmd_at(mm, addr, pmdp, pmd_wrprotect(pmd));
  }
  spin_unlock(ptl);
  return huge;
}

void clear_refs_pte_range(struct vm_area_struct* vma, pmd_t* pmdp) {
  struct mm_struct* mm = vma->vm_mm;
  const pmd_t found = pmdp_get(pmdp);
  if (pmd_trans_huge(found) && clear_soft_dirty_pmd(vma, vma->vm_start, pmdp)) return;
  const pmd_t pmd = pmd_trans_huge(found) ? pmdp_get(pmdp) : found;
  if (!pmd_present(pmd) || pmd_trans_huge(pmd)) return;
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  pte_t* pte = pte_offset_kernel(pmd, vma->vm_start);
  spin_lock(ptl);
  for (unsigned long addr = vma->vm_start; addr != vma->vm_end; addr += PAGE_SIZE, ++pte) {
    clear_soft_dirty(vma, addr, pte);
  }
  spin_unlock(ptl);
}

}  // namespace

void clear_refs_write(struct mm_struct* mm, unsigned long start, unsigned long end,
                      unsigned /*flags*/) {
  mmap_write_lock(mm);
  mmu_notifier_invalidate_range_start(mm, start, end);
  for (struct vm_area_struct* vma = wr_next_vma(mm, nullptr); vma != nullptr;
       vma = wr_next_vma(mm, vma)) {
    if (is_vm_hugetlb_page(vma)) continue;  // its walk has no hugetlb_entry
    pmd_t* pmdp = mm_find_pmd(mm, vma->vm_start);
    if (pmdp != nullptr) clear_refs_pte_range(vma, pmdp);
  }
  wr_flush_tlb_range(mm, start, end);  // flush_tlb_mm
  mmu_notifier_invalidate_range_end(mm, start, end);
  mmap_write_unlock(mm);
}
