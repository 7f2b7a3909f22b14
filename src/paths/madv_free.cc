// MADV_FREE. Mirrors madvise_free_single_vma(), madvise_free_pte_range() (mm/madvise.c),
// madvise_free_huge_pmd() (mm/huge_memory.c) and mark_page_lazyfree() (mm/swap.c), v6.1. What
// becomes of the pages is vmscan.cc's: unmap_lazyfree().
#include "kernel/notes.h"
#include "kernel/tlb.h"
#include "paths/cuts.h"
#include "paths/rmap.h"
#include "paths/secondary_mmu.h"
#include "paths/split.h"
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

// Returns whether a used entry has been made clean. Where the page is a large folio's nothing is
// done, and *large is that folio.
bool free_pte(struct mm_struct* mm, unsigned long addr, pte_t* pte, struct folio** large) {
  pte_t ptent = pte_read_locked(pte);
  if (pte_none(ptent)) return false;
  if (!pte_present(ptent)) {
    if (is_migration_pte(ptent)) return false;
    free_swap_and_cache(pte_swp_slot(ptent));
    pte_clear(mm, addr, pte);
    return false;
  }
  struct page* page = pfn_to_page(pte_pfn(ptent));
  struct folio* folio = page_folio(page);
  if (folio_test_large(folio)) *large = folio;
  if (*large != nullptr || PageKsm(page) || !clean_page(page)) return false;
  const bool used = pte_young(ptent) || pte_dirty(ptent);
  if (used) {
    ptent = ptep_get_and_clear(mm, addr, pte);
    set_pte_at(mm, addr, pte, pte_mkclean(pte_mkold(ptent)));
  }
  mark_page_lazyfree(page);
  return used;
}

// REQUIRES: the lock is held, under which the folio is mapped. It is dropped for the split. Returns
// whether the folio is split now.
bool split_for_free(struct folio* folio, spinlock_t* ptl, bool* unlocked) {
  *unlocked = trylock_page(&folio->page);
  if (!*unlocked) return false;
  folio_get(folio);
  spin_unlock(ptl);
  const bool split = split_huge_page(folio);
  unlock_page(&folio->page);
  folio_put(folio);
  return split;
}

// Returns whether used entries have been made clean.
bool free_ptes(struct mm_struct* mm, pmd_t pmd, unsigned long addr, unsigned long end) {
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  pte_t* pte = pte_offset_kernel(pmd, addr);
  bool cleaned = false;
  spin_lock(ptl);
  flush_tlb_batched_pending(mm);
  while (addr != end) {
    struct folio* large = nullptr;
    cleaned |= free_pte(mm, addr, pte, &large);
    if (large != nullptr) {
      // What others map is left alone, and so is what comes after it.
      if (page_mapcount(pfn_to_page(pte_pfn(pte_read_locked(pte)))) != 1) break;
      bool unlocked = false;
      const bool split = split_for_free(large, ptl, &unlocked);
      if (unlocked) spin_lock(ptl);
      if (!split) break;
      continue;  // again, as a base page
    }
    addr += PAGE_SIZE;
    ++pte;
  }
  spin_unlock(ptl);
  return cleaned;
}

// The whole huge page is given up; part of it by its ptes, once it is split. Returns false where
// they are to be looked at.
bool madvise_free_huge_pmd(struct vm_area_struct* vma, pmd_t* pmdp, unsigned long addr,
                           unsigned long next, bool* cleaned) {
  struct mm_struct* mm = vma->vm_mm;
  spinlock_t* ptl = pmd_lockptr(mm);
  spin_lock(ptl);
  const pmd_t orig_pmd = pmd_read_locked(pmdp);
  struct page* page = pmd_trans_huge(orig_pmd) ? pfn_to_page(pmd_pfn(orig_pmd)) : nullptr;
  // Whoever else maps it has not given it up.
  if (page == nullptr || page_mapcount(page) + mapcount_of_tails(page) != 1) {
    spin_unlock(ptl);
    return false;
  }
  if (next - addr != HPAGE_PMD_SIZE) {
    bool unlocked = false;
    (void)split_for_free((struct folio*)page, ptl, &unlocked);
    if (!unlocked) spin_unlock(ptl);
    return false;
  }
  if (!trylock_page(page)) {
    spin_unlock(ptl);
    return false;
  }
  if (PageDirty(page)) ClearPageDirty(page);
  unlock_page(page);
  if (pmd_young(orig_pmd) || pmd_dirty(orig_pmd)) {
    // ORDER(AG never-none): as change_huge_pmd().
    if (is_cut("madv-free-pmd-invalid")) {
      (void)pmdp_huge_get_and_clear(mm, addr, pmdp);
    } else {
      (void)wr_pmdp_invalidate(vma, addr, pmdp, true);
    }
    set_pmd_at(mm, addr, pmdp, pmd_mkclean(pmd_mkold(orig_pmd)));
    *cleaned = true;
  }
  mark_page_lazyfree(page);
  spin_unlock(ptl);
  return true;
}

void madvise_free_single_vma(struct vm_area_struct* vma, unsigned long start, unsigned long end) {
  struct mm_struct* mm = vma->vm_mm;
  bool cleaned = false;
  wr_note(WR_NOTE_LAZY_FREE_BEGIN, nullptr, start, end, WR_HERE);
  mmu_notifier_invalidate_range_start(mm, start, end);
  pmd_t* pmdp = mm_find_pmd(mm, start);
  pmd_t pmd = pmdp == nullptr ? (pmd_t){0} : pmdp_get(pmdp);
  if (pmd_trans_huge(pmd)) {
    const bool done = madvise_free_huge_pmd(vma, pmdp, start, end, &cleaned);
    pmd = done ? (pmd_t){0} : pmdp_get(pmdp);
  }
  if (pmd_present(pmd) && !pmd_trans_huge(pmd)) cleaned |= free_ptes(mm, pmd, start, end);
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
