// Split of a large folio into base pages. Mirrors split_huge_pages_pid(),
// split_huge_page_to_list(), can_split_folio(), unmap_folio(), __split_huge_page(),
// __split_huge_page_tail() and remap_page() (mm/huge_memory.c), try_to_migrate_one() (mm/rmap.c)
// and remove_migration_pte() (mm/migrate.c), v6.1. Leaves out: the swap cache, the deferred list,
// the LRU's lock, a file's pages behind its end. Deviations: the tails carry the folio's lock from
// the start; a migration entry carries no dirty bit (a dirty one makes the page dirty, as up to
// 6.0); and in runs without reclaim whoever meets one waits for the anon_vma's lock, which is held
// until the last one is gone.
#include "kernel/barrier.h"
#include "kernel/mm.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "kernel/tlb.h"
#include "paths/cuts.h"
#include "paths/paths.h"
#include "paths/rmap.h"
#include "paths/secondary_mmu.h"
#include "paths/split.h"
#include "paths/swap.h"

namespace {

bool folio_ref_freeze(struct folio* folio, uint64_t count) {
  return wr_rmw(&folio->page._refcount.counter, sizeof(folio->page._refcount.counter), WR_CMPXCHG,
                0, count, WR_FULL, WR_DATA, nullptr, WR_HERE) == count;
}

int64_t folio_mapcount(struct folio* folio) {
  int64_t sum = 0;
  for (unsigned long i = 0; i < HPAGE_PMD_NR; ++i) sum += page_mapcount(folio_page(folio, i));
  return sum;
}

// Nobody but the mappings, the caller and, `extra_pins`, the page cache has a reference: racy, to
// spare the work.
bool can_split_folio(struct folio* folio, int64_t extra_pins) {
  return folio_mapcount(folio) == (int64_t)folio_ref_count(folio) - extra_pins - 1;
}

// --- Entries -------------------------------------------------------------------------------------

// Page i of the folio in one vma: its pte becomes a migration entry, unless it may be pinned.
void try_to_migrate_one(struct folio* folio, struct page* subpage, struct vm_area_struct* vma,
                        unsigned long address, pmd_t pmd) {
  struct mm_struct* mm = vma->vm_mm;
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  pte_t* ptep = pte_offset_kernel(pmd, address);
  spin_lock(ptl);
  const pte_t found = pte_read_locked(ptep);
  if (!pte_present(found) || pte_pfn(found) != page_to_pfn(subpage)) {
    spin_unlock(ptl);
    return;
  }
  const bool anon_exclusive = PageAnonExclusive(subpage);
  const pte_t pteval = ptep_get_and_clear(mm, address, ptep);
  wr_flush_tlb_range(mm, address, address + PAGE_SIZE);
  if (wr_reclaim_begun() && pte_dirty(pteval)) SetPageDirty(&folio->page);
  const bool shared = !anon_exclusive || split_try_share_anon_rmap(subpage, folio);
  if (shared) {
    set_pte_at(mm, address, ptep,
               make_migration_pte(page_to_pfn(subpage), pte_write(pteval), anon_exclusive));
    page_remove_rmap(subpage);
  } else {
    set_pte_at(mm, address, ptep, pteval);
  }
  spin_unlock(ptl);
  if (shared) folio_put(folio);
}

void unmap_folio_by_entries(struct folio* folio, struct vm_area_struct* vma,
                            unsigned long address) {
  pmd_t* pmdp = mm_find_pmd(vma->vm_mm, address);
  if (pmdp == nullptr) return;
  if (pmd_trans_huge(pmdp_get(pmdp))) split_huge_pmd_freeze(vma, pmdp, address, folio);
  for (unsigned long i = 0; i < HPAGE_PMD_NR; ++i, address += PAGE_SIZE) {
    const pmd_t pmd = pmdp_get(pmdp);
    if (!pmd_present(pmd) || pmd_trans_huge(pmd)) return;
    try_to_migrate_one(folio, folio_page(folio, i), vma, address, pmd);
  }
}

void unmap_folio_in(struct folio* folio, struct vm_area_struct* vma) {
  const unsigned long address = vma_address(vma, folio->page.index);
  // No shadow entry stays: what a guest writes makes the folio dirty, while it is one.
  mmu_notifier_invalidate_range_start(vma->vm_mm, address, address + HPAGE_PMD_SIZE);
  unmap_folio_by_entries(folio, vma, address);
  mmu_notifier_invalidate_range_end(vma->vm_mm, address, address + HPAGE_PMD_SIZE);
}

// Puts page i back where its migration entry is. It may be a folio of its own by now.
void remove_migration_pte(struct page* page, struct vm_area_struct* vma, unsigned long address) {
  struct mm_struct* mm = vma->vm_mm;
  pmd_t* pmdp = mm_find_pmd(mm, address);
  if (pmdp == nullptr) return;
  const pmd_t pmd = pmdp_get(pmdp);
  if (!pmd_present(pmd) || pmd_trans_huge(pmd)) return;
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  pte_t* ptep = pte_offset_kernel(pmd, address);
  spin_lock(ptl);
  const pte_t entry = pte_read_locked(ptep);
  if (is_migration_pte(entry) && pte_pfn(entry) == page_to_pfn(page)) {
    folio_get(wr_folio_of_held(page));
    pte_t pte = pfn_pte(page_to_pfn(page));
    if (!wr_reclaim_begun()) pte = pte_mkdirty(pte);
    if (pte_write(entry)) pte = pte_mkwrite(pte);
    if ((pte_val(entry) & _PAGE_SWP_EXCLUSIVE) != 0) SetPageAnonExclusive(page);
    page_add_rmap(page);
    set_pte_at(mm, address, ptep, pte);
  }
  spin_unlock(ptl);
}

void remap_page(struct page* head, unsigned long index) {
  for (unsigned long i = 0; i < HPAGE_PMD_NR; ++i) {
    for (struct vm_area_struct* vma = wr_next_rmap(nullptr, index, nullptr); vma != nullptr;
         vma = wr_next_rmap(nullptr, index, vma)) {
      remove_migration_pte(head + i, vma, vma_address(vma, index + i));
    }
  }
}

// --- The folio -----------------------------------------------------------------------------------

// ORDER(R flags-head-count): what the page is, then that it is no tail any more, then its count;
// pairs with a speculative reference, which is followed by a use, or by a put that needs the head.
void __split_huge_page_tail(struct page* head, unsigned long flags, unsigned long i,
                            uint64_t count) {
  struct page* tail = head + i;
  const unsigned long exclusive = READ_ONCE(tail->flags) & 1ul << PG_anon_exclusive;
  WRITE_ONCE(tail->flags, (flags & ~(1ul << PG_head | 1ul << PG_anon_exclusive)) | exclusive);
  WRITE_ONCE(tail->mapping, READ_ONCE(head->mapping));
  if (!is_cut("tail-barrier")) smp_wmb();
  WRITE_ONCE(tail->compound_head, 0ul);
  wr_store(&tail->_refcount.counter, sizeof(tail->_refcount.counter), count, WR_RELEASE, WR_DATA,
           WR_HERE);
}

void __split_huge_page(struct folio* folio) {
  struct page* head = &folio->page;
  const unsigned long flags = READ_ONCE(head->flags);
  for (unsigned long i = HPAGE_PMD_NR - 1; i >= 1; --i) __split_huge_page_tail(head, flags, i, 1);
  (void)WR_TEST_AND(WR_AND, ~(1ul << PG_head), head);  // ClearPageCompound
  folio_get(folio);
}

}  // namespace

