// Mirrors do_huge_pmd_numa_page() (mm/huge_memory.c), migrate_misplaced_transhuge_page() and
// numamigrate_isolate_page() (mm/migrate.c), v5.13, when a huge pmd could not be a migration entry
// there: the pmd keeps its hint while the page is copied, and who takes the hint back is held up by
// the page's lock. From 5.14 on such a page migrates as every other (numa_fault.cc). Leaves out: as
// numa_fault.cc, and the look at the pmd between the anon_vma's lock and the copy. Deviation:
// mm_tlb_flush_pending() is taken for true.
#include "paths/numa_in_place.h"

#include "kernel/mm.h"
#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "kernel/tlb.h"
#include "paths/cuts.h"
#include "paths/rmap.h"

namespace {

// The pmd has been looked at, and is dropped: the page's lock is what to wait for.
enum vm_fault wait_for_migration(spinlock_t* ptl, struct page* page) {
  spin_unlock(ptl);
  wait_on_page_locked(page);
  return VM_FAULT_DONE;
}

void restore(struct mm_struct* mm, pmd_t* pmdp, pmd_t entry, unsigned long haddr) {
  spinlock_t* ptl = pmd_lockptr(mm);
  spin_lock(ptl);
  if (pmd_val(pmd_read_locked(pmdp)) == pmd_val(entry)) {
    set_pmd_at(mm, haddr, pmdp, pmd_mkpresent(entry));
  }
  spin_unlock(ptl);
}

// REQUIRES: the pmd's lock is held; the page is locked, isolated, mapped by this pmd alone, and its
// count is frozen.
void switch_pmd(struct vm_area_struct* vma, pmd_t* pmdp, pmd_t entry, unsigned long haddr,
                struct page* new_page, struct page* page) {
  const bool exclusive = PageAnonExclusive(page);
  for (unsigned long i = 0; exclusive && i < HPAGE_PMD_NR; ++i) {
    SetPageAnonExclusive(new_page + i);
  }
  page_add_huge_rmap(new_page);
  // Never none, and nothing to flush: the TLBs had no such entry.
  pmd_t pmd = pmd_mkdirty(pfn_pmd_huge(page_to_pfn(new_page)));
  if (pmd_write(entry)) pmd = pmd_mkwrite(pmd);
  set_pmd_at(vma->vm_mm, haddr, pmdp, pmd);
}

// numamigrate_isolate_page(). Nobody may hold the page while it is copied: the count that is frozen
// later does not see a reference that was dropped by then. None can be taken meanwhile: GUP takes
// the fault where it sees a hint, and waits.
bool isolate_misplaced_huge_page(struct page* page) {
  if (page_mapcount(page) + mapcount_of_tails(page) != 1 || !isolate_lru_page(page)) return false;
  if (page_count(page) == 3) return true;  // the mapping's, the caller's, the isolation's
  putback_lru_page(page);
  return false;
}

// REQUIRES: the page is locked, with a reference of the caller's.
void migrate_misplaced_transhuge_page(struct vm_area_struct* vma, pmd_t* pmdp, pmd_t entry,
                                      unsigned long haddr, struct page* page) {
  struct mm_struct* mm = vma->vm_mm;
  auto* folio = (struct folio*)page;
  struct folio* new_folio = folio_alloc(HPAGE_PMD_ORDER);
  if (new_folio == nullptr || !isolate_misplaced_huge_page(page)) {
    if (new_folio != nullptr) folio_put(new_folio);
    restore(mm, pmdp, entry, haddr);
    unlock_page(page);
    folio_put(folio);
    return;
  }
  folio_put(folio);  // isolation has taken one of its own
  struct page* new_page = &new_folio->page;
  (void)trylock_page(new_page);  // nobody else knows it
  wr_note(WR_NOTE_UNMAP_BEGIN, nullptr, haddr, haddr + HPAGE_PMD_SIZE, WR_HERE);
  wr_page_move_mapping(new_page, page);
  for (unsigned long i = 0; i < HPAGE_PMD_NR; ++i) copy_user_highpage(new_page + i, page + i);
  const struct wr_rmap_addresses addresses = wr_rmap_addresses_of(page);
  spinlock_t* ptl = pmd_lockptr(mm);
  spin_lock(ptl);
  const bool same = pmd_val(pmd_read_locked(pmdp)) == pmd_val(entry);
  if (!same || !page_ref_freeze(page, 2)) {
    spin_unlock(ptl);
    wr_note(WR_NOTE_MUTATOR_END, nullptr, haddr, haddr + HPAGE_PMD_SIZE, WR_HERE);
    unlock_page(new_page);
    folio_put(new_folio);
    folio_get(folio);
    putback_lru_page(page);
    unlock_page(page);
    folio_put(folio);
    return;
  }
  note_for_addresses(WR_NOTE_COUNT_CHECK, page, WR_COUNTS_ANY, &addresses, WR_HERE);
  switch_pmd(vma, pmdp, entry, haddr, new_page, page);
  note_for_addresses(WR_NOTE_PAGE_REPLACED, page, WR_COUNTS_ANY, &addresses, WR_HERE);
  page_ref_unfreeze(page, 2);
  page_remove_huge_rmap(page);
  wr_note(WR_NOTE_MUTATOR_END, nullptr, haddr, haddr + HPAGE_PMD_SIZE, WR_HERE);
  spin_unlock(ptl);
  SetPageLRU(new_page);
  unlock_page(new_page);
  unlock_page(page);
  folio_put_refs(folio, 2);  // the mapping's, the isolation's
}

}  // namespace

// ORDER(AT hint-under-page-lock): whoever takes a hint back without moving the page has the page's
// lock; pairs with the migration, which holds it from before the copy to behind the new pmd.
// Without it a CPU writes after the copy, and the next scan makes the pmd what the migration
// expects.
enum vm_fault do_huge_pmd_numa_page_in_place(struct vm_area_struct* vma, pmd_t* pmdp,
                                             pmd_t orig_pmd, unsigned long address,
                                             bool misplaced) {
  struct mm_struct* mm = vma->vm_mm;
  const unsigned long haddr = address & HPAGE_PMD_MASK;
  struct page* page = pfn_to_page(pmd_pfn(orig_pmd));
  spinlock_t* ptl = pmd_lockptr(mm);
  spin_lock(ptl);
  if (pmd_val(pmd_read_locked(pmdp)) != pmd_val(orig_pmd)) {
    spin_unlock(ptl);
    return VM_FAULT_DONE;
  }
  const bool locks = misplaced || !is_cut("numa-page-lock");
  if (locks && !trylock_page(page)) return wait_for_migration(ptl, page);
  if (!misplaced) {
    set_pmd_at(mm, haddr, pmdp, pmd_mkpresent(orig_pmd));
    if (locks) unlock_page(page);
    spin_unlock(ptl);
    return VM_FAULT_DONE;
  }
  folio_get((struct folio*)page);
  spin_unlock(ptl);
  anon_vma_lock_read();  // against splits
  wr_flush_tlb_range(mm, haddr, haddr + HPAGE_PMD_SIZE);
  migrate_misplaced_transhuge_page(vma, pmdp, orig_pmd, haddr, page);
  anon_vma_unlock_read();
  return VM_FAULT_DONE;
}
