// The swap cache and the fault on a swap entry. Mirrors add_to_swap(), add_to_swap_cache(),
// __delete_from_swap_cache(), free_swap_cache(), __read_swap_cache_async() (mm/swap_state.c),
// folio_free_swap(), free_swap_and_cache(), __try_to_reclaim_swap() (mm/swapfile.c) and
// do_swap_page() (mm/memory.c), v6.1. Leaves out: readahead, the synchronous device that goes
// around the cache, writeback that takes time, the full swap that frees slots early, memcg.
// Deviation: a fault that must wait for the page's lock waits with mmap_lock held.
#include "paths/swap.h"

#include "kernel/mm.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "kernel/tlb.h"
#include "paths/rmap.h"

namespace {

// What the kernel does under the lock of the slot's cluster. Orders as taking that lock does; what
// dropping it orders nobody here counts on.
uint64_t swap_map_update(enum wr_rmw kind, uint64_t operand, unsigned long slot,
                         const struct wr_site* site) {
  return wr_rmw(wr_swap_map(slot), sizeof(uint64_t), kind, operand, 0, WR_ACQUIRE, WR_DATA, nullptr,
                site);
}

// filemap_get_folio() of the swap cache. A count of zero is frozen, and whoever froze it raises it
// again or empties the slot: the kernel tries again and again, here it waits for either.
struct folio* swap_cache_get_folio(unsigned long swap_slot) {
  uint64_t* slot = wr_swap_cache(swap_slot);
  for (;;) {
    const uint64_t pfn = READ_ONCE(*slot);
    if (pfn == 0) return nullptr;
    auto* folio = (struct folio*)pfn_to_page(pfn);
    if (!folio_ref_try_add_rcu(folio, 1)) {
      wr_wait_change(slot, pfn, (const uint64_t*)&folio->page._refcount.counter, 0, WR_HERE);
      continue;
    }
    if (READ_ONCE(*slot) == pfn) return folio;
    folio_put(folio);
  }
}

void add_to_swap_cache(struct page* page, unsigned long slot) {
  folio_get((struct folio*)page);
  SetPageSwapCache(page);
  WRITE_ONCE(*wr_swap_cache(slot), page_to_pfn(page));
}

// Entries that refer to the slot.
uint64_t swap_count(unsigned long slot) { return READ_ONCE(*wr_swap_map(slot)) & ~SWAP_HAS_CACHE; }

enum prepared { PREPARED, NO_ENTRY, HAS_CACHE };

// Takes the slot's place in the swap cache, which is empty.
enum prepared swapcache_prepare(unsigned long slot, uint64_t* seen) {
  for (;;) {
    *seen = READ_ONCE(*wr_swap_map(slot));
    if ((*seen & ~SWAP_HAS_CACHE) == 0) return NO_ENTRY;
    if ((*seen & SWAP_HAS_CACHE) != 0) return HAS_CACHE;
    if (cmpxchg(wr_swap_map(slot), *seen, *seen | SWAP_HAS_CACHE) == *seen) return PREPARED;
  }
}

// The swap cache's page for the slot, with a reference, read from the device if it has to be.
// Null where memory ran out or no entry refers to the slot any more.
struct page* read_swap_cache_async(unsigned long slot) {
  for (;;) {
    struct folio* cached = swap_cache_get_folio(slot);
    if (cached != nullptr) return &cached->page;
    if (swap_count(slot) == 0) return nullptr;
    struct folio* folio = folio_alloc(0);
    if (folio == nullptr) return nullptr;
    uint64_t seen = 0;
    const enum prepared prepared = swapcache_prepare(slot, &seen);
    if (prepared == PREPARED) {
      (void)trylock_page(&folio->page);
      SetPageSwapBacked(&folio->page);
      wr_swap_read(slot, &folio->page);
      add_to_swap_cache(&folio->page, slot);
      SetPageLRU(&folio->page);
      unlock_page(&folio->page);
      return &folio->page;
    }
    folio_put(folio);
    if (prepared == NO_ENTRY) return nullptr;
    // Another CPU has the place and has not put its page there yet.
    wr_wait_change(wr_swap_map(slot), seen, wr_swap_cache(slot), 0, WR_HERE);
  }
}

bool should_try_to_free_swap(struct page* page, bool write) {
  return write && !PageKsm(page) && page_count(page) == 2;
}

bool pte_unchanged(struct mm_struct* mm, pmd_t pmd, unsigned long address, pte_t orig_pte) {
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  spin_lock(ptl);
  const pte_t pte = pte_read_locked(pte_offset_kernel(pmd, address));
  spin_unlock(ptl);
  return pte_val(pte) == pte_val(orig_pte);
}

// REQUIRES: the page is locked and in the swap cache for this entry, the table's lock is held, and
// the entry is as it was. The reference goes over to the mapping.
void map_swap_page(struct vm_area_struct* vma, unsigned long address, pte_t* ptep, pte_t orig_pte,
                   struct page* page, bool write) {
  const unsigned long slot = pte_swp_slot(orig_pte);
  swap_free(slot);
  if (should_try_to_free_swap(page, write)) (void)try_to_free_swap(page);
  pte_t pte = pfn_pte(page_to_pfn(page));
  const bool exclusive = !PageKsm(page) && (pte_swp_exclusive(orig_pte) || page_count(page) == 1);
  if (exclusive && write) pte = pte_mkwrite(pte_mkdirty(pte));
  if (!PageAnon(page)) {
    wr_page_set_mapping(page, PAGE_MAPPING_ANON, linear_page_index(vma, address));
    if (!exclusive) ClearPageAnonExclusive(page);
  } else if (exclusive) {
    SetPageAnonExclusive(page);
  }
  page_add_rmap(page);
  set_pte_at(vma->vm_mm, address, ptep, pte);
}

}  // namespace

