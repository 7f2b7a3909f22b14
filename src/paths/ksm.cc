// Merging of pages that hold the same. Mirrors try_to_merge_two_pages(), try_to_merge_one_page(),
// write_protect_page(), replace_page() and break_cow() (mm/ksm.c), v6.1; the write fault on what
// was merged is wp_fault.cc's. Leaves out: both trees (the pages of the range are compared with its
// first), the walk of a merged page's rmap, large pages, the zero page.
#include "kernel/notes.h"
#include "kernel/swap.h"
#include "kernel/tlb.h"
#include "paths/cuts.h"
#include "paths/rmap.h"
#include "paths/secondary_mmu.h"
#include "paths/swap.h"

namespace {

// follow_page(FOLL_GET): an anonymous base page with a reference, or null.
struct page* get_mergeable_page(struct mm_struct* mm, unsigned long address) {
  pmd_t* pmdp = mm_find_pmd(mm, address);
  if (pmdp == nullptr) return nullptr;
  const pmd_t pmd = pmdp_get(pmdp);
  if (!pmd_present(pmd) || pmd_trans_huge(pmd)) return nullptr;
  struct page* mergeable = nullptr;
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  spin_lock(ptl);
  const pte_t pte = pte_read_locked(pte_offset_kernel(pmd, address));
  if (pte_present(pte) && !pte_special(pte)) {
    struct page* page = pfn_to_page(pte_pfn(pte));
    if (!folio_test_large(page_folio(page)) && PageAnon(page)) mergeable = page;
    if (mergeable != nullptr) folio_get((struct folio*)page);
  }
  spin_unlock(ptl);
  return mergeable;
}

bool pages_identical(const struct page* a, const struct page* b) {
  return wr_page_content(a, WR_HERE) == wr_page_content(b, WR_HERE);
}

// Whether nobody has a reference but the mappings, the swap cache and this merge.
bool counts_suitable(struct page* page, unsigned long address) {
  const int64_t expected = page_mapcount(page) + 1 + (PageSwapCache(page) ? 1 : 0);
  if (page_count(page) != expected) return false;
  wr_note(WR_NOTE_COUNT_CHECK, &page->_refcount, address,
          (uint64_t)WR_COUNTS_WRITES << 32 | page_to_pfn(page), WR_HERE);
  return true;
}

// Nobody writes to the page any more, by whatever way. Gives the entry that says so.
// ORDER(B clear-then-count): the entry is clear and flushed, then the counts are compared; pairs
// with gup_pte_range()'s reference, then re-read. A direct IO that begins between a count that was
// looked at first and the clear writes to a page that is merged away. REQUIRES: the page is locked.
bool write_protect_page(struct vm_area_struct* vma, unsigned long address, struct page* page,
                        pte_t* orig_pte) {
  struct mm_struct* mm = vma->vm_mm;
  struct page_vma_mapped_walk pvmw = {vma, address, page, false};
  const bool cut = is_cut("ksm-count-after-clear");
  mmu_notifier_invalidate_range_start(mm, address, address + PAGE_SIZE);
  if (!page_vma_mapped_walk(&pvmw)) {
    mmu_notifier_invalidate_range_end(mm, address, address + PAGE_SIZE);
    return false;
  }
  bool done = !cut || counts_suitable(page, address);
  const pte_t found = pte_read_locked(pvmw.pte);
  const bool anon_exclusive = PageAnonExclusive(page);
  if (done && (pte_write(found) || pte_dirty(found) || anon_exclusive)) {
    wr_note(WR_NOTE_UNMAP_BEGIN, nullptr, address, address + PAGE_SIZE, WR_HERE);
    pte_t entry = ptep_clear_flush(vma, address, pvmw.pte);
    done = cut || counts_suitable(page, address);
    if (done && anon_exclusive) {
      if (cut) {
        ClearPageAnonExclusive(page);
      } else {
        done = page_try_share_anon_rmap(page, address);
      }
    }
    if (done && pte_dirty(entry)) SetPageDirty(page);
    if (done) entry = pte_mkclean(pte_wrprotect(entry));
    set_pte_at(mm, address, pvmw.pte, entry);
    if (!done) wr_note(WR_NOTE_BACKED_OFF, nullptr, address, address + PAGE_SIZE, WR_HERE);
  }
  *orig_pte = pte_read_locked(pvmw.pte);
  page_vma_mapped_walk_done(&pvmw);
  mmu_notifier_invalidate_range_end(mm, address, address + PAGE_SIZE);
  return done;
}

// REQUIRES: the page is locked; the caller has a reference on both.
bool replace_page(struct vm_area_struct* vma, unsigned long address, struct page* page,
                  struct page* kpage, pte_t orig_pte) {
  struct mm_struct* mm = vma->vm_mm;
  pmd_t* pmdp = mm_find_pmd(mm, address);
  const pmd_t pmd = pmdp_get(pmdp);
  if (!pmd_present(pmd) || pmd_trans_huge(pmd)) return false;
  pte_t* ptep = pte_offset_kernel(pmd, address);
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  mmu_notifier_invalidate_range_start(mm, address, address + PAGE_SIZE);
  spin_lock(ptl);
  if (pte_val(pte_read_locked(ptep)) != pte_val(orig_pte)) {
    spin_unlock(ptl);
    mmu_notifier_invalidate_range_end(mm, address, address + PAGE_SIZE);
    return false;
  }
  folio_get((struct folio*)kpage);
  page_add_rmap(kpage);
  (void)ptep_clear_flush(vma, address, ptep);
  wr_note(WR_NOTE_PAGE_REPLACED, &page->_refcount, address,
          (uint64_t)WR_COUNTS_WRITES << 32 | page_to_pfn(page), WR_HERE);
  set_pte_at(mm, address, ptep, pfn_pte(page_to_pfn(kpage)));
  page_remove_rmap(page);
  if (page_mapcount(page) == 0) (void)try_to_free_swap(page);
  spin_unlock(ptl);
  folio_put((struct folio*)page);
  mmu_notifier_invalidate_range_end(mm, address, address + PAGE_SIZE);
  return true;
}

// `kpage` null: the page becomes the one that others are merged into.
bool try_to_merge_one_page(struct vm_area_struct* vma, unsigned long address, struct page* page,
                           struct page* kpage) {
  if (page == kpage) return true;
  if (!trylock_page(page)) return false;
  pte_t orig_pte;
  bool merged = write_protect_page(vma, address, page, &orig_pte);
  if (merged && kpage == nullptr) {
    SetPageKsm(page);
    SetPageDirty(page);
  } else if (merged) {
    merged = pages_identical(page, kpage) && replace_page(vma, address, page, kpage, orig_pte);
  }
  wr_note(WR_NOTE_MUTATOR_END, nullptr, 0, 0, WR_HERE);
  unlock_page(page);
  return merged;
}

void try_to_merge_two_pages(struct vm_area_struct* vma, unsigned long first, unsigned long second) {
  struct mm_struct* mm = vma->vm_mm;
  struct page* kpage = get_mergeable_page(mm, first);
  struct page* page = kpage == nullptr ? nullptr : get_mergeable_page(mm, second);
  if (page != nullptr && page != kpage && !PageKsm(page) && pages_identical(kpage, page)) {
    const bool shared = PageKsm(kpage) || try_to_merge_one_page(vma, first, kpage, nullptr);
    // A merged page with one mapping is none.
    if (shared && !try_to_merge_one_page(vma, second, page, kpage) && page_mapcount(kpage) == 1) {
      (void)handle_mm_fault(mm, first, true);
    }
  }
  if (page != nullptr) folio_put((struct folio*)page);
  if (kpage != nullptr) folio_put((struct folio*)kpage);
}

}  // namespace

// ksmd, when it comes by: the pages of the range are merged into its first where they are the same.
void ksm_scan(struct mm_struct* mm, unsigned long start, unsigned long end, unsigned /*flags*/) {
  wr_begin_reclaim();
  mmap_read_lock(mm);
  int scanned = 0;
  for (unsigned long address = start + PAGE_SIZE; address < end && scanned < WR_PAGES_A_CALL;
       address += PAGE_SIZE, ++scanned) {
    struct vm_area_struct* vma = find_vma(mm, address);
    if (vma->vm_file == nullptr && vma == find_vma(mm, start)) {
      try_to_merge_two_pages(vma, start, address);
    }
  }
  mmap_read_unlock(mm);
}
