// Faults on what is not mapped, and the way to the other faults. Mirrors handle_mm_fault(),
// handle_pte_fault(), do_anonymous_page() and pmd_install(), mm/memory.c, v6.1. Leaves out: the
// zero page (reads get a page as well), THP faults. Copy-on-write: wp_fault.cc; swap: swap.cc;
// files: file_fault.cc.
#include "kernel/barrier.h"
#include "kernel/mm.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "kernel/tlb.h"
#include "paths/cow.h"
#include "paths/cuts.h"
#include "paths/paths.h"
#include "paths/rmap.h"
#include "paths/split.h"
#include "paths/swap.h"

pmd_t* mm_find_pmd(struct mm_struct* mm, unsigned long address) {
  pgd_t* pgdp = pgd_offset(mm, address);
  pgd_t pgd = {0};
  if (pgtable_l5_enabled()) {
    pgd = pgdp_get(pgdp);
    if (pgd_none(pgd)) return nullptr;
  }
  p4d_t* p4dp = p4d_offset_lockless(pgdp, pgd, address);
  const p4d_t p4d = p4dp_get(p4dp);
  if (p4d_none(p4d)) return nullptr;
  pud_t* pudp = pud_offset_lockless(p4dp, p4d, address);
  const pud_t pud = pudp_get(pudp);
  if (!pud_present(pud)) return nullptr;
  return pmd_offset_lockless(pudp, pud, address);
}

bool pte_alloc(struct mm_struct* mm, pmd_t* pmdp) {
  pgtable_t table = pte_alloc_one(mm);
  if (table == nullptr) return false;
  spinlock_t* ptl = pmd_lockptr(mm);
  spin_lock(ptl);
  if (pmd_none(pmd_read_locked(pmdp))) {
    if (is_cut("populate-barrier")) {
      WR_SET_ENTRY(pmdp, wr_pfn_bits(wr_table_to_pfn(table)) | _PAGE_TABLE);
    } else {
      pmd_populate(mm, pmdp, table);
    }
    table = nullptr;
  }
  spin_unlock(ptl);
  if (table != nullptr) pte_free(mm, table);
  return true;
}

namespace {

enum vm_fault do_anonymous_page(struct vm_area_struct* vma, pmd_t pmd, unsigned long address) {
  struct mm_struct* mm = vma->vm_mm;
  struct folio* folio = folio_alloc(0);
  if (folio == nullptr) return VM_FAULT_OOM;
  pte_t* ptep = pte_offset_kernel(pmd, address);
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  spin_lock(ptl);
  const bool none = pte_none(pte_read_locked(ptep));
  if (none) {
    page_add_new_anon_rmap(&folio->page, vma, address);
    SetPageLRU(&folio->page);
    set_pte_at(mm, address, ptep, pte_mkwrite(pte_mkdirty(pfn_pte(folio_pfn(folio)))));
  }
  spin_unlock(ptl);
  if (!none) folio_put(folio);
  return VM_FAULT_DONE;
}

// ptep_set_access_flags(): a clean entry comes here where software keeps the dirty bit.
void set_dirty(struct mm_struct* mm, pmd_t pmd, unsigned long address, pte_t orig_pte) {
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  pte_t* ptep = pte_offset_kernel(pmd, address);
  spin_lock(ptl);
  if (pte_val(pte_read_locked(ptep)) == pte_val(orig_pte)) {
    set_pte_at(mm, address, ptep, pte_mkdirty(orig_pte));
  }
  spin_unlock(ptl);
}

// huge_pmd_set_accessed(), for the same reason.
void huge_pmd_set_dirty(struct mm_struct* mm, pmd_t* pmdp, unsigned long address, pmd_t orig_pmd) {
  spinlock_t* ptl = pmd_lockptr(mm);
  spin_lock(ptl);
  if (pmd_val(pmd_read_locked(pmdp)) == pmd_val(orig_pmd)) {
    set_pmd_at(mm, address & HPAGE_PMD_MASK, pmdp, pmd_mkdirty(orig_pmd));
  }
  spin_unlock(ptl);
}

// Whoever holds the lock has made the entry invalid for a moment (huge_pmd_set_accessed and the end
// of handle_pte_fault take it, and find that the entry has changed).
void wait_for_entry(spinlock_t* ptl) {
  spin_lock(ptl);
  spin_unlock(ptl);
}

}  // namespace

