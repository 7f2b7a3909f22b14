// Migration of a hugetlb page. Mirrors add_page_for_migration(), unmap_and_move_huge_page(),
// migrate_huge_page_move_mapping(), remove_migration_pte() and migration_entry_wait_huge()
// (mm/migrate.c), try_to_migrate_one() (mm/rmap.c), isolate_hugetlb() and
// putback_active_hugepage() (mm/hugetlb.c), v6.1, for the page of a file that is mapped shared.
// Leaves out: reservations, hwpoison, the retries of a page that could not be moved. Deviation: a
// page that is free keeps its flags, so that isolate_hugetlb() is stopped by its count alone.
#include "kernel/notes.h"
#include "kernel/swap.h"
#include "paths/cuts.h"
#include "paths/hugetlb.h"
#include "paths/paths.h"
#include "paths/secondary_mmu.h"

namespace {

// --- isolation -------------------------------------------------------------------------------

bool isolate_hugetlb(struct page* page) {
  hugetlb_lock();
  const bool isolated =
      WR_TEST_FLAG(PG_hpage_migratable, page) && folio_ref_try_add_rcu((struct folio*)page, 1);
  if (isolated) WR_CLEAR_FLAG(PG_hpage_migratable, page);
  hugetlb_unlock();
  return isolated;
}

void putback_active_hugepage(struct page* page) {
  hugetlb_lock();
  WR_SET_FLAG(PG_hpage_migratable, page);
  hugetlb_unlock();
  folio_put((struct folio*)page);
}

// Returns the page, isolated and with a reference, or null. The lookup is a GUP call to oracles:
// its reference counts like one.
struct page* add_page_for_migration(struct mm_struct* mm, unsigned long address) {
  struct page* isolated = nullptr;
  mmap_read_lock(mm);
  struct vm_area_struct* vma = find_vma(mm, address);
  if (is_vm_hugetlb_page(vma)) {
    wr_note(WR_NOTE_GUP_BEGIN, nullptr, address, (uint64_t)FOLL_GET << 32 | 1, WR_HERE);
    struct page* page = follow_page(vma, address, FOLL_GET);
    const uint64_t what = (uint64_t)FOLL_GET << 32 | (page != nullptr ? page_to_pfn(page) : 0);
    if (page != nullptr) {
      wr_note(WR_NOTE_PAGE_RETURNED, &page->_refcount, address, what, WR_HERE);
    }
    wr_note(WR_NOTE_GUP_END, nullptr, page != nullptr ? 1 : 0, 0, WR_HERE);
    if (page != nullptr) {
      if (isolate_hugetlb(page)) isolated = page;
      put_user_page(page, address);
    }
  }
  mmap_read_unlock(mm);
  return isolated;
}

// --- the page's mappings ---------------------------------------------------------------------

// page_vma_mapped_walk(): whether an entry maps the page, or is its migration entry; then its lock
// is held.
bool mapped_walk(struct page* page, struct vm_area_struct* vma, bool migration,
                 struct huge_walk* walk) {
  *walk = huge_pte_walk(vma->vm_mm, vma->vm_start);
  if (walk->ptep == nullptr) return false;
  spinlock_t* ptl = huge_pte_lockptr(vma->vm_mm, walk->ptep);
  spin_lock(ptl);
  const pte_t pte = pte_read_locked(walk->ptep);
  const bool of_kind = migration ? is_migration_pte(pte) : pte_present(pte);
  if (of_kind && pte_pfn(pte) == page_to_pfn(page)) return true;
  spin_unlock(ptl);
  return false;
}

// Returns false where the page stays mapped. REQUIRES: i_mmap_rwsem for writing.
bool try_to_migrate_one(struct page* page, struct vm_area_struct* vma) {
  struct mm_struct* mm = vma->vm_mm;
  const unsigned long start = vma->vm_start;
  const unsigned long end = vma->vm_end;
  struct huge_walk walk;
  if (!mapped_walk(page, vma, false, &walk)) return true;
  pte_t* ptep = walk.ptep;
  spinlock_t* ptl = huge_pte_lockptr(mm, ptep);
  if (!hugetlb_vma_trylock_write(vma)) {
    spin_unlock(ptl);
    return false;
  }
  const bool unshared = huge_pmd_unshare(&walk);
  hugetlb_vma_unlock_write(vma);
  if (unshared) {
    flush_unshared(mm, start);
    spin_unlock(ptl);
    return true;
  }
  wr_note(WR_NOTE_UNMAP_BEGIN, nullptr, start, end, WR_HERE);
  const pte_t pteval = huge_ptep_clear_flush(vma, start, ptep);
  if (pte_dirty(pteval)) SetPageDirty(page);
  set_huge_pte_at(mm, start, ptep, make_migration_pte(page_to_pfn(page), pte_write(pteval), false));
  page_remove_huge_rmap(page);
  spin_unlock(ptl);
  folio_put((struct folio*)page);
  return true;
}

// Whether nobody maps the page any more.
bool try_to_migrate(struct address_space* mapping, struct page* page) {
  const unsigned long index = wr_hugetlb_pgoff();
  // After the page's lock, which is taken within this one elsewhere.
  if (!i_mmap_trylock_write(mapping)) return false;
  for (struct vm_area_struct* vma = wr_next_rmap(mapping, index, nullptr); vma != nullptr;
       vma = wr_next_rmap(mapping, index, vma)) {
    mmu_notifier_invalidate_range_start(vma->vm_mm, vma->vm_start, vma->vm_end);
    const bool more = try_to_migrate_one(page, vma);
    mmu_notifier_invalidate_range_end(vma->vm_mm, vma->vm_start, vma->vm_end);
    if (!more || page_mapcount(page) == 0) break;
  }
  i_mmap_unlock_write(mapping);
  return page_mapcount(page) == 0;
}

void remove_migration_pte(struct page* page, struct vm_area_struct* vma, struct page* old) {
  struct huge_walk walk;
  if (!mapped_walk(old, vma, true, &walk)) return;
  pte_t* ptep = walk.ptep;
  folio_get((struct folio*)page);
  page_add_huge_rmap(page);
  set_huge_pte_at(vma->vm_mm, vma->vm_start, ptep,
                  make_huge_pte(page_to_pfn(page), pte_write(pte_read_locked(ptep)), false));
  spin_unlock(huge_pte_lockptr(vma->vm_mm, ptep));
}

void remove_migration_ptes(struct address_space* mapping, struct page* old, struct page* page) {
  const unsigned long index = wr_hugetlb_pgoff();
  i_mmap_lock_read(mapping);
  for (struct vm_area_struct* vma = wr_next_rmap(mapping, index, nullptr); vma != nullptr;
       vma = wr_next_rmap(mapping, index, vma)) {
    remove_migration_pte(page, vma, old);
  }
  i_mmap_unlock_read(mapping);
}

// --- the move --------------------------------------------------------------------------------

// A look at the counts, or the replacement, of every page of the huge one.
void note_for_pages(unsigned what, struct address_space* mapping, const struct page* page,
                    const struct wr_site* site) {
  const unsigned long index = wr_hugetlb_pgoff();
  for (struct vm_area_struct* vma = wr_next_rmap(mapping, index, nullptr); vma != nullptr;
       vma = wr_next_rmap(mapping, index, vma)) {
    for (unsigned long i = 0; i < HPAGE_PMD_NR; ++i) {
      wr_note(what, &page->_refcount, vma->vm_start + (i << PAGE_SHIFT),
              (uint64_t)WR_COUNTS_ANY << 32 | (page_to_pfn(page) + i), site);
    }
  }
}

// The page cache's reference, and the isolation's.
bool migrate_huge_page_move_mapping(struct address_space* mapping, struct page* newpage,
                                    struct page* page) {
  constexpr int64_t kExpectedCount = 2;
  spin_lock(&mapping->i_pages_lock);
  // ORDER(B clear-then-count): every entry is clear and flushed, then the count is compared; pairs
  // with GUP-fast's reference, then re-read, and with lookups under the entry's lock.
  if (!page_ref_freeze(page, kExpectedCount)) {
    spin_unlock(&mapping->i_pages_lock);
    return false;
  }
  note_for_pages(WR_NOTE_COUNT_CHECK, mapping, page, WR_HERE);
  wr_page_set_mapping(newpage, mapping->mapping, 0);
  folio_get((struct folio*)newpage);
  WRITE_ONCE(mapping->i_pages[0], page_to_pfn(newpage));
  page_ref_unfreeze(page, kExpectedCount - 1);
  spin_unlock(&mapping->i_pages_lock);
  return true;
}

bool move_to_new_folio(struct address_space* mapping, struct page* newpage, struct page* page) {
  if (!migrate_huge_page_move_mapping(mapping, newpage, page)) return false;
  for (unsigned long i = 0; i < HPAGE_PMD_NR; ++i) copy_user_highpage(newpage + i, page + i);
  if (PageDirty(page)) SetPageDirty(newpage);
  note_for_pages(WR_NOTE_PAGE_REPLACED, mapping, page, WR_HERE);
  WRITE_ONCE(page->mapping, 0);
  return true;
}

// REQUIRES: both are locked.
bool unmap_and_move(struct address_space* mapping, struct page* newpage, struct page* page) {
  const bool was_mapped = page_mapcount(page) != 0;
  const bool unmapped = !was_mapped || try_to_migrate(mapping, page);
  const bool moved = unmapped && move_to_new_folio(mapping, newpage, page);
  if (was_mapped) remove_migration_ptes(mapping, page, moved ? newpage : page);
  return moved;
}

void unmap_and_move_huge_page(struct page* page) {
  struct address_space* mapping = wr_hugetlb_file();
  // One reference: the page was freed meanwhile.
  struct folio* newfolio = page_count(page) == 1 ? nullptr : folio_alloc(HPAGE_PMD_ORDER);
  if (newfolio == nullptr) {
    putback_active_hugepage(page);
    return;
  }
  lock_page(page);
  bool moved = false;
  // Else it has left the page cache.
  if (READ_ONCE(page->mapping) != 0) {
    (void)trylock_page(&newfolio->page);  // nobody else knows it
    moved = unmap_and_move(mapping, &newfolio->page, page);
    unlock_page(&newfolio->page);
  }
  wr_note(WR_NOTE_MUTATOR_END, nullptr, 0, 0, WR_HERE);
  unlock_page(page);
  // On success the old page goes with its last reference; the page cache holds the new one.
  putback_active_hugepage(page);
  if (moved) {
    putback_active_hugepage(&newfolio->page);
  } else {
    folio_put(newfolio);
  }
}

}  // namespace

// move_pages(2) to another node.
void migrate_hugetlb_page(struct mm_struct* mm, unsigned long start, unsigned long /*end*/,
                          unsigned /*flags*/) {
  struct page* page = add_page_for_migration(mm, start);
  if (page != nullptr) unmap_and_move_huge_page(page);
}

// ORDER(AC entry-then-page-lock): as for base pages.
void migration_entry_wait_huge(struct vm_area_struct* vma, pte_t* ptep) {
  spinlock_t* ptl = huge_pte_lockptr(vma->vm_mm, ptep);
  spin_lock(ptl);
  const pte_t pte = pte_read_locked(ptep);
  spin_unlock(ptl);
  if (is_migration_pte(pte)) wait_on_page_locked(pfn_to_page(pte_pfn(pte)));
}
