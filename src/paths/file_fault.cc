// A fault on a page of a shared file that maps nothing there. Mirrors do_shared_fault(),
// finish_fault(), do_set_pmd() (mm/memory.c) and shmem_fault() (mm/shmem.c), v6.1. Leaves out:
// do_fault_around(), page_mkwrite, what a read would map read-only (a shared file's page is
// writable at once). Deviations: where a run collapses no file the table is there before the page
// is looked up, and the page is locked only where something moves pages.
#include "kernel/mm.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "kernel/swap.h"
#include "kernel/tlb.h"
#include "paths/filemap.h"
#include "paths/paths.h"
#include "paths/secretmem.h"

namespace {

// Returns whether the page, whose reference is the mapping's then, was mapped by its pte.
bool do_set_pte(struct vm_area_struct* vma, pmd_t pmd, unsigned long address, struct page* page) {
  struct mm_struct* mm = vma->vm_mm;
  pte_t* ptep = pte_offset_kernel(pmd, address);
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  spin_lock(ptl);
  const bool none = pte_none(pte_read_locked(ptep));
  if (none) {
    page_add_rmap(page);
    set_pte_at(mm, address, ptep, pte_mkwrite(pte_mkdirty(pfn_pte(page_to_pfn(page)))));
  }
  spin_unlock(ptl);
  return none;
}

void pmd_install(struct mm_struct* mm, pmd_t* pmdp, pgtable_t* table) {
  spinlock_t* ptl = pmd_lockptr(mm);
  spin_lock(ptl);
  if (pmd_none(pmd_read_locked(pmdp))) {
    pmd_populate(mm, pmdp, *table);
    *table = nullptr;
  }
  spin_unlock(ptl);
}

// Of an address whose pmd was none when the fault began. Returns whether the page is mapped.
bool finish_fault(struct vm_area_struct* vma, pmd_t* pmdp, unsigned long address,
                  struct folio* folio, pgtable_t* prealloc_pte) {
  pmd_t pmd = pmdp_get(pmdp);
  if (pmd_none(pmd)) {
    if (folio_test_large(folio) && do_set_pmd(vma, pmdp, address, folio, prealloc_pte)) return true;
    if (*prealloc_pte != nullptr) pmd_install(vma->vm_mm, pmdp, prealloc_pte);
    pmd = pmdp_get(pmdp);
  }
  // pmd_devmap_trans_unstable(): somebody else has mapped the huge page, or has taken it away
  // again.
  if (!pmd_present(pmd) || pmd_trans_huge(pmd)) return false;
  return do_set_pte(vma, pmd, address, folio_file_page(folio, linear_page_index(vma, address)));
}

}  // namespace

bool do_set_pmd(struct vm_area_struct* vma, pmd_t* pmdp, unsigned long address, struct folio* folio,
                pgtable_t* prealloc_pte) {
  struct mm_struct* mm = vma->vm_mm;
  const unsigned long haddr = address & HPAGE_PMD_MASK;
  if (arch_needs_pgtable_deposit() && *prealloc_pte == nullptr) {
    *prealloc_pte = pte_alloc_one(mm);
    if (*prealloc_pte == nullptr) return false;
  }
  spinlock_t* ptl = pmd_lockptr(mm);
  spin_lock(ptl);
  const bool none = pmd_none(pmd_read_locked(pmdp));
  if (none) {
    page_add_huge_rmap(&folio->page);
    if (arch_needs_pgtable_deposit()) {
      pgtable_trans_huge_deposit(mm, pmdp, *prealloc_pte);
      *prealloc_pte = nullptr;
    }
    set_pmd_at(mm, haddr, pmdp, pmd_mkwrite(pmd_mkdirty(pfn_pmd_huge(folio_pfn(folio)))));
  }
  spin_unlock(ptl);
  return none;
}

// From the page cache, where the page is put if it is not there yet.
enum vm_fault do_shared_fault(struct vm_area_struct* vma, pmd_t* pmdp, pmd_t pmd,
                              unsigned long address) {
  struct mm_struct* mm = vma->vm_mm;
  pgtable_t prealloc_pte = nullptr;
  if (pmd_none(pmd)) {
    prealloc_pte = pte_alloc_one(mm);
    if (prealloc_pte == nullptr) return VM_FAULT_OOM;
  }
  const bool excludes_truncation = vma_needs_dirty_tracking(vma);
  if (excludes_truncation) filemap_invalidate_lock_shared(vma->vm_file);
  struct folio* folio = filemap_get_or_add(vma->vm_file, linear_page_index(vma, address));
  bool mapped = false;
  if (folio != nullptr) {
    // ORDER(CA content-then-unlock): a page that migration or collapse has just put into the page
    // cache is locked until it has its content; one that was taken away again belongs to no file
    // any more: the access faults again.
    const bool locks = wr_reclaim_begun();
    if (locks) lock_page(&folio->page);
    if (!locks || READ_ONCE(folio->page.mapping) == vma->vm_file->mapping) {
      mapped = pmd_none(pmd) ? finish_fault(vma, pmdp, address, folio, &prealloc_pte)
                             : do_set_pte(vma, pmd, address,
                                          folio_file_page(folio, linear_page_index(vma, address)));
    }
    if (locks) unlock_page(&folio->page);
  }
  if (excludes_truncation) filemap_invalidate_unlock_shared(vma->vm_file);
  if (prealloc_pte != nullptr) pte_free(mm, prealloc_pte);
  if (folio == nullptr) return VM_FAULT_OOM;
  if (vma_is_secretmem(vma)) lru_add_drain(&folio->page);
  if (!mapped) folio_put(folio);
  return VM_FAULT_DONE;
}