bool split_huge_page(struct folio* folio) {
  struct page* head = &folio->page;
  const unsigned long index = head->index;
  bool split = false;
  bool irq_flags;
  anon_vma_lock_write();
  if (!can_split_folio(folio, 0)) goto out_unlock;
  for (unsigned long i = 1; i < HPAGE_PMD_NR; ++i) (void)trylock_page(head + i);
  for (struct vm_area_struct* vma = wr_next_rmap(nullptr, index, nullptr); vma != nullptr;
       vma = wr_next_rmap(nullptr, index, vma)) {
    unmap_folio_in(folio, vma);
  }
  local_irq_save(irq_flags);
  // ORDER(B clear-then-count): every entry is clear and flushed, then the count is compared, and
  // frozen with the same step; pairs with A.
  split = folio_ref_freeze(folio, 1);
  if (split) __split_huge_page(folio);
  local_irq_restore(irq_flags);
  remap_page(head, index);
  for (unsigned long i = 1; i < HPAGE_PMD_NR; ++i) {
    unlock_page(head + i);
    if (split) folio_put((struct folio*)(head + i));
  }
out_unlock:
  anon_vma_unlock_write();
  return split;
}

namespace {

// __split_huge_page() of a file's. REQUIRES: i_pages_lock is held, the count is frozen.
void __split_huge_file_page(struct address_space* mapping, struct folio* folio) {
  struct page* head = &folio->page;
  const unsigned long flags = READ_ONCE(head->flags);
  for (unsigned long i = HPAGE_PMD_NR - 1; i >= 1; --i) {
    __split_huge_page_tail(head, flags, i, 2);
    WRITE_ONCE(mapping->i_pages[head->index + i], page_to_pfn(head + i));
  }
  (void)WR_TEST_AND(WR_AND, ~(1ul << PG_head), head);  // ClearPageCompound
  folio_ref_add(folio, 2);                             // the caller's and the page cache's
}

}  // namespace

