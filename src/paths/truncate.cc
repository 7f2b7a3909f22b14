// Truncation of a file's page under its mappings (a hole is punched). Mirrors
// truncate_inode_folio(), truncate_cleanup_folio(), mm/truncate.c, unmap_mapping_folio(),
// mm/memory.c, filemap_remove_folio() and page_cache_delete(), mm/filemap.c, v6.1, of the file with
// dirty tracking. Leaves out: part of a page, the inode's own end (the areas hold the file).
// Deviations: what keeps faults out is the mapping's invalidate_lock, which they hold until the
// page is mapped; in the kernel it is the page's lock that they hold so long. The mapping is
// emptied by WRITE_ONCE, where the kernel stores plainly.
#include "kernel/mm.h"
#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "kernel/tlb.h"
#include "paths/filemap.h"
#include "paths/paths.h"
#include "paths/secondary_mmu.h"

namespace {

// Returns whether the page was mapped there.
bool zap_one(struct page* page, struct mm_struct* mm, unsigned long address) {
  pmd_t* pmdp = mm_find_pmd(mm, address);
  if (pmdp == nullptr) return false;
  const pmd_t pmd = pmdp_get(pmdp);
  if (!pmd_present(pmd) || pmd_leaf(pmd)) return false;
  pte_t* pte = pte_offset_kernel(pmd, address);
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  spin_lock(ptl);
  const pte_t found = pte_read_locked(pte);
  const bool mapped = pte_present(found) && pte_pfn(found) == page_to_pfn(page);
  if (mapped) {
    (void)ptep_get_and_clear(mm, address, pte);
    page_remove_rmap(page);
  }
  spin_unlock(ptl);
  return mapped;
}

void unmap_mapping_folio(struct address_space* mapping, struct page* page) {
  i_mmap_lock_read(mapping);
  for (struct vm_area_struct* vma = wr_next_rmap(mapping, page->index, nullptr); vma != nullptr;
       vma = wr_next_rmap(mapping, page->index, vma)) {
    struct mm_struct* mm = vma->vm_mm;
    const unsigned long address = vma_address(vma, page->index);
    mmu_notifier_invalidate_range_start(mm, address, address + PAGE_SIZE);
    if (zap_one(page, mm, address)) {
      wr_flush_tlb_range(mm, address, address + PAGE_SIZE);  // tlb_finish_mmu()
      folio_put((struct folio*)page);
    }
    mmu_notifier_invalidate_range_end(mm, address, address + PAGE_SIZE);
  }
  i_mmap_unlock_read(mapping);
}

void filemap_remove_folio(struct address_space* mapping, struct page* page) {
  spin_lock(&mapping->i_pages_lock);
  WRITE_ONCE(mapping->i_pages[page->index], 0);
  WRITE_ONCE(page->mapping, 0);
  spin_unlock(&mapping->i_pages_lock);
  folio_put((struct folio*)page);  // the page cache's reference
}

}  // namespace

void truncate_file_page(struct mm_struct* mm, unsigned long start, unsigned long /*end*/,
                        unsigned /*flags*/) {
  struct address_space* mapping = wr_tracked_file();
  // The page of the file that the area has there at the start.
  const unsigned long index = (start - wr_next_vma(mm, nullptr)->vm_start) >> PAGE_SHIFT;
  filemap_invalidate_lock(mapping);
  struct folio* folio = filemap_get_folio(mapping, index);
  if (folio != nullptr) {
    wr_note(WR_NOTE_FILE_DISCARD_BEGIN, nullptr, index, index + 1, WR_HERE);
    unmap_mapping_folio(mapping, &folio->page);
    filemap_remove_folio(mapping, &folio->page);
    wr_note(WR_NOTE_FILE_DISCARD_END, nullptr, index, index + 1, WR_HERE);
    folio_put(folio);
  }
  filemap_invalidate_unlock(mapping);
}
