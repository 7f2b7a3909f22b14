// Split of a huge pmd into ptes of the same pages, or into migration entries; of a file's into
// nothing. Mirrors __split_huge_pmd() and __split_huge_pmd_locked(), mm/huge_memory.c, v6.1.
// Leaves out: the huge zero page, PG_double_map (one mapcount a page serves all), MMU notifiers of
// anonymous memory (no page changes). Deviation: with freeze, the ptes never count and take no
// reference, as from 6.2 on; 6.1 counts them, and takes them off again.
#include "kernel/barrier.h"
#include "kernel/mm.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "kernel/tlb.h"
#include "paths/cuts.h"
#include "paths/paths.h"
#include "paths/secondary_mmu.h"
#include "paths/split.h"
#include "paths/swap.h"

namespace {

void set_small_pte(struct mm_struct* mm, unsigned long address, pte_t* pte, struct page* page,
                   pmd_t old_pmd, bool anon_exclusive) {
  if (anon_exclusive) SetPageAnonExclusive(page);
  pte_t entry = pfn_pte(page_to_pfn(page));
  if (pmd_dirty(old_pmd)) entry = pte_mkdirty(entry);
  if (pmd_write(old_pmd)) entry = pte_mkwrite(entry);
  set_pte_at(mm, address, pte, entry);
  page_add_rmap(page);
}

// Of what migrates, as the pmd has it: nobody maps the page, and nothing is counted.
void split_pmd_migration_entry(struct mm_struct* mm, pmd_t* pmd, unsigned long haddr,
                               pmd_t old_pmd) {
  pgtable_t pgtable = pgtable_trans_huge_withdraw(mm, pmd);
  pte_t* pte = (pte_t*)pgtable->entry;
  for (unsigned long i = 0; i < HPAGE_PMD_NR; ++i, ++pte, haddr += PAGE_SIZE) {
    set_pte_at(
        mm, haddr, pte,
        make_migration_pte(pmd_pfn(old_pmd) + i, pmd_write(old_pmd), pmd_swp_exclusive(old_pmd)));
  }
  pmd_populate(mm, pmd, pgtable);
}

void __split_huge_pmd_locked(struct vm_area_struct* vma, pmd_t* pmd, unsigned long haddr,
                             bool freeze) {
  struct mm_struct* mm = vma->vm_mm;
  // ORDER(Q invalid-flush-populate): the huge entry is invalid and flushed everywhere before the
  // table stands in its place; pairs with every CPU's walk by hardware. Without it a TLB holds a
  // huge and a small translation of one address.
  const pmd_t old_pmd = wr_pmdp_invalidate(vma, haddr, pmd, !is_cut("split-flush"));
  if (is_pmd_migration_entry(old_pmd)) return split_pmd_migration_entry(mm, pmd, haddr, old_pmd);
  struct page* page = pfn_to_page(pmd_pfn(old_pmd));
  struct folio* folio = (struct folio*)page;
  const bool write = pmd_write(old_pmd);
  const bool anon_exclusive = PageAnonExclusive(page);
  if (wr_reclaim_begun() && pmd_dirty(old_pmd)) SetPageDirty(page);
  if (freeze && anon_exclusive && !split_try_share_anon_rmap(page, folio)) freeze = false;
  // The huge mapping's reference, and one for each pte more.
  if (!freeze) folio_ref_add(folio, HPAGE_PMD_NR - 1);
  pgtable_t pgtable = pgtable_trans_huge_withdraw(mm, pmd);
  pte_t* pte = (pte_t*)pgtable->entry;
  for (unsigned long i = 0; i < HPAGE_PMD_NR; ++i, ++pte, haddr += PAGE_SIZE) {
    if (freeze) {
      set_pte_at(mm, haddr, pte, make_migration_pte(page_to_pfn(page + i), write, anon_exclusive));
    } else {
      set_small_pte(mm, haddr, pte, page + i, old_pmd, anon_exclusive);
    }
  }
  page_remove_huge_rmap(page);  // the huge mapping's
  pmd_populate(mm, pmd, pgtable);
  if (freeze) folio_put(folio);
}

// A file's huge pmd is not split but zapped: the next fault maps what it needs.
// REQUIRES: the pmd lock is held.
void zap_file_pmd_locked(struct vm_area_struct* vma, pmd_t* pmd, unsigned long haddr) {
  struct mm_struct* mm = vma->vm_mm;
  // pmdp_huge_clear_flush().
  const pmd_t old_pmd = pmdp_huge_get_and_clear(mm, haddr, pmd);
  wr_flush_tlb_range(mm, haddr, haddr + HPAGE_PMD_SIZE);
  if (arch_needs_pgtable_deposit()) {
    pgtable_t pgtable = pgtable_trans_huge_withdraw(mm, pmd);
    if (pgtable != nullptr) pte_free(mm, pgtable);
  }
  struct page* page = pfn_to_page(pmd_pfn(old_pmd));
  page_remove_huge_rmap(page);
  folio_put((struct folio*)page);
}

void __split_huge_file_pmd(struct vm_area_struct* vma, pmd_t* pmd, unsigned long haddr) {
  struct mm_struct* mm = vma->vm_mm;
  mmu_notifier_invalidate_range_start(mm, haddr, haddr + HPAGE_PMD_SIZE);
  spinlock_t* ptl = pmd_lockptr(mm);
  spin_lock(ptl);
  if (pmd_trans_huge(pmd_read_locked(pmd))) zap_file_pmd_locked(vma, pmd, haddr);
  spin_unlock(ptl);
  mmu_notifier_invalidate_range_end(mm, haddr, haddr + HPAGE_PMD_SIZE);
}

void split_pmd_of(struct vm_area_struct* vma, pmd_t* pmd, unsigned long address,
                  const struct folio* folio, bool freeze) {
  spinlock_t* ptl = pmd_lockptr(vma->vm_mm);
  spin_lock(ptl);
  const pmd_t found = pmd_read_locked(pmd);
  if (pmd_trans_huge(found) && pmd_pfn(found) == page_to_pfn(&folio->page)) {
    __split_huge_pmd_locked(vma, pmd, address & HPAGE_PMD_MASK, freeze);
  }
  spin_unlock(ptl);
}

}  // namespace

