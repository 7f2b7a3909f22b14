// Migration of pages, base or large. Mirrors do_pages_move(), unmap_and_move(), __unmap_and_move(),
// move_to_new_folio(), folio_migrate_mapping(), folio_migrate_copy(), remove_migration_pte() and
// migration_entry_wait() (mm/migrate.c) and try_to_migrate_one() (mm/rmap.c), v6.1. What is mapped
// by a pmd: migrate_pmd.cc.
// Leaves out: KSM pages, large folios of files, writeback, the retries of a page that could not be
// moved (or the split of a large one), xa_lock of the swap cache (the page's lock keeps others out
// of its place there). Deviation: an entry carries no accessed and dirty bits; a dirty one makes
// the page dirty, as up to 6.0.
#include "kernel/notes.h"
#include "kernel/swap.h"
#include "kernel/tlb.h"
#include "paths/cuts.h"
#include "paths/rmap.h"
#include "paths/secondary_mmu.h"

namespace {

unsigned long size_of(const struct page* page) {
  return folio_nr_pages((const struct folio*)page) << PAGE_SHIFT;
}

// Entry by entry: the page is unmapped, and a migration entry keeps its place.
bool try_to_migrate_one(struct page* page, struct vm_area_struct* vma, unsigned long start,
                        void* /*arg*/) {
  struct mm_struct* mm = vma->vm_mm;
  struct page_vma_mapped_walk pvmw = {vma, start, page, false};
  const unsigned long end = start + size_of(page);
  bool shared = true;
  mmu_notifier_invalidate_range_start(mm, start, end);
  while (shared && page_vma_mapped_walk(&pvmw)) {
    if (pvmw.pte == nullptr) {
      shared = set_pmd_migration_entry(&pvmw, page);
    } else {
      const unsigned long address = pvmw.address;
      struct page* subpage = page + ((address - start) >> PAGE_SHIFT);
      const bool anon_exclusive = PageAnon(page) && PageAnonExclusive(subpage);
      wr_note(WR_NOTE_UNMAP_BEGIN, nullptr, address, address + PAGE_SIZE, WR_HERE);
      const pte_t pteval = ptep_clear_flush(vma, address, pvmw.pte);
      if (pte_dirty(pteval)) SetPageDirty(page);
      shared = !anon_exclusive || page_try_share_anon_rmap(subpage, address);
      if (shared) {
        set_pte_at(mm, address, pvmw.pte,
                   make_migration_pte(page_to_pfn(subpage), pte_write(pteval), anon_exclusive));
        page_remove_rmap(subpage);
      } else {
        set_pte_at(mm, address, pvmw.pte, pteval);
        wr_note(WR_NOTE_BACKED_OFF, nullptr, address, address + PAGE_SIZE, WR_HERE);
      }
    }
    if (shared) {
      folio_put((struct folio*)page);
    } else {
      page_vma_mapped_walk_done(&pvmw);
    }
  }
  mmu_notifier_invalidate_range_end(mm, start, end);
  return shared;
}

}  // namespace

void try_to_migrate(struct page* page) {
  const struct rmap_walk_control control = {try_to_migrate_one, nullptr, true};
  rmap_walk(page, &control);
}

namespace {

// Puts the page where the migration entries of `old`, which may be the page itself, are.
bool remove_migration_pte(struct page* page, struct vm_area_struct* vma, unsigned long start,
                          void* old) {
  struct page_vma_mapped_walk pvmw = {vma, start, (struct page*)old, true};
  while (page_vma_mapped_walk(&pvmw)) {
    if (pvmw.pte == nullptr) {
      remove_migration_pmd(&pvmw, page);
      continue;
    }
    struct page* subpage = page + ((pvmw.address - start) >> PAGE_SHIFT);
    const pte_t entry = pte_read_locked(pvmw.pte);
    folio_get((struct folio*)page);
    pte_t pte = pfn_pte(page_to_pfn(subpage));
    if (pte_write(entry)) pte = pte_mkwrite(pte);
    if (pte_swp_exclusive(entry)) SetPageAnonExclusive(subpage);
    page_add_rmap(subpage);
    set_pte_at(vma->vm_mm, pvmw.address, pvmw.pte, pte);
  }
  return true;
}

}  // namespace

void remove_migration_ptes(struct page* old, struct page* page) {
  const struct rmap_walk_control control = {remove_migration_pte, old, false};
  rmap_walk(page, &control);
}

