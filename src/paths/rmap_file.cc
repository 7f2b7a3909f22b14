// Who finds a file's page tables by its rmap: reclaim of one page, under i_mmap_rwsem alone, and
// the retraction that collapse of file memory ends with. Mirrors shrink_folio_list(),
// __remove_mapping(), mm/vmscan.c; try_to_unmap_one(), mm/rmap.c; retract_page_tables(),
// collapse_pte_mapped_thp(), collapse_and_free_pmd(), mm/khugepaged.c; all v6.1.
// Deviations: a page that is reclaimed is written out while its count is frozen (the kernel writes
// earlier, and drops no page that was dirtied since); no flush is deferred. Of the collapse only
// what it does to page tables is here: the page cache keeps its small pages, and the table goes
// with the pages that it maps, as in collapse_pte_mapped_thp(), in each mm, as in
// retract_page_tables(), which always took i_mmap_rwsem; collapse_pte_mapped_thp() did not before
// 8d3c106e19e8. Since no lock of a huge page keeps them, they are let go after the flush.
#include "kernel/mm.h"
#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "kernel/tlb.h"
#include "paths/cuts.h"
#include "paths/filemap.h"
#include "paths/paths.h"
#include "paths/secondary_mmu.h"

namespace {

// The pmd of an address if it leads to a table; else none.
pmd_t find_pte_table(struct mm_struct* mm, unsigned long address, pmd_t** pmdp) {
  *pmdp = mm_find_pmd(mm, address);
  if (*pmdp == nullptr) return __pmd(0);
  const pmd_t pmd = pmdp_get(*pmdp);
  return pmd_present(pmd) && !pmd_leaf(pmd) ? pmd : __pmd(0);
}

void try_to_unmap_one(struct page* page, struct vm_area_struct* vma, unsigned long address) {
  struct mm_struct* mm = vma->vm_mm;
  pmd_t* pmdp = nullptr;
  mmu_notifier_invalidate_range_start(mm, address, address + PAGE_SIZE);
  const pmd_t pmd = find_pte_table(mm, address, &pmdp);
  if (!pmd_none(pmd)) {
    pte_t* pte = pte_offset_kernel(pmd, address);
    spinlock_t* ptl = pte_lockptr(mm, pmd);
    spin_lock(ptl);
    const pte_t found = pte_read_locked(pte);
    if (pte_present(found) && pte_pfn(found) == page_to_pfn(page)) {
      // ptep_clear_flush().
      (void)ptep_get_and_clear(mm, address, pte);
      wr_flush_tlb_range(mm, address, address + PAGE_SIZE);
      page_remove_rmap(page);
      folio_put((struct folio*)page);
    }
    spin_unlock(ptl);
  }
  mmu_notifier_invalidate_range_end(mm, address, address + PAGE_SIZE);
}

void try_to_unmap(struct address_space* mapping, struct page* page) {
  i_mmap_lock_read(mapping);
  for (struct vm_area_struct* vma = wr_next_rmap(mapping, page->index, nullptr); vma != nullptr;
       vma = wr_next_rmap(mapping, page->index, vma)) {
    try_to_unmap_one(page, vma, vma_address(vma, page->index));
  }
  i_mmap_unlock_read(mapping);
}

// Returns false when somebody else holds a reference.
bool remove_mapping(struct address_space* mapping, struct page* page) {
  spin_lock(&mapping->i_pages_lock);
  // The page cache's and the caller's. Frozen, nobody can take one.
  const bool frozen = cmpxchg(&page->_refcount.counter, 2, 0) == 2;
  if (frozen) {
    wr_file_write_out(page, page->index, WR_HERE);
    WRITE_ONCE(mapping->i_pages[page->index], 0);
  }
  spin_unlock(&mapping->i_pages_lock);
  return frozen;
}

// Lets go of the pages of a table that nobody reaches any more.
void drop_pages(struct mm_struct* mm, pmd_t pmd, unsigned long addr) {
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  pte_t* pte = pte_offset_kernel(pmd, addr);
  spin_lock(ptl);
  for (unsigned long i = 0; i < PTRS_PER_PTE; ++i) {
    const pte_t pteval = pte_read_locked(pte + i);
    if (pte_none(pteval)) continue;
    struct page* page = pfn_to_page(pte_pfn(pteval));
    page_remove_rmap(page);
    folio_put((struct folio*)page);
  }
  spin_unlock(ptl);
}

// REQUIRES: the locks that keep every walk of this table out.
void collapse_and_free_pmd(struct vm_area_struct* vma, unsigned long addr, pmd_t* pmdp) {
  struct mm_struct* mm = vma->vm_mm;
  // ORDER(X tell-then-clear): secondary MMUs are told before the entries are gone and after the
  // flush; pairs with direct_page_fault(). Without it one goes on using a page that reclaim,
  // which finds no mapping any more, frees.
  const bool notifies = !is_cut("retract-notifier");
  if (notifies) mmu_notifier_invalidate_range_start(mm, addr, addr + HPAGE_PMD_SIZE);
  spinlock_t* ptl = pmd_lockptr(mm);
  spin_lock(ptl);
  const pmd_t pmd = wr_pmdp_collapse_flush(vma, addr, pmdp, true);
  spin_unlock(ptl);
  tlb_remove_table_sync_one();
  if (notifies) mmu_notifier_invalidate_range_end(mm, addr, addr + HPAGE_PMD_SIZE);
  drop_pages(mm, pmd, addr);
  pte_free(mm, pmd_pgtable(pmd));
}

// Whether the table holds nothing but pages.
bool may_take_table(struct mm_struct* mm, pmd_t pmd, unsigned long addr) {
  bool may = true;
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  pte_t* pte = pte_offset_kernel(pmd, addr);
  spin_lock(ptl);
  for (unsigned long i = 0; i < PTRS_PER_PTE && may; ++i)
    may = !is_swap_pte(pte_read_locked(pte + i));
  spin_unlock(ptl);
  return may;
}

void retract_page_tables(struct address_space* mapping, unsigned long index) {
  // ORDER(V retract-under-rmap-lock): the table is taken away under each lock that a walk may hold
  // alone; pairs with try_to_unmap_one(), and with ORDER(I) of mremap. Without it such a walk reads
  // a freed table.
  const bool locks_rmap = !is_cut("retract-i-mmap-lock");
  const bool locks_mm = !is_cut("retract-mmap-lock");
  if (locks_rmap) i_mmap_lock_write(mapping);
  for (struct vm_area_struct* vma = wr_next_rmap(mapping, index, nullptr); vma != nullptr;
       vma = wr_next_rmap(mapping, index, vma)) {
    struct mm_struct* mm = vma->vm_mm;
    const unsigned long addr = vma_address(vma, index);
    if ((addr & ~HPAGE_PMD_MASK) != 0) continue;
    if (locks_mm && !mmap_write_trylock(mm)) continue;
    pmd_t* pmdp = nullptr;
    const pmd_t pmd = find_pte_table(mm, addr, &pmdp);
    if (!pmd_none(pmd) && may_take_table(mm, pmd, addr)) collapse_and_free_pmd(vma, addr, pmdp);
    if (locks_mm) mmap_write_unlock(mm);
  }
  if (locks_rmap) i_mmap_unlock_write(mapping);
}

// The page of the file that the area has there at the start.
unsigned long file_index(struct mm_struct* mm, unsigned long address) {
  return (address - wr_next_vma(mm, nullptr)->vm_start) >> PAGE_SHIFT;
}

}  // namespace

// Reclaim that finds this page of the file on its list.
void reclaim_file_page(struct mm_struct* mm, unsigned long start, unsigned long /*end*/,
                       unsigned /*flags*/) {
  struct address_space* mapping = wr_file();
  struct folio* folio = filemap_get_folio(mapping, file_index(mm, start));
  if (folio == nullptr) return;
  struct page* page = &folio->page;
  if (!trylock_page(page)) {
    folio_put(folio);
    return;
  }
  if (page_mapcount(page) != 0) try_to_unmap(mapping, page);
  if (page_mapcount(page) == 0 && remove_mapping(mapping, page)) {
    unlock_page(page);
    wr_folio_free(folio, WR_HERE);
    return;
  }
  unlock_page(page);
  folio_put(folio);
}

// What collapse of file memory (MADV_COLLAPSE, khugepaged) does to the page tables of a region.
void retract_region(struct mm_struct* mm, unsigned long start, unsigned long /*end*/,
                    unsigned /*flags*/) {
  retract_page_tables(wr_file(), file_index(mm, start));
}