bool add_to_swap(struct page* page) {
  for (unsigned long slot = 0; slot < WR_SWAP_SLOTS; ++slot) {
    if (cmpxchg(wr_swap_map(slot), 0ul, SWAP_HAS_CACHE) != 0) continue;
    add_to_swap_cache(page, slot);
    SetPageDirty(page);
    return true;
  }
  return false;
}

void swap_duplicate(unsigned long slot) { (void)swap_map_update(WR_ADD, 1, slot, WR_HERE); }
void swap_free(unsigned long slot) { (void)swap_map_update(WR_SUB, 1, slot, WR_HERE); }

void __delete_from_swap_cache(struct page* page) {
  const unsigned long slot = wr_page_swap_slot(page);
  ClearPageSwapCache(page);
  WRITE_ONCE(*wr_swap_cache(slot), 0);
  (void)swap_map_update(WR_AND, ~SWAP_HAS_CACHE, slot, WR_HERE);
}

bool try_to_free_swap(struct page* page) {
  if (!PageSwapCache(page)) return false;
  if (swap_count(wr_page_swap_slot(page)) != 0) return false;
  __delete_from_swap_cache(page);
  folio_put((struct folio*)page);
  SetPageDirty(page);
  return true;
}

void free_swap_and_cache(unsigned long slot) {
  const uint64_t before = swap_map_update(WR_SUB, 1, slot, WR_HERE);
  if (before != (SWAP_HAS_CACHE | 1)) return;
  struct folio* folio = swap_cache_get_folio(slot);
  if (folio == nullptr) return;
  struct page* page = &folio->page;
  if (trylock_page(page)) {
    if (page_mapcount(page) == 0) (void)try_to_free_swap(page);
    unlock_page(page);
  }
  folio_put(folio);
}

void free_swap_cache(struct page* page) {
  if (wr_reclaim_begun() && PageSwapCache(page) && page_mapcount(page) == 0 && trylock_page(page)) {
    (void)try_to_free_swap(page);
    unlock_page(page);
  }
}

void free_page_and_swap_cache(struct page* page) {
  struct folio* folio = wr_folio_of_held(page);
  free_swap_cache(page);
  folio_put(folio);
}

enum vm_fault do_swap_page(struct vm_area_struct* vma, pmd_t pmd, unsigned long address,
                           pte_t orig_pte, bool write) {
  struct mm_struct* mm = vma->vm_mm;
  if (is_migration_pte(orig_pte)) {
    migration_entry_wait(mm, pmd, address);
    return VM_FAULT_DONE;
  }
  struct page* page = read_swap_cache_async(pte_swp_slot(orig_pte));
  if (page == nullptr) {
    return pte_unchanged(mm, pmd, address, orig_pte) ? VM_FAULT_OOM : VM_FAULT_DONE;
  }
  lock_page(page);
  bool mapped = false;
  // The swap cache may have let go of it before it was locked.
  if (PageSwapCache(page) && wr_page_swap_slot(page) == pte_swp_slot(orig_pte)) {
    pte_t* ptep = pte_offset_kernel(pmd, address);
    spinlock_t* ptl = pte_lockptr(mm, pmd);
    spin_lock(ptl);
    mapped = pte_val(pte_read_locked(ptep)) == pte_val(orig_pte);
    if (mapped) map_swap_page(vma, address, ptep, orig_pte, page, write);
    spin_unlock(ptl);
  }
  unlock_page(page);
  if (!mapped) folio_put((struct folio*)page);
  return VM_FAULT_DONE;
}