bool split_huge_file_page(struct address_space* mapping, struct folio* folio) {
  struct page* head = &folio->page;
  bool split = false;
  bool irq_flags;
  i_mmap_lock_read(mapping);
  if (!can_split_folio(folio, HPAGE_PMD_NR)) {
    i_mmap_unlock_read(mapping);
    return false;
  }
  for (unsigned long i = 1; i < HPAGE_PMD_NR; ++i) (void)trylock_page(head + i);
  // unmap_folio(): no entries stand for it, the next fault looks into the page cache.
  try_to_unmap_rmap_locked(mapping, folio, nullptr);
  local_irq_save(irq_flags);
  spin_lock(&mapping->i_pages_lock);
  // ORDER(B clear-then-count), ORDER(AB freeze-then-replace): as in freeze() of collapse_file().
  split = READ_ONCE(mapping->i_pages[head->index]) == page_to_pfn(head) &&
          folio_ref_freeze(folio, 1 + HPAGE_PMD_NR);
  if (split) __split_huge_file_page(mapping, folio);
  spin_unlock(&mapping->i_pages_lock);
  local_irq_restore(irq_flags);
  for (unsigned long i = 1; i < HPAGE_PMD_NR; ++i) {
    unlock_page(head + i);
    if (split) folio_put((struct folio*)(head + i));
  }
  i_mmap_unlock_read(mapping);
  return split;
}

namespace {

// The folio that is mapped at the address, with a reference, or null: follow_page(FOLL_GET).
struct folio* follow_folio(struct mm_struct* mm, unsigned long address) {
  struct folio* folio = nullptr;
  pmd_t* pmdp = mm_find_pmd(mm, address);
  if (pmdp == nullptr) return nullptr;
  pmd_t pmd = pmdp_get(pmdp);
  if (!pmd_present(pmd)) return nullptr;
  const bool huge = pmd_trans_huge(pmd);
  spinlock_t* ptl = huge ? pmd_lockptr(mm) : pte_lockptr(mm, pmd);
  spin_lock(ptl);
  if (huge) {
    pmd = pmd_read_locked(pmdp);
    if (pmd_trans_huge(pmd)) folio = (struct folio*)pfn_to_page(pmd_pfn(pmd));
  } else {
    const pte_t pte = pte_read_locked(pte_offset_kernel(pmd, address));
    if (pte_present(pte)) folio = wr_folio_of_held(pfn_to_page(pte_pfn(pte)));
  }
  if (folio != nullptr) folio_get(folio);
  spin_unlock(ptl);
  return folio;
}

}  // namespace

void split_entry_wait(void) {
  anon_vma_lock_read();
  anon_vma_unlock_read();
}

// What debugfs' split_huge_pages, reclaim and partial MADV_FREE do.
void split_huge_pages(struct mm_struct* mm, unsigned long start, unsigned long /*end*/,
                      unsigned /*flags*/) {
  wr_begin_rmap_walks();
  mmap_read_lock(mm);
  struct address_space* file = find_vma(mm, start)->vm_file;
  const bool splits = file == nullptr || file == wr_file();
  struct folio* folio = splits ? follow_folio(mm, start) : nullptr;
  if (folio != nullptr) {
    if (folio_test_large(folio) && trylock_page(&folio->page)) {
      if (file == nullptr) {
        (void)split_huge_page(folio);
      } else if (READ_ONCE(folio->page.mapping) == file->mapping) {
        (void)split_huge_file_page(file, folio);
      }
      unlock_page(&folio->page);
    }
    folio_put(folio);
  }
  mmap_read_unlock(mm);
}
