// From a page to its mappings. Mirrors rmap_walk_anon() and rmap_walk_file() (mm/rmap.c),
// page_vma_mapped_walk(), map_pte(), check_pte() and check_pmd() (mm/page_vma_mapped.c),
// page_try_share_anon_rmap() (include/linux/rmap.h) and isolate_lru_page(), v6.1.
// Leaves out: hugetlb, rmap_walk_ksm() (merged pages are neither migrated nor reclaimed here), the
// count of references found young. Deviations: all anonymous memory hangs on one anon_vma, whose
// lock is what folio_lock_anon_vma_read() takes; where a base page is looked for, a huge pmd is
// passed by without its lock.
#include "paths/rmap.h"

#include "kernel/barrier.h"
#include "kernel/notes.h"
#include "kernel/tlb.h"
#include "paths/cuts.h"

namespace {

// Without the lock: whether it is worth taking.
bool map_pte(const struct page_vma_mapped_walk* pvmw) {
  return pvmw->migration || pte_present(ptep_get(pvmw->pte));
}

unsigned long nr_pages_of(const struct page_vma_mapped_walk* pvmw) {
  return folio_nr_pages((const struct folio*)pvmw->page);
}

bool check_pte(const struct page_vma_mapped_walk* pvmw) {
  const pte_t pte = pte_read_locked(pvmw->pte);
  const bool of_kind = pvmw->migration ? is_migration_pte(pte) : pte_present(pte);
  return of_kind && pte_pfn(pte) - page_to_pfn(pvmw->page) < nr_pages_of(pvmw);
}

bool check_pmd(const struct page_vma_mapped_walk* pvmw, pmd_t pmd) {
  const bool of_kind = pvmw->migration ? is_pmd_migration_entry(pmd) : pmd_trans_huge(pmd);
  return of_kind && pmd_pfn(pmd) == page_to_pfn(pvmw->page);
}

// The entries behind the one at pvmw->pte, up to the folio's end.
bool next_pte(struct page_vma_mapped_walk* pvmw) {
  const unsigned long end =
      vma_address(pvmw->vma, pvmw->page->index) + (nr_pages_of(pvmw) << PAGE_SHIFT);
  for (;;) {
    pvmw->address += PAGE_SIZE;
    if (pvmw->address == end) {
      page_vma_mapped_walk_done(pvmw);
      return false;
    }
    ++pvmw->pte;
    if (pvmw->ptl == nullptr) {
      if (pte_none(ptep_get(pvmw->pte))) continue;
      pvmw->ptl = pte_lockptr(pvmw->vma->vm_mm, pmdp_get(pvmw->pmd));
      spin_lock(pvmw->ptl);
    }
    if (check_pte(pvmw)) return true;
  }
}

enum walk_step { FOUND, NOT_FOUND, BY_PTES };

// What was seen in the pmd without its lock, huge or migrating, is looked at under it.
enum walk_step look_at_huge_pmd(struct page_vma_mapped_walk* pvmw, pmd_t* pmd) {
  if (nr_pages_of(pvmw) == 1) return NOT_FOUND;
  pvmw->ptl = pmd_lockptr(pvmw->vma->vm_mm);
  spin_lock(pvmw->ptl);
  *pmd = pmd_read_locked(pvmw->pmd);
  if (check_pmd(pvmw, *pmd)) return FOUND;
  page_vma_mapped_walk_done(pvmw);
  // Split meanwhile.
  return pmd_present(*pmd) && !pmd_trans_huge(*pmd) ? BY_PTES : NOT_FOUND;
}

// Whoever has cleared the pmd under its lock, and not yet taken the mapping off the count, is
// waited for. Base pages are not mapped by a pmd.
void wait_for_pmd(const struct page_vma_mapped_walk* pvmw) {
  if (!pvmw->migration || nr_pages_of(pvmw) == 1) return;
  spinlock_t* ptl = pmd_lockptr(pvmw->vma->vm_mm);
  spin_lock(ptl);
  spin_unlock(ptl);
}

}  // namespace

bool page_vma_mapped_walk(struct page_vma_mapped_walk* pvmw) {
  struct mm_struct* mm = pvmw->vma->vm_mm;
  if (pvmw->pte != nullptr) return next_pte(pvmw);
  if (pvmw->pmd != nullptr) {  // the one pmd that can map it
    page_vma_mapped_walk_done(pvmw);
    return false;
  }
  pmd_t* pmdp = mm_find_pmd(mm, pvmw->address);
  if (pmdp == nullptr) return false;
  pmd_t pmd = pmdp_get(pmdp);
  pvmw->pmd = pmdp;
  if (pmd_is_huge(pmd)) {
    const enum walk_step step = look_at_huge_pmd(pvmw, &pmd);
    if (step != BY_PTES) return step == FOUND;
  } else if (!pmd_present(pmd)) {
    wait_for_pmd(pvmw);
    return false;
  }
  pvmw->pte = pte_offset_kernel(pmd, pvmw->address);
  if (map_pte(pvmw)) {
    pvmw->ptl = pte_lockptr(mm, pmd);
    spin_lock(pvmw->ptl);
    if (check_pte(pvmw)) return true;
  }
  return next_pte(pvmw);
}

void page_vma_mapped_walk_done(struct page_vma_mapped_walk* pvmw) {
  if (pvmw->ptl != nullptr) spin_unlock(pvmw->ptl);
  pvmw->ptl = nullptr;
}

