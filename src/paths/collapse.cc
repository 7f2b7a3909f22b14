// Collapse of anonymous memory into a huge page. Mirrors collapse_huge_page(),
// __collapse_huge_page_isolate(), __collapse_huge_page_copy() and release_pte_pages(),
// mm/khugepaged.c, v6.1. Leaves out: the first scan under mmap_lock for reading (it only decides
// whether to try), swap-in, memcg, userfaultfd, the young and referenced tests. The anon_vma lock
// is taken in runs that have walks of the rmap.
#include "kernel/mm.h"
#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "kernel/tlb.h"
#include "paths/cuts.h"
#include "paths/paths.h"
#include "paths/rmap.h"
#include "paths/secondary_mmu.h"
#include "paths/swap.h"

namespace {

int64_t total_mapcount(struct folio* folio) {
  int64_t mapcount = 0;
  for (unsigned long i = 0; i < folio_nr_pages(folio); ++i) {
    mapcount += page_mapcount(folio_page(folio, i));
  }
  return mapcount;
}

// Whether the page's folio has no reference but those of its mappings and the swap cache.
bool is_refcount_suitable(struct page* page, unsigned long address) {
  struct folio* folio = wr_folio_of_held(page);
  const bool cached = wr_reclaim_begun() && PageSwapCache(&folio->page);
  const int64_t expected_refcount = total_mapcount(folio) + (cached ? 1 : 0);
  const int64_t count = folio_ref_count(folio);
  if (count != expected_refcount) return false;
  wr_note(WR_NOTE_COUNT_CHECK, &page->_refcount, address, page_to_pfn(page), WR_HERE);
  return true;
}

void release_pte_page(struct page* page) {
  unlock_page(page);
  SetPageLRU(page);
  folio_put((struct folio*)page);
}

// The large folios that are isolated: one lock and one reference each, whatever is mapped of them.
struct compound_pagelist {
  struct page* head[HPAGE_PMD_NR];
  int nr;
};

bool is_on(const struct compound_pagelist* list, const struct page* head) {
  for (int i = 0; i < list->nr; ++i) {
    if (list->head[i] == head) return true;
  }
  return false;
}

enum scan_result find_pmd_or_thp_or_none(struct mm_struct* mm, unsigned long address, pmd_t** pmd,
                                         pmd_t* found) {
  *pmd = mm_find_pmd(mm, address);
  if (*pmd == nullptr) return SCAN_PMD_NULL;
  *found = pmdp_get(*pmd);
  if (!pmd_present(*found)) return SCAN_PMD_NULL;
  return pmd_trans_huge(*found) ? SCAN_PMD_MAPPED : SCAN_SUCCEED;
}

// Lets go of what was isolated in [pte, end).
void release_pte_pages(pte_t* pte, pte_t* end, const struct compound_pagelist* compound) {
  for (; pte < end; ++pte) {
    const pte_t pteval = pte_read_locked(pte);
    if (!pte_present(pteval)) continue;
    struct page* page = pfn_to_page(pte_pfn(pteval));
    if (!folio_test_large(wr_folio_of_held(page))) release_pte_page(page);
  }
  for (int i = 0; i < compound->nr; ++i) release_pte_page(compound->head[i]);
}

enum scan_result __collapse_huge_page_isolate(unsigned long address, pte_t* pte,
                                              struct compound_pagelist* compound) {
  enum scan_result result = SCAN_SUCCEED;
  unsigned long none = 0;
  bool writable = false;
  pte_t* _pte = pte;
  for (; _pte < pte + HPAGE_PMD_NR; ++_pte, address += PAGE_SIZE) {
    const pte_t pteval = pte_read_locked(_pte);
    if (pte_none(pteval)) {
      ++none;
      continue;
    }
    if (!pte_present(pteval)) {
      result = SCAN_PTE_NON_PRESENT;
      break;
    }
    struct page* page = &wr_folio_of_held(pfn_to_page(pte_pfn(pteval)))->page;
    if (is_on(compound, page)) {
      // Its count stands on all of its mappings: checked for this one as well.
      wr_note(WR_NOTE_COUNT_CHECK, &page->_refcount, address, pte_pfn(pteval), WR_HERE);
      writable |= pte_write(pteval);
      continue;
    }
    if (!trylock_page(page)) {
      result = SCAN_PAGE_LOCK;
      break;
    }
    // ORDER(B clear-then-count): the pmd is cleared and flushed, then the counts are looked at;
    // pairs with gup_pte_range()'s reference, then re-read. A count that was seen before the
    // clear says nothing of walkers that come in between.
    if (!is_cut("count-after-clear") &&
        !is_refcount_suitable(pfn_to_page(pte_pfn(pteval)), address)) {
      unlock_page(page);
      result = SCAN_PAGE_COUNT;
      break;
    }
    if (!isolate_lru_page(page)) {
      unlock_page(page);
      result = SCAN_PAGE_LRU;
      break;
    }
    if (folio_test_large((struct folio*)page)) compound->head[compound->nr++] = page;
    writable |= pte_write(pteval);
  }
  if (result == SCAN_SUCCEED && none == HPAGE_PMD_NR) result = SCAN_EXCEED_NONE_PTE;
  if (result == SCAN_SUCCEED && !writable) result = SCAN_PAGE_RO;
  // The one at _pte, if the loop ended early, is not held.
  if (result != SCAN_SUCCEED) release_pte_pages(pte, _pte, compound);
  return result;
}

void __collapse_huge_page_copy(struct mm_struct* mm, pte_t* pte, struct folio* hpage,
                               unsigned long address, spinlock_t* ptl,
                               const struct compound_pagelist* compound) {
  for (unsigned long i = 0; i < HPAGE_PMD_NR; ++i, ++pte, address += PAGE_SIZE) {
    const pte_t pteval = pte_read_locked(pte);
    if (pte_none(pteval)) continue;  // the huge page came zeroed
    struct page* src_page = pfn_to_page(pte_pfn(pteval));
    copy_user_highpage(folio_page(hpage, i), src_page);
    struct folio* src_folio = wr_folio_of_held(src_page);
    if (!folio_test_large(src_folio)) release_pte_page(src_page);
    spin_lock(ptl);
    pte_clear(mm, address, pte);
    wr_note(WR_NOTE_PAGE_REPLACED, &src_page->_refcount, address, page_to_pfn(src_page), WR_HERE);
    page_remove_rmap(src_page);
    spin_unlock(ptl);
    free_page_and_swap_cache(src_page);
  }
  for (int i = 0; i < compound->nr; ++i) release_pte_page(compound->head[i]);
}

// The check that "count-after-clear" moves before the clear.
bool counts_suitable(struct mm_struct* mm, unsigned long address, pmd_t pmd) {
  bool suitable = true;
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  pte_t* pte = pte_offset_kernel(pmd, address);
  spin_lock(ptl);
  for (unsigned long i = 0; i < HPAGE_PMD_NR && suitable; ++i, ++pte, address += PAGE_SIZE) {
    const pte_t pteval = pte_read_locked(pte);
    if (pte_present(pteval)) suitable = is_refcount_suitable(pfn_to_page(pte_pfn(pteval)), address);
  }
  spin_unlock(ptl);
  return suitable;
}

}  // namespace