enum vm_fault __handle_mm_fault(struct mm_struct* mm, unsigned long address, unsigned flags) {
  struct vm_area_struct* vma = find_vma(mm, address);
  if (is_vm_hugetlb_page(vma)) return hugetlb_fault(vma, address, (flags & FAULT_FLAG_WRITE) != 0);
  if (vma_is_dax(vma)) return dax_iomap_pmd_fault(vma, address, (flags & FAULT_FLAG_WRITE) != 0);
  pmd_t* pmdp = mm_find_pmd(mm, address);
  if (pmdp == nullptr) pmdp = pmd_alloc(mm, address);
  if (pmdp == nullptr) return VM_FAULT_OOM;
  pmd_t pmd = pmdp_get(pmdp);
  if (pmd_none(pmd)) {
    // Which page it is decides whether a table is needed.
    if (vma->vm_file == wr_file() && wr_file_collapse_begun()) {
      return do_shared_fault(vma, pmdp, pmd, address);
    }
    if (!pte_alloc(mm, pmdp)) return VM_FAULT_OOM;
    pmd = pmdp_get(pmdp);
  }
  if (is_pmd_migration_entry(pmd)) {
    pmd_migration_entry_wait(mm, pmdp);
    return VM_FAULT_DONE;
  }
  const bool unshare = (flags & FAULT_FLAG_UNSHARE) != 0;
  const bool misplaced = (flags & FAULT_FLAG_MISPLACED) != 0;
  flags &= ~static_cast<unsigned>(FAULT_FLAG_MISPLACED);
  if (pmd_trans_huge(pmd)) {
    if (pmd_invalid(pmd)) {
      wait_for_entry(pmd_lockptr(mm));
      return VM_FAULT_DONE;
    }
    if (pmd_protnone(pmd)) return do_huge_pmd_numa_page(vma, pmdp, pmd, address, misplaced);
    if ((flags & FAULT_FLAG_WRITE) != 0 && pmd_write(pmd) && !pmd_dirty(pmd)) {
      huge_pmd_set_dirty(mm, pmdp, address, pmd);
    }
    if (flags == 0 || pmd_write(pmd)) return VM_FAULT_DONE;
    if (vma->vm_file != nullptr) {  // wp_huge_pmd(): write-notify is handled by ptes
      __split_huge_pmd(vma, pmdp, address);
      return __handle_mm_fault(mm, address, flags);
    }
    return do_huge_pmd_wp_page(vma, pmdp, pmd, address, unshare);
  }
  // Zapped again meanwhile: mmap_lock for reading does not keep MADV_DONTNEED out. The access
  // faults again.
  if (pmd_none(pmd)) return VM_FAULT_DONE;
  const pte_t pte = ptep_get(pte_offset_kernel(pmd, address));
  if (pte_none(pte)) {
    return vma->vm_file == nullptr ? do_anonymous_page(vma, pmd, address)
                                   : do_shared_fault(vma, pmdp, pmd, address);
  }
  if (is_swap_pte(pte) && !pte_invalid(pte) && wr_reclaim_begun()) {
    return do_swap_page(vma, pmd, address, pte, (flags & FAULT_FLAG_WRITE) != 0);
  }
  if (is_migration_pte(pte)) {
    split_entry_wait();
  } else if (pte_invalid(pte)) {
    wait_for_entry(pte_lockptr(mm, pmd));
    return VM_FAULT_DONE;
  }
  if (pte_protnone(pte)) return do_numa_page(vma, pmd, address, pte, misplaced);
  if ((flags & FAULT_FLAG_WRITE) != 0 && pte_write(pte) && !pte_dirty(pte)) {
    set_dirty(mm, pmd, address, pte);
  }
  if (flags == 0 || pte_write(pte)) return VM_FAULT_DONE;
  return do_wp_page(vma, pmd, address, pte, unshare);
}

enum vm_fault handle_mm_fault(struct mm_struct* mm, unsigned long address, bool write) {
  return __handle_mm_fault(mm, address, write ? FAULT_FLAG_WRITE : 0);
}

// What a write to an unmapped or read-only page does before the write itself.
void fault_in_writable(struct mm_struct* mm, unsigned long start, unsigned long /*end*/,
                       unsigned /*flags*/) {
  mmap_read_lock(mm);
  (void)handle_mm_fault(mm, start, true);
  mmap_read_unlock(mm);
}