int64_t mapcount_of_tails(struct page* page) {
  int64_t sum = 0;
  for (unsigned long i = 1; i < folio_nr_pages((struct folio*)page); ++i) {
    sum += page_mapcount(page + i);
  }
  return sum;
}

void rmap_walk(struct page* page, const struct rmap_walk_control* control) {
  struct address_space* file = PageAnon(page) ? nullptr : wr_file();
  if (file == nullptr) {
    anon_vma_lock_read();
  } else {
    i_mmap_lock_read(file);
  }
  for (struct vm_area_struct* vma = wr_next_rmap(file, page->index, nullptr); vma != nullptr;
       vma = wr_next_rmap(file, page->index, vma)) {
    if (!control->rmap_one(page, vma, vma_address(vma, page->index), control->arg)) break;
    if (control->until_unmapped && page_mapcount(page) == 0 && mapcount_of_tails(page) == 0) break;
  }
  if (file == nullptr) {
    anon_vma_unlock_read();
  } else {
    i_mmap_unlock_read(file);
  }
}

void note_for_addresses(unsigned what, const struct page* page, unsigned counts,
                        const struct wr_rmap_addresses* addresses, const struct wr_site* site) {
  const unsigned long nr_pages = folio_nr_pages((const struct folio*)page);
  for (int i = 0; i < addresses->nr; ++i) {
    for (unsigned long n = 0; n < nr_pages; ++n) {
      wr_note(what, &page[n]._refcount, addresses->address[i] + (n << PAGE_SHIFT),
              (uint64_t)counts << 32 | page_to_pfn(page + n), site);
    }
  }
}

bool page_try_share_anon_rmap(struct page* page, unsigned long address) {
  const uint64_t what = (uint64_t)WR_COUNTS_PINS << 32 | page_to_pfn(page);
  // ORDER(B clear-then-count): the entry is clear, then the pins are looked at; pairs with
  // gup_pte_range()'s pin, then re-read. Sequential consistency cannot show what the barriers are
  // for: C2 and D5.
  if (!is_cut("unmap-barrier")) smp_mb();
  struct folio* folio = wr_folio_of_held(page);
  const bool pinned = folio_test_large(folio) ? atomic_read(folio_pincount_ptr(folio)) != 0
                                              : page_maybe_dma_pinned(page);
  if (pinned) return false;
  wr_note(WR_NOTE_COUNT_CHECK, &page->_refcount, address, what, WR_HERE);
  ClearPageAnonExclusive(page);
  if (!is_cut("share-barrier")) smp_mb__after_atomic();
  return true;
}

bool isolate_lru_page(struct page* page) {
  if (!TestClearPageLRU(page)) return false;
  folio_get((struct folio*)page);
  return true;
}

void putback_lru_page(struct page* page) {
  SetPageLRU(page);
  folio_put((struct folio*)page);
}

namespace {

// REQUIRES: the page is mapped, and the entry's lock is held.
struct page* isolate_mapped_page(struct page* page, enum isolate_large large) {
  struct folio* folio = page_folio(page);
  if (PageKsm(page)) return nullptr;
  if (folio_test_large(folio)) {
    if (large == ISOLATE_NONE) return nullptr;
    if (large == ISOLATE_LAZYFREE && PageSwapBacked(&folio->page)) return nullptr;
  }
  return isolate_lru_page(&folio->page) ? &folio->page : nullptr;
}

struct page* isolate_huge_page(struct mm_struct* mm, pmd_t* pmdp, enum isolate_large large) {
  struct page* isolated = nullptr;
  spinlock_t* ptl = pmd_lockptr(mm);
  spin_lock(ptl);
  const pmd_t pmd = pmd_read_locked(pmdp);
  if (pmd_trans_huge(pmd)) isolated = isolate_mapped_page(pfn_to_page(pmd_pfn(pmd)), large);
  spin_unlock(ptl);
  return isolated;
}

struct page* isolate_page_at(struct mm_struct* mm, unsigned long address,
                             enum isolate_large large) {
  // Other files refuse: secretmem_migrate_folio(), and so does the one with dirty tracking here.
  const struct address_space* file = find_vma(mm, address)->vm_file;
  if (file != nullptr && file != wr_file()) return nullptr;
  if (file != nullptr) large = ISOLATE_NONE;
  pmd_t* pmdp = mm_find_pmd(mm, address);
  if (pmdp == nullptr) return nullptr;
  const pmd_t pmd = pmdp_get(pmdp);
  if (!pmd_present(pmd)) return nullptr;
  if (pmd_trans_huge(pmd)) return isolate_huge_page(mm, pmdp, large);
  struct page* isolated = nullptr;
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  spin_lock(ptl);
  const pte_t pte = pte_read_locked(pte_offset_kernel(pmd, address));
  if (pte_present(pte) && !pte_special(pte)) {
    isolated = isolate_mapped_page(pfn_to_page(pte_pfn(pte)), large);
  }
  spin_unlock(ptl);
  return isolated;
}

}  // namespace

int isolate_pages(struct mm_struct* mm, unsigned long start, unsigned long end, struct page** pages,
                  enum isolate_large large) {
  int nr = 0;
  mmap_read_lock(mm);
  for (unsigned long address = start; address != end && nr < WR_PAGES_A_CALL;
       address += PAGE_SIZE) {
    pages[nr] = isolate_page_at(mm, address, large);
    if (pages[nr] != nullptr) ++nr;
  }
  mmap_read_unlock(mm);
  return nr;
}
