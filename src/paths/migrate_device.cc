// Migration of anonymous base pages on behalf of a device. Mirrors migrate_vma_setup(),
// migrate_vma_collect_pmd(), migrate_device_unmap(), migrate_vma_pages() and migrate_vma_finalize()
// (mm/migrate_device.c), v6.1. Leaves out: device-private pages, holes, large and KSM pages.
// Deviation: the device copies in the same breath as the count is compared, not before.
#include "kernel/notes.h"
#include "kernel/swap.h"
#include "kernel/tlb.h"
#include "paths/cuts.h"
#include "paths/rmap.h"
#include "paths/secondary_mmu.h"

namespace {

struct migrate_vma {
  struct vm_area_struct* vma;
  struct page* src[WR_PAGES_A_CALL];  // locked, with a reference
  int npages;
};

// Returns the page if a migration entry has its place now.
struct page* collect_pte(struct vm_area_struct* vma, unsigned long addr, pte_t* ptep) {
  const pte_t found = pte_read_locked(ptep);
  if (!pte_present(found)) return nullptr;
  struct page* page = pfn_to_page(pte_pfn(found));
  if (folio_test_large(page_folio(page)) || PageKsm(page)) return nullptr;
  folio_get((struct folio*)page);
  if (!trylock_page(page)) {
    folio_put((struct folio*)page);
    return nullptr;
  }
  const bool anon_exclusive = PageAnonExclusive(page);
  pte_t pte;
  wr_note(WR_NOTE_UNMAP_BEGIN, nullptr, addr, addr + PAGE_SIZE, WR_HERE);
  if (anon_exclusive && !is_cut("migrate-vma-flush")) {
    pte = ptep_clear_flush(vma, addr, ptep);
    if (!page_try_share_anon_rmap(page, addr)) {
      set_pte_at(vma->vm_mm, addr, ptep, pte);
      wr_note(WR_NOTE_BACKED_OFF, nullptr, addr, addr + PAGE_SIZE, WR_HERE);
      unlock_page(page);
      folio_put((struct folio*)page);
      return nullptr;
    }
  } else {
    pte = ptep_get_and_clear(vma->vm_mm, addr, ptep);
  }
  if (pte_dirty(pte)) SetPageDirty(page);
  set_pte_at(vma->vm_mm, addr, ptep,
             make_migration_pte(page_to_pfn(page), pte_write(pte), anon_exclusive));
  page_remove_rmap(page);
  folio_put((struct folio*)page);  // the mapping's
  return page;
}

// ORDER(AF flush-then-unlock): what was unmapped is flushed before the table's lock is dropped;
// pairs with a zap, which finds no page there, flushes nothing, and returns. Without it a CPU
// writes to the old page after MADV_DONTNEED, and the write is lost.
void migrate_vma_collect_pmd(struct migrate_vma* migrate, unsigned long start, unsigned long end) {
  struct mm_struct* mm = migrate->vma->vm_mm;
  pmd_t* pmdp = mm_find_pmd(mm, start);
  if (pmdp == nullptr) return;
  const pmd_t pmd = pmdp_get(pmdp);
  if (!pmd_present(pmd) || pmd_trans_huge(pmd)) return;
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  pte_t* ptep = pte_offset_kernel(pmd, start);
  spin_lock(ptl);
  for (unsigned long addr = start; addr != end && migrate->npages < WR_PAGES_A_CALL;
       addr += PAGE_SIZE, ++ptep) {
    struct page* page = collect_pte(migrate->vma, addr, ptep);
    if (page != nullptr) migrate->src[migrate->npages++] = page;
  }
  const bool late = is_cut("migrate-vma-flush");
  if (migrate->npages != 0 && !late) wr_flush_tlb_range(mm, start, end);
  spin_unlock(ptl);
  if (migrate->npages != 0 && late) wr_flush_tlb_range(mm, start, end);
}

// Returns whether the page is off the LRU and nobody maps it. Its reference is the LRU's then.
bool migrate_device_unmap(struct page* page) {
  if (!isolate_lru_page(page)) return false;
  folio_put((struct folio*)page);
  if (page_mapcount(page) != 0) try_to_migrate(page);
  const int64_t extra = PageSwapCache(page) ? 2 : 1;
  if (page_mapcount(page) == 0 && page_count(page) == extra) return true;
  folio_get((struct folio*)page);
  putback_lru_page(page);
  return false;
}

void migrate_vma_page(struct page* page) {
  if (!migrate_device_unmap(page)) {
    remove_migration_ptes(page, page);
    unlock_page(page);
    folio_put((struct folio*)page);
    return;
  }
  struct folio* dst = folio_alloc(0);
  if (dst != nullptr) (void)trylock_page(&dst->page);  // nobody else knows it
  const bool moved = dst != nullptr && move_to_new_folio(&dst->page, page);
  remove_migration_ptes(page, moved ? &dst->page : page);
  unlock_page(page);
  putback_lru_page(page);
  if (dst == nullptr) return;
  unlock_page(&dst->page);
  if (moved) {
    putback_lru_page(&dst->page);
  } else {
    folio_put(dst);
  }
}

// Returns whether there was a page to migrate.
bool migrate_vma_range(struct vm_area_struct* vma, unsigned long start, unsigned long end) {
  struct migrate_vma migrate = {vma, {}, 0};
  mmu_notifier_invalidate_range_start(vma->vm_mm, start, end);
  migrate_vma_collect_pmd(&migrate, start, end);
  mmu_notifier_invalidate_range_end(vma->vm_mm, start, end);
  for (int i = 0; i < migrate.npages; ++i) migrate_vma_page(migrate.src[i]);
  wr_note(WR_NOTE_MUTATOR_END, nullptr, 0, 0, WR_HERE);
  return migrate.npages != 0;
}

}  // namespace

void migrate_to_device(struct mm_struct* mm, unsigned long start, unsigned long end,
                       unsigned /*flags*/) {
  wr_begin_reclaim();
  mmap_read_lock(mm);
  for (struct vm_area_struct* vma = wr_next_vma(mm, nullptr); vma != nullptr;
       vma = wr_next_vma(mm, vma)) {
    const unsigned long first = start > vma->vm_start ? start : vma->vm_start;
    const unsigned long last = end < vma->vm_end ? end : vma->vm_end;
    // One vma a call, as migrate_vma_setup() has it.
    if (first < last && vma->vm_file == nullptr && migrate_vma_range(vma, first, last)) break;
  }
  mmap_read_unlock(mm);
}
