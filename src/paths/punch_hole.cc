// A hole is punched into a file under its mappings, a huge page notwithstanding. Mirrors
// shmem_fallocate(FALLOC_FL_PUNCH_HOLE), shmem_undo_range(), shmem_get_partial_folio()
// (mm/shmem.c), unmap_mapping_pages(), zap_page_range_single() (mm/memory.c),
// truncate_inode_partial_folio(), truncate_inode_folio() (mm/truncate.c), v6.1, of one page. Leaves
// out: shmem_falloc, by which faults wait outside (it only spares work), the trylock pass before
// the one that waits. Deviations: a huge page that is met late is split as well, as since
// 55ac8bbe358b; 6.1's loop is the variant punch-hole-takes-huge-page. The inode's lock is the
// mapping's invalidate_lock.
#include "kernel/mm.h"
#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "kernel/swap.h"
#include "kernel/tlb.h"
#include "paths/cuts.h"
#include "paths/filemap.h"
#include "paths/mmu_gather.h"
#include "paths/paths.h"
#include "paths/secondary_mmu.h"
#include "paths/split.h"

namespace {

void zap_page_range_single(struct vm_area_struct* vma, unsigned long start, unsigned long end) {
  struct mm_struct* mm = vma->vm_mm;
  struct mmu_gather tlb = {mm, start, end, {}, 0, false, {}, 0};
  mmu_notifier_invalidate_range_start(mm, start, end);
  unmap_page_range(&tlb, start, end);
  mmu_notifier_invalidate_range_end(mm, start, end);
  tlb_finish_mmu(&tlb);
}

// Under i_mmap_rwsem alone: a walk of page tables that ORDER(V) and ORDER(S) are for.
void unmap_mapping_pages(struct address_space* mapping, unsigned long index, unsigned long nr) {
  i_mmap_lock_read(mapping);
  for (struct vm_area_struct* vma = wr_next_rmap(mapping, index, nullptr); vma != nullptr;
       vma = wr_next_rmap(mapping, index, vma)) {
    const unsigned long start = vma_address(vma, index);
    zap_page_range_single(vma, start, start + (nr << PAGE_SHIFT));
  }
  i_mmap_unlock_read(mapping);
}

// REQUIRES: it is locked, and the file's.
void truncate_inode_folio(struct address_space* mapping, struct folio* folio) {
  const unsigned long first = folio->page.index;
  const unsigned long nr = folio_nr_pages(folio);
  if (folio_mapped(folio)) unmap_mapping_pages(mapping, first, nr);
  // filemap_remove_folio()
  spin_lock(&mapping->i_pages_lock);
  for (unsigned long i = 0; i < nr; ++i) {
    WRITE_ONCE(mapping->i_pages[first + i], 0);
    wr_file_forget(first + i);
  }
  WRITE_ONCE(folio->page.mapping, 0);
  spin_unlock(&mapping->i_pages_lock);
  folio_put_refs(folio, (int)nr);
}

// What was written out is forgotten. Returns false where the page has come back meanwhile.
bool shmem_free_swap(struct address_space* mapping, unsigned long index) {
  spin_lock(&mapping->i_pages_lock);
  const bool empty = READ_ONCE(mapping->i_pages[index]) == 0;
  if (empty) wr_file_forget(index);
  spin_unlock(&mapping->i_pages_lock);
  return empty;
}

// Zeroes the page of a large folio and splits the folio. Returns false where somebody refers to it:
// the page stays, with the others.
bool truncate_inode_partial_folio(struct address_space* mapping, struct folio* folio,
                                  unsigned long index) {
  clear_user_highpage(folio_file_page(folio, index));
  return split_huge_file_page(mapping, folio);
}

// What was there before: a page that a huge one covers gets a folio of its own. Returns whether
// something may be left.
bool truncate_partial(struct address_space* mapping, unsigned long index) {
  struct folio* folio = filemap_lock_folio(mapping, index);
  bool go_on = true;
  if (folio == nullptr) return go_on;
  if (folio_test_large(folio)) {
    go_on = truncate_inode_partial_folio(mapping, folio, index);
  } else {
    truncate_inode_folio(mapping, folio);
  }
  unlock_page(&folio->page);
  folio_put(folio);
  return go_on;
}

// What is there now, or has come since. Returns false where it was split, and is there still.
bool truncate_entry(struct address_space* mapping, unsigned long index) {
  struct folio* folio = filemap_lock_folio(mapping, index);
  bool done = true;
  if (folio == nullptr) return shmem_free_swap(mapping, index);
  // ORDER(CB split-then-truncate): what is truncated is the page that was asked for, whenever a
  // collapse comes; pairs with collapse_file(). Without it the other pages' content goes as well.
  if (folio_test_large(folio) && !is_cut("undo-range-split")) {
    done = !truncate_inode_partial_folio(mapping, folio, index);
  } else {
    truncate_inode_folio(mapping, folio);
  }
  unlock_page(&folio->page);
  folio_put(folio);
  return done;
}

void shmem_undo_range(struct address_space* mapping, unsigned long index) {
  if (!truncate_partial(mapping, index)) return;
  while (!truncate_entry(mapping, index)) {
  }
}

}  // namespace

void shmem_punch_hole(struct mm_struct* mm, unsigned long start, unsigned long /*end*/,
                      unsigned /*flags*/) {
  struct address_space* mapping = wr_file();
  // The page of the file that the area has there at the start.
  const unsigned long index = (start - wr_next_vma(mm, nullptr)->vm_start) >> PAGE_SHIFT;
  wr_begin_file_collapse();
  filemap_invalidate_lock(mapping);
  wr_note(WR_NOTE_FILE_DISCARD_BEGIN, nullptr, index, index + 1, WR_HERE);
  unmap_mapping_pages(mapping, index, 1);
  shmem_undo_range(mapping, index);
  wr_note(WR_NOTE_FILE_DISCARD_END, nullptr, index, index + 1, WR_HERE);
  filemap_invalidate_unlock(mapping);
}
