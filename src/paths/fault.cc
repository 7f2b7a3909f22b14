// Faults on anonymous memory. Mirrors handle_mm_fault(), do_anonymous_page(), pmd_install() and
// wp_page_reuse(), mm/memory.c, v6.1. Leaves out: the zero page (reads get a page as well),
// THP faults, swap, copy-on-write (every page here is exclusive: a write fault makes it writable).
#include "kernel/barrier.h"
#include "kernel/mm.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "kernel/tlb.h"
#include "paths/filemap.h"
#include "paths/paths.h"
#include "paths/rmap.h"
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

namespace {

// Returns false when there is no table left.
bool pte_alloc(struct mm_struct* mm, pmd_t* pmdp) {
  pgtable_t table = pte_alloc_one(mm);
  if (table == nullptr) return false;
  spinlock_t* ptl = pmd_lockptr(mm);
  spin_lock(ptl);
  if (pmd_none(pmd_read_locked(pmdp))) {
    pmd_populate(mm, pmdp, table);
    table = nullptr;
  }
  spin_unlock(ptl);
  if (table != nullptr) pte_free(mm, table);
  return true;
}

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

// A page of a shared file (shmem): from the page cache, where it is put if it is not there yet.
enum vm_fault do_shared_fault(struct vm_area_struct* vma, pmd_t pmd, unsigned long address) {
  struct mm_struct* mm = vma->vm_mm;
  struct folio* folio = filemap_get_or_add(vma->vm_file, linear_page_index(vma, address));
  if (folio == nullptr) return VM_FAULT_OOM;
  // A page that migration has just put into the page cache is locked until it has its content; one
  // that it has taken away belongs to no file any more: the access faults again.
  lock_page(&folio->page);
  if (READ_ONCE(folio->page.mapping) != WR_FILE_MAPPING) {
    unlock_page(&folio->page);
    folio_put(folio);
    return VM_FAULT_DONE;
  }
  pte_t* ptep = pte_offset_kernel(pmd, address);
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  spin_lock(ptl);
  const bool none = pte_none(pte_read_locked(ptep));
  if (none) {
    page_add_rmap(&folio->page);
    set_pte_at(mm, address, ptep, pte_mkwrite(pte_mkdirty(pfn_pte(folio_pfn(folio)))));
  }
  spin_unlock(ptl);
  unlock_page(&folio->page);
  if (!none) folio_put(folio);
  return VM_FAULT_DONE;
}

// More rights need no flush: a CPU with the old translation faults, and walks again.
void wp_page_reuse(struct mm_struct* mm, pmd_t pmd, unsigned long address) {
  pte_t* ptep = pte_offset_kernel(pmd, address);
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  spin_lock(ptl);
  const pte_t pte = pte_read_locked(ptep);
  if (pte_present(pte) && (!pte_write(pte) || !pte_dirty(pte)) && !wp_needs_copy(pte)) {
    set_pte_at(mm, address, ptep, pte_mkwrite(pte_mkdirty(pte)));
  }
  spin_unlock(ptl);
}

void do_huge_pmd_wp_page(struct mm_struct* mm, pmd_t* pmdp, unsigned long address) {
  spinlock_t* ptl = pmd_lockptr(mm);
  spin_lock(ptl);
  const pmd_t pmd = pmd_read_locked(pmdp);
  if (pmd_trans_huge(pmd) && !pmd_write(pmd)) {
    set_pmd_at(mm, address, pmdp, pmd_mkwrite(pmd_mkdirty(pmd)));
  }
  spin_unlock(ptl);
}

}  // namespace

enum vm_fault handle_mm_fault(struct mm_struct* mm, unsigned long address, bool write) {
  pmd_t* pmdp = mm_find_pmd(mm, address);
  if (pmdp == nullptr) return VM_FAULT_OOM;
  pmd_t pmd = pmdp_get(pmdp);
  if (pmd_none(pmd)) {
    if (!pte_alloc(mm, pmdp)) return VM_FAULT_OOM;
    pmd = pmdp_get(pmdp);
  }
  if (pmd_trans_huge(pmd)) {
    if (write && !pmd_write(pmd)) do_huge_pmd_wp_page(mm, pmdp, address);
    return VM_FAULT_DONE;
  }
  // Zapped again meanwhile: mmap_lock for reading does not keep MADV_DONTNEED out. The access
  // faults again.
  if (pmd_none(pmd)) return VM_FAULT_DONE;
  const pte_t pte = ptep_get(pte_offset_kernel(pmd, address));
  if (pte_none(pte)) {
    struct vm_area_struct* vma = find_vma(mm, address);
    return vma->vm_file == nullptr ? do_anonymous_page(vma, pmd, address)
                                   : do_shared_fault(vma, pmd, address);
  }
  if (!pte_present(pte)) return do_swap_page(find_vma(mm, address), pmd, address, pte, write);
  // A clean entry comes here where software keeps the dirty bit.
  if (write && wp_needs_copy(pte)) return wp_page_copy(find_vma(mm, address), pmd, address, pte);
  if (write && (!pte_write(pte) || !pte_dirty(pte))) wp_page_reuse(mm, pmd, address);
  return VM_FAULT_DONE;
}

// What a write to an unmapped or read-only page does before the write itself.
void fault_in_writable(struct mm_struct* mm, unsigned long start, unsigned long /*end*/,
                       unsigned /*flags*/) {
  mmap_read_lock(mm);
  (void)handle_mm_fault(mm, start, true);
  mmap_read_unlock(mm);
}
