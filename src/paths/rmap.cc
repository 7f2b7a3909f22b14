// From a page to its mappings. Mirrors rmap_walk_anon() and rmap_walk_file() (mm/rmap.c),
// page_vma_mapped_walk(), map_pte() and check_pte() (mm/page_vma_mapped.c),
// page_try_share_anon_rmap() (include/linux/rmap.h) and isolate_lru_page(), v6.1, for base pages.
// Leaves out: huge pmds, hugetlb, rmap_walk_ksm() (merged pages are neither migrated nor reclaimed
// here), the count of references found young. Deviation: all anonymous memory hangs on one
// anon_vma, whose lock is what folio_lock_anon_vma_read() takes.
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

bool check_pte(const struct page_vma_mapped_walk* pvmw) {
  const pte_t pte = pte_read_locked(pvmw->pte);
  const bool of_kind = pvmw->migration ? is_migration_pte(pte) : pte_present(pte);
  return of_kind && pte_pfn(pte) == page_to_pfn(pvmw->page);
}

}  // namespace

bool page_vma_mapped_walk(struct page_vma_mapped_walk* pvmw) {
  struct mm_struct* mm = pvmw->vma->vm_mm;
  pmd_t* pmdp = mm_find_pmd(mm, pvmw->address);
  if (pmdp == nullptr) return false;
  const pmd_t pmd = pmdp_get(pmdp);
  if (!pmd_present(pmd) || pmd_trans_huge(pmd)) return false;
  pvmw->pte = pte_offset_kernel(pmd, pvmw->address);
  if (!map_pte(pvmw)) return false;
  pvmw->ptl = pte_lockptr(mm, pmd);
  spin_lock(pvmw->ptl);
  if (check_pte(pvmw)) return true;
  spin_unlock(pvmw->ptl);
  return false;
}

void page_vma_mapped_walk_done(struct page_vma_mapped_walk* pvmw) { spin_unlock(pvmw->ptl); }

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
    if (control->until_unmapped && page_mapcount(page) == 0) break;
  }
  if (file == nullptr) {
    anon_vma_unlock_read();
  } else {
    i_mmap_unlock_read(file);
  }
}

void note_for_addresses(unsigned what, const struct page* page, unsigned counts,
                        const struct wr_rmap_addresses* addresses, const struct wr_site* site) {
  for (int i = 0; i < addresses->nr; ++i) {
    wr_note(what, &page->_refcount, addresses->address[i],
            (uint64_t)counts << 32 | page_to_pfn(page), site);
  }
}

bool page_try_share_anon_rmap(struct page* page, unsigned long address) {
  const uint64_t what = (uint64_t)WR_COUNTS_PINS << 32 | page_to_pfn(page);
  // ORDER(B clear-then-count): the entry is clear, then the pins are looked at; pairs with
  // gup_pte_range()'s pin, then re-read. Sequential consistency cannot show what the barriers are
  // for: C2 and D5.
  if (!is_cut("unmap-barrier")) smp_mb();
  if (page_maybe_dma_pinned(page)) return false;
  wr_note(WR_NOTE_COUNT_CHECK, &page->_refcount, address, what, WR_HERE);
  ClearPageAnonExclusive(page);
  smp_mb__after_atomic();
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

struct page* isolate_page_at(struct mm_struct* mm, unsigned long address) {
  // Other files refuse: secretmem_migrate_folio(), and so does the one with dirty tracking here.
  const struct address_space* file = find_vma(mm, address)->vm_file;
  if (file != nullptr && file != wr_file()) return nullptr;
  pmd_t* pmdp = mm_find_pmd(mm, address);
  if (pmdp == nullptr) return nullptr;
  const pmd_t pmd = pmdp_get(pmdp);
  if (!pmd_present(pmd) || pmd_trans_huge(pmd)) return nullptr;
  struct page* isolated = nullptr;
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  spin_lock(ptl);
  const pte_t pte = pte_read_locked(pte_offset_kernel(pmd, address));
  if (pte_present(pte) && !pte_special(pte)) {
    struct page* page = pfn_to_page(pte_pfn(pte));
    struct folio* folio = page_folio(page);
    if (!folio_test_large(folio) && !PageKsm(page) && isolate_lru_page(page)) isolated = page;
  }
  spin_unlock(ptl);
  return isolated;
}

}  // namespace

int isolate_pages(struct mm_struct* mm, unsigned long start, unsigned long end,
                  struct page** pages) {
  int nr = 0;
  mmap_read_lock(mm);
  for (unsigned long address = start; address != end && nr < WR_PAGES_A_CALL;
       address += PAGE_SIZE) {
    pages[nr] = isolate_page_at(mm, address);
    if (pages[nr] != nullptr) ++nr;
  }
  mmap_read_unlock(mm);
  return nr;
}
