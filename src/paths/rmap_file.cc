// Reclaim of a file's folio, which finds page tables by the rmap, under i_mmap_rwsem alone. Mirrors
// shrink_folio_list(), __remove_mapping(), mm/vmscan.c, and try_to_unmap_one(), mm/rmap.c, v6.1.
// Deviations: a page that is reclaimed is written out while its count is frozen (the kernel writes
// earlier, and drops no page that was dirtied since); its flush is not deferred; a large folio is
// written out and dropped as a whole, as one of a filesystem is (shmem_writepage() splits it
// first).
#include "kernel/mm.h"
#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "kernel/swap.h"
#include "kernel/tlb.h"
#include "paths/cuts.h"
#include "paths/filemap.h"
#include "paths/paths.h"
#include "paths/retract.h"
#include "paths/rmap.h"
#include "paths/secondary_mmu.h"

namespace {

void try_to_unmap_one(struct folio* folio, struct vm_area_struct* vma, unsigned long start,
                      struct tlbflush_unmap_batch* batch) {
  struct mm_struct* mm = vma->vm_mm;
  const unsigned long nr = folio_nr_pages(folio);
  const unsigned long end = start + (nr << PAGE_SHIFT);
  unsigned long address = start;
  pmd_t* pmdp = nullptr;
  mmu_notifier_invalidate_range_start(mm, start, end);
  // TTU_SPLIT_HUGE_PMD.
  if (nr > 1 && find_pmd_of_file(mm, address, &pmdp) == SCAN_PMD_MAPPED) {
    __split_huge_pmd(vma, pmdp, address);
  }
  const pmd_t pmd = find_pte_table(mm, address, &pmdp);
  if (!pmd_none(pmd)) {
    pte_t* pte = pte_offset_kernel(pmd, address);
    spinlock_t* ptl = pte_lockptr(mm, pmd);
    spin_lock(ptl);
    for (unsigned long i = 0; i < nr; ++i, ++pte, address += PAGE_SIZE) {
      struct page* page = folio_page(folio, i);
      const pte_t found = pte_read_locked(pte);
      if (!pte_present(found) || pte_pfn(found) != page_to_pfn(page)) continue;
      wr_note(WR_NOTE_UNMAP_BEGIN, nullptr, address, address + PAGE_SIZE, WR_HERE);
      (void)ptep_get_and_clear(mm, address, pte);
      if (batch != nullptr && should_defer_flush(mm)) {
        set_tlb_ubc_flush_pending(batch, mm, pte_dirty(found));
      } else {
        wr_flush_tlb_range(mm, address, address + PAGE_SIZE);
      }
      page_remove_rmap(page);
      folio_put(folio);
    }
    spin_unlock(ptl);
  }
  mmu_notifier_invalidate_range_end(mm, start, end);
}

}  // namespace

void try_to_unmap_rmap_locked(struct address_space* mapping, struct folio* folio,
                              struct tlbflush_unmap_batch* batch) {
  const unsigned long index = folio->page.index;
  for (struct vm_area_struct* vma = wr_next_rmap(mapping, index, nullptr); vma != nullptr;
       vma = wr_next_rmap(mapping, index, vma)) {
    try_to_unmap_one(folio, vma, vma_address(vma, index), batch);
  }
}

void try_to_unmap(struct address_space* mapping, struct folio* folio,
                  struct tlbflush_unmap_batch* batch) {
  i_mmap_lock_read(mapping);
  try_to_unmap_rmap_locked(mapping, folio, batch);
  i_mmap_unlock_read(mapping);
}

namespace {

// Returns false when somebody else holds a reference.
bool remove_mapping(struct address_space* mapping, struct folio* folio) {
  const unsigned long nr = folio_nr_pages(folio);
  spin_lock(&mapping->i_pages_lock);
  // The page cache's, one a page, and the caller's. Frozen, nobody can take one.
  const bool frozen = page_ref_freeze(&folio->page, 1 + nr);
  for (unsigned long i = 0; frozen && i < nr; ++i) {
    const unsigned long index = folio->page.index + i;
    wr_file_write_out(folio_page(folio, i), index, WR_HERE);
    WRITE_ONCE(mapping->i_pages[index], 0);
  }
  spin_unlock(&mapping->i_pages_lock);
  return frozen;
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
  // A collapse that backed off meanwhile has taken its huge page away again.
  const bool in_file = !wr_file_collapse_begun() || READ_ONCE(page->mapping) == mapping->mapping;
  if (in_file && folio_mapped(folio)) try_to_unmap(mapping, folio, nullptr);
  if (in_file && !folio_mapped(folio) && remove_mapping(mapping, folio)) {
    unlock_page(page);
    wr_folio_free(folio, WR_HERE);
    return;
  }
  unlock_page(page);
  folio_put(folio);
}
