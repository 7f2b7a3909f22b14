// A file on a device whose memory is mapped as it is, by one huge leaf. Mirrors
// dax_iomap_pmd_fault(), dax_layout_busy_page_range() (fs/dax.c), ext4_truncate()'s
// ext4_break_layouts() (fs/ext4/inode.c), unmap_mapping_range() and zap_huge_pmd() of a DAX vma,
// v6.1: a page of the device has one reference while nobody uses it, and a mapping holds none.
// Leaves out: ptes, copy-on-write of private mappings, deposited tables (powerpc), the file's
// growth. Deviations: truncation that finds a page in use gives up, where it would wait for the
// last reference; a fault behind the end of the file (SIGBUS) is one that found no memory; what the
// filesystem does with the blocks that it has got back is not seen here: a reference to one is
// wrong from then on. The entry lock of the mapping's tree is its invalidate_lock.
#include "kernel/mm.h"
#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "kernel/tlb.h"
#include "paths/paths.h"
#include "paths/rmap.h"
#include "paths/secondary_mmu.h"

namespace {

void unmap_one(struct vm_area_struct* vma) {
  struct mm_struct* mm = vma->vm_mm;
  pmd_t* pmdp = mm_find_pmd(mm, vma->vm_start);
  spinlock_t* ptl = pmd_lockptr(mm);
  mmu_notifier_invalidate_range_start(mm, vma->vm_start, vma->vm_end);
  spin_lock(ptl);
  const bool mapped = pmd_trans_huge(pmd_read_locked(pmdp));
  if (mapped) (void)pmdp_huge_get_and_clear(mm, vma->vm_start, pmdp);
  spin_unlock(ptl);
  if (mapped) wr_flush_tlb_range(mm, vma->vm_start, vma->vm_end);  // tlb_finish_mmu()
  mmu_notifier_invalidate_range_end(mm, vma->vm_start, vma->vm_end);
}

void unmap_mapping_pages(struct address_space* mapping, unsigned long index) {
  i_mmap_lock_read(mapping);
  for (struct vm_area_struct* vma = wr_next_rmap(mapping, index, nullptr); vma != nullptr;
       vma = wr_next_rmap(mapping, index, vma)) {
    unmap_one(vma);
  }
  i_mmap_unlock_read(mapping);
}

void note_for_all_mappings(unsigned what, const struct page* page, const struct wr_site* site) {
  const struct wr_rmap_addresses addresses = wr_rmap_addresses_of(page);
  note_for_addresses(what, page, WR_COUNTS_ANY, &addresses, site);
}

// Whether somebody uses one of the pages.
bool dax_layout_busy_page(struct address_space* mapping, struct page* first) {
  unmap_mapping_pages(mapping, first->index);
  // ORDER(BD device-pin-then-recheck): every entry is clear and flushed, then the counts are looked
  // at; pairs with __gup_device_huge_pmd().
  for (unsigned long i = 0; i < HPAGE_PMD_NR; ++i) {
    if (page_count(first + i) != 1) return true;
    note_for_all_mappings(WR_NOTE_COUNT_CHECK, first + i, WR_HERE);
  }
  return false;
}

}  // namespace

enum vm_fault dax_iomap_pmd_fault(struct vm_area_struct* vma, unsigned long address, bool write) {
  struct mm_struct* mm = vma->vm_mm;
  pmd_t* pmdp = mm_find_pmd(mm, address);
  filemap_invalidate_lock_shared(vma->vm_file);
  const unsigned long pfn = READ_ONCE(vma->vm_file->i_pages[0]);
  if (pfn != 0) {
    spinlock_t* ptl = pmd_lockptr(mm);
    spin_lock(ptl);
    const pmd_t pmd = pmd_read_locked(pmdp);
    if (pmd_none(pmd) || (write && !pmd_write(pmd))) {  // vmf_insert_pfn_pmd()
      set_pmd_at(mm, vma->vm_start, pmdp,
                 pmd_mkwrite(pmd_mkdirty(pmd_mkdevmap(pfn_pmd_huge(pfn)))));
    }
    spin_unlock(ptl);
  }
  filemap_invalidate_unlock_shared(vma->vm_file);
  return pfn != 0 ? VM_FAULT_DONE : VM_FAULT_OOM;
}

// ftruncate(2): of the file, wherever it is mapped.
void dax_truncate(struct mm_struct* /*mm*/, unsigned long start, unsigned long end,
                  unsigned /*flags*/) {
  struct address_space* mapping = wr_dax_file();
  const unsigned long pages = WR_FILE_PAGES + ((end - start) >> PAGE_SHIFT);
  filemap_invalidate_lock(mapping);
  const unsigned long pfn = READ_ONCE(mapping->i_pages[0]);
  if (pfn != 0) {
    struct page* first = pfn_to_page(pfn);
    wr_note(WR_NOTE_FILE_DISCARD_BEGIN, nullptr, WR_FILE_PAGES, pages, WR_HERE);
    if (!dax_layout_busy_page(mapping, first)) {
      WRITE_ONCE(mapping->i_pages[0], 0);  // the blocks are the filesystem's again
      for (unsigned long i = 0; i < HPAGE_PMD_NR; ++i) {
        note_for_all_mappings(WR_NOTE_PAGE_REPLACED, first + i, WR_HERE);
      }
    }
    wr_note(WR_NOTE_FILE_DISCARD_END, nullptr, WR_FILE_PAGES, pages, WR_HERE);
  }
  wr_note(WR_NOTE_MUTATOR_END, nullptr, start, end, WR_HERE);
  filemap_invalidate_unlock(mapping);
}
