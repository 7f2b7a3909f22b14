// MADV_FREE. Mirrors madvise_free_single_vma(), madvise_free_pte_range() (mm/madvise.c) and
// mark_page_lazyfree() (mm/swap.c), v6.1. Leaves out: huge and large pages, which the kernel
// splits. What becomes of the pages is vmscan.cc's: unmap_lazyfree().
#include "kernel/notes.h"
#include "kernel/tlb.h"
#include "paths/rmap.h"
#include "paths/secondary_mmu.h"
#include "paths/swap.h"

namespace {

// REQUIRES: the table's lock is held, so that the page stays.
void mark_page_lazyfree(struct page* page) {
  if (!PageSwapBacked(page) || PageSwapCache(page)) return;
  if (!isolate_lru_page(page)) return;
  ClearPageSwapBacked(page);
  putback_lru_page(page);
}

// What makes the page's content needed, beside its entries. Returns whether it is gone.
bool clean_page(struct page* page) {
  if (!PageSwapCache(page) && !PageDirty(page)) return true;
  if (!trylock_page(page)) return false;
  const bool alone = page_mapcount(page) == 1 && (!PageSwapCache(page) || try_to_free_swap(page));
  if (alone) ClearPageDirty(page);
  unlock_page(page);
  return alone;
}

bool free_pte(struct mm_struct* mm, unsigned long addr, pte_t* pte) {
  pte_t ptent = pte_read_locked(pte);
  if (pte_none(ptent)) return false;
  if (!pte_present(ptent)) {
    if (is_migration_pte(ptent)) return false;
    free_swap_and_cache(pte_swp_slot(ptent));
    pte_clear(mm, addr, pte);
    return false;
  }
  struct page* page = pfn_to_page(pte_pfn(ptent));
  if (folio_test_large(page_folio(page)) || PageKsm(page) || !clean_page(page)) return false;
  const bool used = pte_young(ptent) || pte_dirty(ptent);
  if (used) {
    ptent = ptep_get_and_clear(mm, addr, pte);
    set_pte_at(mm, addr, pte, pte_mkclean(pte_mkold(ptent)));
  }
  mark_page_lazyfree(page);
  return used;
}

void madvise_free_single_vma(struct vm_area_struct* vma, unsigned long start, unsigned long end) {
  struct mm_struct* mm = vma->vm_mm;
  bool cleaned = false;
  wr_note(WR_NOTE_LAZY_FREE_BEGIN, nullptr, start, end, WR_HERE);
  mmu_notifier_invalidate_range_start(mm, start, end);
  pmd_t* pmdp = mm_find_pmd(mm, start);
  const pmd_t pmd = pmdp == nullptr ? (pmd_t){0} : pmdp_get(pmdp);
  if (pmd_present(pmd) && !pmd_trans_huge(pmd)) {
    spinlock_t* ptl = pte_lockptr(mm, pmd);
    pte_t* pte = pte_offset_kernel(pmd, start);
    spin_lock(ptl);
    flush_tlb_batched_pending(mm);
    for (unsigned long addr = start; addr != end; addr += PAGE_SIZE, ++pte) {
      cleaned |= free_pte(mm, addr, pte);
    }
    spin_unlock(ptl);
  }
  // A translation that remembers the dirty bit lets writes go by that nobody would see.
  if (cleaned) wr_flush_tlb_range(mm, start, end);
  mmu_notifier_invalidate_range_end(mm, start, end);
  wr_note(WR_NOTE_LAZY_FREE_END, nullptr, start, end, WR_HERE);
}

}  // namespace

void madvise_free(struct mm_struct* mm, unsigned long start, unsigned long end,
                  unsigned /*flags*/) {
  wr_begin_reclaim();
  mmap_read_lock(mm);
  for (struct vm_area_struct* vma = wr_next_vma(mm, nullptr); vma != nullptr;
       vma = wr_next_vma(mm, vma)) {
    const unsigned long first = start > vma->vm_start ? start : vma->vm_start;
    const unsigned long last = end < vma->vm_end ? end : vma->vm_end;
    if (first < last && vma->vm_file == nullptr) madvise_free_single_vma(vma, first, last);
  }
  mmap_read_unlock(mm);
}