enum scan_result collapse_huge_page(struct vm_area_struct* vma, unsigned long address) {
  struct mm_struct* mm = vma->vm_mm;
  struct folio* hpage = folio_alloc(HPAGE_PMD_ORDER);
  if (hpage == nullptr) return SCAN_ALLOC_HUGE_PAGE_FAIL;
  mmap_write_lock(mm);
  pmd_t* pmd = nullptr;
  pmd_t found = {0};
  enum scan_result result = SCAN_VMA_CHECK;  // hugepage_vma_revalidate()
  if (vma->vm_file != nullptr) goto out_up_write;
  result = find_pmd_or_thp_or_none(mm, address, &pmd, &found);
  if (result != SCAN_SUCCEED) goto out_up_write;
  if (is_cut("count-after-clear") && !counts_suitable(mm, address, found)) {
    result = SCAN_PAGE_COUNT;
    goto out_up_write;
  }

  {
    spinlock_t* pte_ptl = pte_lockptr(mm, found);
    spinlock_t* pmd_ptl = pmd_lockptr(mm);
    // No walk of the rmap may find the pmd clear and pass by: a migration entry would stay for
    // ever.
    const bool walks_rmap = wr_rmap_walks_begun();
    if (walks_rmap) anon_vma_lock_write();
    mmu_notifier_invalidate_range_start(mm, address, address + HPAGE_PMD_SIZE);
    spin_lock(pmd_ptl);
    wr_note(WR_NOTE_UNMAP_BEGIN, nullptr, address, address + HPAGE_PMD_SIZE, WR_HERE);
    const pmd_t _pmd =
        is_cut("pmd-clear-once")
            ? wr_pmdp_collapse_flush_plain(vma, address, pmd)
            : wr_pmdp_collapse_flush(vma, address, pmd, !is_cut("collapse-tlb-flush"));
    spin_unlock(pmd_ptl);
    mmu_notifier_invalidate_range_end(mm, address, address + HPAGE_PMD_SIZE);
    // ORDER(C unlink-then-sync): the table is unlinked, then every walker that has interrupts off
    // is waited for; pairs with lockless_pages_from_mm()'s irq-off walk. Without it the table is
    // deposited, and later freed, under a walker.
    if (!is_cut("table-sync")) tlb_remove_table_sync_one();

    struct compound_pagelist compound = {{}, 0};
    pte_t* pte = pte_offset_kernel(_pmd, address);
    spin_lock(pte_ptl);
    result = __collapse_huge_page_isolate(address, pte, &compound);
    spin_unlock(pte_ptl);
    if (result != SCAN_SUCCEED) {
      spin_lock(pmd_ptl);
      if (!is_cut("back-off-populate")) pmd_populate(mm, pmd, pmd_pgtable(_pmd));
      wr_note(WR_NOTE_BACKED_OFF, nullptr, address, address + HPAGE_PMD_SIZE, WR_HERE);
      spin_unlock(pmd_ptl);
      if (walks_rmap) anon_vma_unlock_write();
      goto out_up_write;
    }
    // All pages are locked and isolated: nobody walks their rmap.
    if (walks_rmap) anon_vma_unlock_write();
    __collapse_huge_page_copy(mm, pte, hpage, address, pte_ptl, &compound);

    spin_lock(pmd_ptl);
    page_add_new_anon_huge_rmap(&hpage->page, vma, address);
    SetPageLRU(&hpage->page);
    pgtable_trans_huge_deposit(mm, pmd, pmd_pgtable(_pmd));
    set_pmd_at(mm, address, pmd, pmd_mkwrite(pmd_mkdirty(pfn_pmd_huge(folio_pfn(hpage)))));
    wr_note(WR_NOTE_MUTATOR_END, nullptr, address, address + HPAGE_PMD_SIZE, WR_HERE);
    spin_unlock(pmd_ptl);
  }
out_up_write:
  mmap_write_unlock(mm);
  if (result != SCAN_SUCCEED) folio_put(hpage);
  return result;
}

// MADV_COLLAPSE, or khugepaged when it comes by.
void collapse_region(struct mm_struct* mm, unsigned long start, unsigned long /*end*/,
                     unsigned /*flags*/) {
  (void)collapse_huge_page(find_vma(mm, start), start);
}