namespace {

// The page cache's or the swap cache's place for the page, or null. REQUIRES: it is locked.
unsigned long* cache_slot_of(struct page* page) {
  if (!PageAnon(page)) return &wr_file()->i_pages[page->index];
  return PageSwapCache(page) ? wr_swap_cache(wr_page_swap_slot(page)) : nullptr;
}

// Nobody takes a reference from the page cache meanwhile without waiting.
void lock_cache(struct page* page) {
  if (!PageAnon(page)) spin_lock(&wr_file()->i_pages_lock);
}
void unlock_cache(struct page* page) {
  if (!PageAnon(page)) spin_unlock(&wr_file()->i_pages_lock);
}

// Before anything is unmapped: what "migrate-count-after-clear" takes for the check.
bool counts_suitable(struct page* page) {
  const int64_t expected =
      1 + page_mapcount(page) + mapcount_of_tails(page) + (cache_slot_of(page) != nullptr ? 1 : 0);
  if (page_count(page) != expected) return false;
  const struct wr_rmap_addresses addresses = wr_rmap_addresses_of(page);
  note_for_addresses(WR_NOTE_COUNT_CHECK, page, WR_COUNTS_ANY, &addresses, WR_HERE);
  return true;
}

// ORDER(B clear-then-count): every entry is clear and flushed, then the count is compared; pairs
// with gup_pte_range()'s reference, then re-read. Without it a page is moved away from under a
// reference, and what is written through that is lost.
bool folio_migrate_mapping(struct page* newpage, struct page* page,
                           const struct wr_rmap_addresses* addresses) {
  unsigned long* slot = cache_slot_of(page);
  const int64_t expected_count = slot == nullptr ? 1 : 2;
  const bool check = !is_cut("migrate-count-after-clear");
  if (slot == nullptr) {
    if (check && page_count(page) != expected_count) return false;
    if (check) note_for_addresses(WR_NOTE_COUNT_CHECK, page, WR_COUNTS_ANY, addresses, WR_HERE);
    wr_page_move_mapping(newpage, page);
    return true;
  }
  // ORDER(AB freeze-then-replace): nobody can take a reference from the cache while its place
  // changes; pairs with filemap_get_folio()'s reference unless zero, then re-read.
  lock_cache(page);
  if (check && !page_ref_freeze(page, expected_count)) {
    unlock_cache(page);
    return false;
  }
  if (check) note_for_addresses(WR_NOTE_COUNT_CHECK, page, WR_COUNTS_ANY, addresses, WR_HERE);
  wr_page_move_mapping(newpage, page);
  folio_get((struct folio*)newpage);
  if (PageAnon(page)) {
    ClearPageSwapCache(page);
    SetPageSwapCache(newpage);
  }
  if (TestClearPageDirty(page)) SetPageDirty(newpage);
  WRITE_ONCE(*slot, page_to_pfn(newpage));
  if (check) {
    page_ref_unfreeze(page, expected_count - 1);
  } else {
    folio_put((struct folio*)page);
  }
  unlock_cache(page);
  return true;
}

void folio_migrate_copy(struct page* newpage, struct page* page) {
  for (unsigned long i = 0; i < folio_nr_pages((struct folio*)page); ++i) {
    copy_user_highpage(newpage + i, page + i);
  }
  if (PageDirty(page)) SetPageDirty(newpage);
}

}  // namespace

bool move_to_new_folio(struct page* newpage, struct page* page) {
  const bool file = !PageAnon(page);
  const struct wr_rmap_addresses addresses = wr_rmap_addresses_of(page);
  if (!folio_migrate_mapping(newpage, page, &addresses)) return false;
  folio_migrate_copy(newpage, page);
  note_for_addresses(WR_NOTE_PAGE_REPLACED, page, WR_COUNTS_ANY, &addresses, WR_HERE);
  if (file) WRITE_ONCE(page->mapping, 0);
  return true;
}

namespace {

bool tails_are_mapped(struct page* page) { return mapcount_of_tails(page) != 0; }

// REQUIRES: both are locked.
bool __unmap_and_move(struct page* newpage, struct page* page) {
  bool moved = false;
  const bool mapped = page_mapcount(page) != 0 || tails_are_mapped(page);
  const bool cut = is_cut("migrate-count-after-clear");
  if (mapped && (!cut || counts_suitable(page))) {
    try_to_migrate(page);
    moved = page_mapcount(page) == 0 && !tails_are_mapped(page) && move_to_new_folio(newpage, page);
    if (moved) SetPageLRU(newpage);
    remove_migration_ptes(page, moved ? newpage : page);
  }
  wr_note(WR_NOTE_MUTATOR_END, nullptr, 0, 0, WR_HERE);
  unlock_page(newpage);
  unlock_page(page);
  return moved;
}

// Returns whether the page is locked now.
bool lock_for_migration(struct page* page, enum migrate_mode mode) {
  if (mode == MIGRATE_ASYNC) return trylock_page(page);
  lock_page(page);
  return true;
}

}  // namespace

bool unmap_and_move(struct page* page, enum migrate_mode mode) {
  struct folio* newfolio = folio_alloc(folio_test_large((struct folio*)page) ? HPAGE_PMD_ORDER : 0);
  if (newfolio == nullptr) {
    putback_lru_page(page);
    return false;
  }
  bool moved = false;
  if (lock_for_migration(page, mode)) {
    (void)trylock_page(&newfolio->page);  // nobody else knows it
    moved = __unmap_and_move(&newfolio->page, page);
  }
  // On success the old page goes with its last reference; its mappings hold the new one.
  if (moved) {
    folio_put((struct folio*)page);
  } else {
    putback_lru_page(page);
  }
  folio_put(newfolio);
  return moved;
}

// move_pages(2) to another node: off the LRU first, one after the other then. A large folio goes as
// a whole, whichever of its pages is named.
void migrate_pages(struct mm_struct* mm, unsigned long start, unsigned long end,
                   unsigned /*flags*/) {
  struct page* pages[WR_PAGES_A_CALL];
  wr_begin_reclaim();
  const int nr = isolate_pages(mm, start, end, pages, ISOLATE_ALL);
  for (int i = 0; i < nr; ++i) (void)unmap_and_move(pages[i], MIGRATE_SYNC);
}

// ORDER(AC entry-then-page-lock): whoever takes a migration entry away holds the page's lock, and
// the entry is looked at under the table's lock: the page is still locked, or was unlocked since.
void migration_entry_wait(struct mm_struct* mm, pmd_t pmd, unsigned long address) {
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  spin_lock(ptl);
  const pte_t pte = pte_read_locked(pte_offset_kernel(pmd, address));
  struct folio* folio = is_migration_pte(pte) ? page_folio(pfn_to_page(pte_pfn(pte))) : nullptr;
  spin_unlock(ptl);
  if (folio != nullptr) wait_on_page_locked(&folio->page);
}