void __split_huge_pmd(struct vm_area_struct* vma, pmd_t* pmd, unsigned long address) {
  if (vma->vm_file != nullptr) {
    __split_huge_file_pmd(vma, pmd, address & HPAGE_PMD_MASK);
    return;
  }
  spinlock_t* ptl = pmd_lockptr(vma->vm_mm);
  spin_lock(ptl);
  if (pmd_is_huge(pmd_read_locked(pmd))) {
    __split_huge_pmd_locked(vma, pmd, address & HPAGE_PMD_MASK, false);
  }
  spin_unlock(ptl);
}

void split_huge_pmd_freeze(struct vm_area_struct* vma, pmd_t* pmd, unsigned long address,
                           const struct folio* folio) {
  split_pmd_of(vma, pmd, address, folio, true);
}

void split_huge_pmd_of(struct vm_area_struct* vma, pmd_t* pmd, unsigned long address,
                       const struct folio* folio) {
  split_pmd_of(vma, pmd, address, folio, false);
}

bool split_try_share_anon_rmap(struct page* page, struct folio* folio) {
  // ORDER(B clear-then-count): the entry is clear, then the pins are looked at; pairs with A.
  if (!is_cut("split-unmap-barrier")) smp_mb();
  if (atomic_read(folio_pincount_ptr(folio)) != 0) return false;
  ClearPageAnonExclusive(page);
  if (!is_cut("share-barrier")) smp_mb__after_atomic();
  return true;
}

// What reclaim, mremap and the like begin with: split_huge_pmd().
void split_pmd_region(struct mm_struct* mm, unsigned long start, unsigned long /*end*/,
                      unsigned /*flags*/) {
  struct vm_area_struct* vma = find_vma(mm, start);
  mmap_read_lock(mm);
  const bool splits = vma->vm_file == nullptr || vma->vm_file == wr_file();
  pmd_t* pmd = splits ? mm_find_pmd(mm, start) : nullptr;
  if (pmd != nullptr && pmd_is_huge(pmdp_get(pmd))) __split_huge_pmd(vma, pmd, start);
  mmap_read_unlock(mm);
}
