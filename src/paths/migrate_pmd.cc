// Migration of a huge page that a pmd maps. Mirrors set_pmd_migration_entry() and
// remove_migration_pmd() (mm/huge_memory.c) and pmd_migration_entry_wait() (mm/migrate.c), v6.1.
// The way there and between: migrate.cc. Leaves out: files, soft-dirty and userfaultfd bits.
// Deviations: as migrate.cc's of entries; and a huge page's tails carry PageAnonExclusive.
#include "kernel/notes.h"
#include "kernel/tlb.h"
#include "paths/rmap.h"

// ORDER(B clear-then-count): the pmd is invalid and flushed, then the pins are looked at; pairs
// with gup_huge_pmd()'s pin, then re-read (I). Without it a walker's pin comes between, and the
// page moves away from it.
bool set_pmd_migration_entry(struct page_vma_mapped_walk* pvmw, struct page* page) {
  struct mm_struct* mm = pvmw->vma->vm_mm;
  const unsigned long address = pvmw->address;
  wr_note(WR_NOTE_UNMAP_BEGIN, nullptr, address, address + HPAGE_PMD_SIZE, WR_HERE);
  // Invalid, not none: MADV_DONTNEED would skip it (AG).
  const pmd_t pmdval = wr_pmdp_invalidate(pvmw->vma, address, pvmw->pmd, true);
  const bool anon_exclusive = PageAnonExclusive(page);
  if (anon_exclusive && !page_try_share_anon_rmap(page, address)) {
    set_pmd_at(mm, address, pvmw->pmd, pmdval);
    wr_note(WR_NOTE_BACKED_OFF, nullptr, address, address + HPAGE_PMD_SIZE, WR_HERE);
    return false;
  }
  for (unsigned long i = 1; anon_exclusive && i < HPAGE_PMD_NR; ++i) {
    ClearPageAnonExclusive(page + i);
  }
  if (pmd_dirty(pmdval)) SetPageDirty(page);
  set_pmd_at(mm, address, pvmw->pmd,
             make_migration_pmd(page_to_pfn(page), pmd_write(pmdval), anon_exclusive));
  page_remove_huge_rmap(page);
  return true;
}

void remove_migration_pmd(struct page_vma_mapped_walk* pvmw, struct page* page) {
  const pmd_t entry = pmd_read_locked(pvmw->pmd);
  folio_get((struct folio*)page);
  pmd_t pmde = pfn_pmd_huge(page_to_pfn(page));
  if (pmd_write(entry)) pmde = pmd_mkwrite(pmde);
  for (unsigned long i = 0; pmd_swp_exclusive(entry) && i < HPAGE_PMD_NR; ++i) {
    SetPageAnonExclusive(page + i);
  }
  page_add_huge_rmap(page);
  set_pmd_at(pvmw->vma->vm_mm, pvmw->address, pvmw->pmd, pmde);
}

// ORDER(AC entry-then-page-lock): as migration_entry_wait().
void pmd_migration_entry_wait(struct mm_struct* mm, pmd_t* pmdp) {
  spinlock_t* ptl = pmd_lockptr(mm);
  spin_lock(ptl);
  const pmd_t pmd = pmd_read_locked(pmdp);
  spin_unlock(ptl);
  if (is_pmd_migration_entry(pmd)) wait_on_page_locked(pfn_to_page(pmd_pfn(pmd)));
}
