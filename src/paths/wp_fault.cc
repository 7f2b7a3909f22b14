// Faults on what is mapped read-only: reuse, or copy-on-write, or unsharing for a read-only pin.
// Mirrors do_wp_page(), wp_page_reuse(), wp_page_copy(), mm/memory.c, page_move_anon_rmap(),
// mm/rmap.c, and do_huge_pmd_wp_page(), mm/huge_memory.c, v6.1. Leaves out:
// references of LRU pagevecs, MMU notifiers, waiting for the lock of a huge page (one that is held
// is copied). Deviation: a huge page that has to be copied is copied whole, as up to 5.7, but its
// pmd is never none meanwhile; since 5.8 its pmd is split and one base page copied.
#include "kernel/mm.h"
#include "kernel/tlb.h"
#include "paths/cow.h"
#include "paths/secondary_mmu.h"
#include "paths/swap.h"

namespace {

// page_move_anon_rmap. A huge page's tails carry the bit as well here.
void set_exclusive(struct page* page, unsigned long pages) {
  for (unsigned long i = 0; i < pages; ++i) SetPageAnonExclusive(page + i);
}

// Makes the page exclusive to this mm if its folio has no reference but that of this mapping.
// REQUIRES: the table lock is held.
// ORDER(L count-then-exclusive): the entry is read-only and the only reference is its own: nobody
// can take another but through this mm. With the map count instead, whoever holds a reference
// without a mapping sees what is written here.
bool try_make_exclusive(struct folio* folio, struct page* page, unsigned long pages) {
  if (is_cut("wp-count")) {  // up to 5.7
    const bool only_mapping = page_mapcount(page) == 1;
    if (only_mapping) set_exclusive(page, pages);
    return only_mapping;
  }
  const bool reclaims = wr_reclaim_begun();
  if (reclaims && PageKsm(page)) return false;
  const bool cached = reclaims && PageSwapCache(page);
  if (folio_ref_count(folio) > (cached ? 2 : 1)) return false;
  if (!trylock_page(&folio->page)) return false;
  if (cached) (void)try_to_free_swap(page);
  const bool merged = reclaims && PageKsm(page);
  const bool only_reference = !merged && folio_ref_count(folio) == 1;
  if (only_reference) set_exclusive(page, pages);
  unlock_page(&folio->page);
  return only_reference;
}

// Up to 5.18 there was no PageAnonExclusive.
bool is_exclusive(struct page* page) { return !is_cut("wp-exclusive") && PageAnonExclusive(page); }

// More rights need no flush: a CPU with the old translation faults, and walks again.
void wp_page_reuse(struct mm_struct* mm, unsigned long address, pte_t* ptep, pte_t orig_pte) {
  set_pte_at(mm, address, ptep, pte_mkwrite(pte_mkdirty(orig_pte)));
}

void flush_cow(struct mm_struct* mm, unsigned long start, unsigned long end) {
  if (!is_cut("wp-flush")) wr_flush_tlb_range(mm, start, end);
}

// REQUIRES: the caller holds a reference on `old_folio`, which is dropped here.
enum vm_fault wp_page_copy(struct vm_area_struct* vma, pmd_t pmd, unsigned long address,
                           pte_t orig_pte, struct folio* old_folio, bool unshare) {
  struct mm_struct* mm = vma->vm_mm;
  struct page* old_page = pfn_to_page(pte_pfn(orig_pte));
  struct folio* new_folio = folio_alloc(0);
  if (new_folio == nullptr) {
    folio_put(old_folio);
    return VM_FAULT_OOM;
  }
  copy_user_highpage(&new_folio->page, old_page);
  mmu_notifier_invalidate_range_start(mm, address, address + PAGE_SIZE);
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  pte_t* ptep = pte_offset_kernel(pmd, address);
  spin_lock(ptl);
  const bool same = pte_val(pte_read_locked(ptep)) == pte_val(orig_pte);
  if (same) {
    pte_t entry = pfn_pte(folio_pfn(new_folio));
    if (!unshare) entry = pte_mkwrite(pte_mkdirty(entry));
    // ORDER(M clear-flush-switch): the old entry cleared and flushed before the new one is there:
    // else a CPU reads the old page after another has written to the new one.
    (void)ptep_get_and_clear(mm, address, ptep);
    flush_cow(mm, address, address + PAGE_SIZE);
    page_add_new_anon_rmap(&new_folio->page, vma, address);
    SetPageLRU(&new_folio->page);
    set_pte_at(mm, address, ptep, entry);
    // Only now: the other mm may take the old page for its own as soon as the counts allow it.
    page_remove_rmap(old_page);
  }
  spin_unlock(ptl);
  mmu_notifier_invalidate_range_end(mm, address, address + PAGE_SIZE);
  // The mapping's reference, or the copy that nobody needs; then the caller's.
  if (same) {
    free_page_and_swap_cache(old_page);
  } else {
    folio_put(new_folio);
  }
  folio_put(old_folio);
  return VM_FAULT_DONE;
}

// As wp_page_copy().
enum vm_fault do_huge_pmd_wp_page_copy(struct vm_area_struct* vma, pmd_t* pmdp, pmd_t orig_pmd,
                                       unsigned long haddr, struct folio* old_folio, bool unshare) {
  struct mm_struct* mm = vma->vm_mm;
  struct folio* new_folio = folio_alloc(HPAGE_PMD_ORDER);
  if (new_folio == nullptr) {
    folio_put(old_folio);
    return VM_FAULT_OOM;
  }
  for (unsigned long i = 0; i < HPAGE_PMD_NR; ++i) {
    copy_user_highpage(folio_page(new_folio, i), folio_page(old_folio, i));
  }
  mmu_notifier_invalidate_range_start(mm, haddr, haddr + HPAGE_PMD_SIZE);
  spinlock_t* ptl = pmd_lockptr(mm);
  spin_lock(ptl);
  const bool same = pmd_val(pmd_read_locked(pmdp)) == pmd_val(orig_pmd);
  if (same) {
    pmd_t entry = pfn_pmd_huge(folio_pfn(new_folio));
    if (!unshare) entry = pmd_mkwrite(pmd_mkdirty(entry));
    // Invalid, not none: MADV_DONTNEED would skip it (AG).
    (void)wr_pmdp_invalidate(vma, haddr, pmdp, !is_cut("wp-flush"));
    page_add_new_anon_huge_rmap(&new_folio->page, vma, haddr);
    SetPageLRU(&new_folio->page);
    set_pmd_at(mm, haddr, pmdp, entry);
    page_remove_huge_rmap(&old_folio->page);
  }
  spin_unlock(ptl);
  mmu_notifier_invalidate_range_end(mm, haddr, haddr + HPAGE_PMD_SIZE);
  folio_put(same ? old_folio : new_folio);
  folio_put(old_folio);
  return VM_FAULT_DONE;
}

}  // namespace

enum vm_fault do_wp_page(struct vm_area_struct* vma, pmd_t pmd, unsigned long address,
                         pte_t orig_pte, bool unshare) {
  struct mm_struct* mm = vma->vm_mm;
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  pte_t* ptep = pte_offset_kernel(pmd, address);
  spin_lock(ptl);
  if (pte_val(pte_read_locked(ptep)) != pte_val(orig_pte)) {
    spin_unlock(ptl);
    return VM_FAULT_DONE;
  }
  struct page* page = pfn_to_page(pte_pfn(orig_pte));
  const bool shared = vma->vm_file != nullptr || pte_special(orig_pte);  // wp_page_shared
  const bool reuse = shared || is_exclusive(page);
  struct folio* folio = reuse ? nullptr : page_folio(page);
  if (!reuse && !try_make_exclusive(folio, page, 1)) {
    folio_get(folio);
    spin_unlock(ptl);
    return wp_page_copy(vma, pmd, address, orig_pte, folio, unshare);
  }
  if (!unshare) wp_page_reuse(mm, address, ptep, orig_pte);
  spin_unlock(ptl);
  return VM_FAULT_DONE;
}

enum vm_fault do_huge_pmd_wp_page(struct vm_area_struct* vma, pmd_t* pmdp, pmd_t orig_pmd,
                                  unsigned long address, bool unshare) {
  struct mm_struct* mm = vma->vm_mm;
  const unsigned long haddr = address & HPAGE_PMD_MASK;
  spinlock_t* ptl = pmd_lockptr(mm);
  spin_lock(ptl);
  if (pmd_val(pmd_read_locked(pmdp)) != pmd_val(orig_pmd)) {
    spin_unlock(ptl);
    return VM_FAULT_DONE;
  }
  struct page* page = pfn_to_page(pmd_pfn(orig_pmd));
  struct folio* folio = (struct folio*)page;
  if (!is_exclusive(page) && !try_make_exclusive(folio, page, HPAGE_PMD_NR)) {
    folio_get(folio);
    spin_unlock(ptl);
    return do_huge_pmd_wp_page_copy(vma, pmdp, orig_pmd, haddr, folio, unshare);
  }
  if (!unshare) set_pmd_at(mm, haddr, pmdp, pmd_mkwrite(pmd_mkdirty(orig_pmd)));
  spin_unlock(ptl);
  return VM_FAULT_DONE;
}
