// Reclaim of anonymous pages. Mirrors shrink_folio_list(), pageout(), __remove_mapping()
// (mm/vmscan.c), try_to_unmap_one(), should_defer_flush(), set_tlb_ubc_flush_pending(),
// try_to_unmap_flush() and flush_tlb_batched_pending() (mm/rmap.c), v6.1.
// Leaves out: the page cache's pages, KSM pages, large folios but those that MADV_FREE gave up,
// references found young, writeback that takes time, the wrap of mm->tlb_flush_batched. Deviation:
// what is scanned is not the end of an LRU list but what the range maps; mmap_lock is not held
// afterwards, as in kswapd.
#include "kernel/notes.h"
#include "kernel/tlb.h"
#include "kernel/words.h"
#include "paths/cuts.h"
#include "paths/rmap.h"
#include "paths/secondary_mmu.h"
#include "paths/split.h"
#include "paths/swap.h"

namespace {

uint64_t* tlb_flush_batched(const struct mm_struct* mm) {
  return wr_word(mm->id == 0 ? WR_WORD_MM0_TLB_FLUSH_BATCHED : WR_WORD_MM1_TLB_FLUSH_BATCHED);
}

constexpr uint64_t kPendingMask = 0x7fff;
constexpr int kFlushedShift = 16;

}  // namespace

bool should_defer_flush(const struct mm_struct* mm) {
  return wr_batches_unmap_flush() && (mm_cpumask(mm) & ~(1u << wr_cpu())) != 0;
}

void set_tlb_ubc_flush_pending(struct tlbflush_unmap_batch* batch, struct mm_struct* mm,
                               bool writable) {
  batch->mms[mm->id] = mm;
  batch->writable |= writable;
  (void)wr_rmw(tlb_flush_batched(mm), sizeof(uint64_t), WR_ADD, 1, 0, WR_RELAXED, WR_DATA, nullptr,
               WR_HERE);
}

namespace {

void flush_tlb_mm(struct mm_struct* mm) { wr_flush_tlb_range(mm, 0, 0); }

}  // namespace

// ORDER(G clear-flush-free): what was unmapped is flushed before it is written out or freed.
void try_to_unmap_flush(struct tlbflush_unmap_batch* batch) {
  for (struct mm_struct*& mm : batch->mms) {
    if (mm != nullptr) flush_tlb_mm(mm);
    mm = nullptr;
  }
  batch->writable = false;
}

namespace {

void try_to_unmap_flush_dirty(struct tlbflush_unmap_batch* batch) {
  if (batch->writable) try_to_unmap_flush(batch);
}

// What keeps try_to_unmap_one() from going on, after the entry was cleared: it is put back.
bool restore_pte(struct page_vma_mapped_walk* pvmw, pte_t pteval) {
  set_pte_at(pvmw->vma->vm_mm, pvmw->address, pvmw->pte, pteval);
  wr_note(WR_NOTE_BACKED_OFF, nullptr, pvmw->address, pvmw->address + PAGE_SIZE, WR_HERE);
  return false;
}

// ORDER(AD lazyfree-count-then-dirty): the entry is clear, then the count is looked at, then the
// dirty flag; pairs with GUP's reference, then re-read, and with its user's dirty flag, then put.
// Without the count, what a device writes through a reference is dropped with the page.
bool unmap_lazyfree(struct page_vma_mapped_walk* pvmw, struct page* page, struct page* subpage,
                    pte_t pteval) {
  bool discard = true;
  const uint32_t loads = wr_load_count();
  if (!is_cut("lazyfree-barrier")) smp_mb();
  if (!is_cut("lazyfree-count")) {
    const int64_t ref_count = page_count(page);
    const int64_t map_count = page_mapcount(page) + mapcount_of_tails(page);
    if (!is_cut("lazyfree-read-barrier")) smp_rmb();
    discard = ref_count == 1 + map_count;
  }
  if (discard && !PageDirty_after(page, loads)) {
    const uint64_t what = (uint64_t)WR_COUNTS_ANY << 32 | page_to_pfn(subpage);
    if (!is_cut("lazyfree-count")) {
      wr_note(WR_NOTE_COUNT_CHECK, &subpage->_refcount, pvmw->address, what, WR_HERE);
    }
    wr_note(WR_NOTE_PAGE_REPLACED, &subpage->_refcount, pvmw->address, what, WR_HERE);
    return true;
  }
  SetPageSwapBacked(page);
  return restore_pte(pvmw, pteval);
}

// Whether the exclusive page's pins allow that it is swapped out. What "swap-pin-after-clear"
// leaves of the test is the one in shrink_page(), before the entry is cleared.
bool try_to_share(struct page* page, unsigned long address) {
  const uint64_t what = (uint64_t)WR_COUNTS_PINS << 32 | page_to_pfn(page);
  if (is_cut("swap-pin-after-clear")) {
    // Without PageAnonExclusive, as it was then, there is nothing more to decide.
    wr_note(WR_NOTE_PAGE_REPLACED, &page->_refcount, address, what, WR_HERE);
    ClearPageAnonExclusive(page);
    return true;
  }
  if (!page_try_share_anon_rmap(page, address)) return false;
  wr_note(WR_NOTE_PAGE_REPLACED, &page->_refcount, address, what, WR_HERE);
  return true;
}

bool unmap_to_swap(struct page_vma_mapped_walk* pvmw, struct page* page, pte_t pteval) {
  const unsigned long slot = wr_page_swap_slot(page);
  const bool anon_exclusive = PageAnonExclusive(page);
  swap_duplicate(slot);
  if (anon_exclusive && !try_to_share(page, pvmw->address)) {
    swap_free(slot);
    return restore_pte(pvmw, pteval);
  }
  set_pte_at(pvmw->vma->vm_mm, pvmw->address, pvmw->pte, make_swap_pte(slot, anon_exclusive));
  return true;
}

// TTU_SPLIT_HUGE_PMD.
void split_huge_pmd_address(struct vm_area_struct* vma, unsigned long address,
                            struct folio* folio) {
  if (!folio_test_large(folio)) return;
  pmd_t* pmdp = mm_find_pmd(vma->vm_mm, address);
  if (pmdp != nullptr) split_huge_pmd_of(vma, pmdp, address, folio);
}

bool try_to_unmap_one(struct page* page, struct vm_area_struct* vma, unsigned long start,
                      void* arg) {
  auto* batch = (struct tlbflush_unmap_batch*)arg;
  auto* folio = (struct folio*)page;
  struct mm_struct* mm = vma->vm_mm;
  struct page_vma_mapped_walk pvmw = {vma, start, page, false};
  const unsigned long end = start + (folio_nr_pages(folio) << PAGE_SHIFT);
  bool unmapped = true;
  mmu_notifier_invalidate_range_start(mm, start, end);
  split_huge_pmd_address(vma, start, folio);
  while (unmapped && page_vma_mapped_walk(&pvmw)) {
    const unsigned long address = pvmw.address;
    struct page* subpage = page + ((address - start) >> PAGE_SHIFT);
    wr_note(WR_NOTE_UNMAP_BEGIN, nullptr, address, address + PAGE_SIZE, WR_HERE);
    pte_t pteval;
    if (should_defer_flush(mm)) {
      pteval = ptep_get_and_clear(mm, address, pvmw.pte);
      set_tlb_ubc_flush_pending(batch, mm, pte_dirty(pteval));
    } else {
      pteval = ptep_clear_flush(vma, address, pvmw.pte);
    }
    if (pte_dirty(pteval)) SetPageDirty(page);
    unmapped = PageSwapBacked(page) ? unmap_to_swap(&pvmw, page, pteval)
                                    : unmap_lazyfree(&pvmw, page, subpage, pteval);
    if (unmapped) {
      page_remove_rmap(subpage);
      folio_put(folio);
    } else {
      page_vma_mapped_walk_done(&pvmw);
    }
  }
  mmu_notifier_invalidate_range_end(mm, start, end);
  return unmapped;
}

void try_to_unmap(struct page* page, struct tlbflush_unmap_batch* batch) {
  const struct rmap_walk_control control = {try_to_unmap_one, batch, true};
  rmap_walk(page, &control);
}

// Whether nobody holds the page but the swap cache and this reclaim.
bool is_page_cache_freeable(struct page* page) { return page_count(page) == 2; }

// Writes a dirty page to its slot. Returns whether it is clean and locked now; else the caller
// keeps it, and it is not locked.
bool pageout(struct page* page) {
  if (!is_page_cache_freeable(page)) {
    unlock_page(page);
    return false;
  }
  if (TestClearPageDirty(page)) {
    // swap_writepage()
    const bool unused = try_to_free_swap(page);
    const unsigned long slot = unused ? WR_SWAP_SLOTS : wr_page_swap_slot(page);
    if (!unused) wr_swap_write(slot, page, WR_HERE);
    unlock_page(page);
    if (unused || !trylock_page(page)) return false;
    if (PageDirty(page)) {
      unlock_page(page);
      return false;
    }
  }
  return true;
}

// ORDER(AE freeze-then-dirty): the count is frozen, then the dirty flag is looked at; pairs with a
// reference's user, who makes the page dirty and then drops it. The other way round, what the user
// wrote between the two is dropped with the page.
bool __remove_mapping(struct page* page) {
  if (!page_ref_freeze(page, 2)) return false;
  if (PageDirty(page)) {
    page_ref_unfreeze(page, 2);
    return false;
  }
  __delete_from_swap_cache(page);
  return true;
}

// Pinned pages are not worth trying. Not the test that counts: the entry is still there.
bool may_be_swapped(struct page* page) {
  if (is_cut("swap-pin-test")) return true;
  if (page_maybe_dma_pinned(page)) return false;
  const struct wr_rmap_addresses addresses = wr_rmap_addresses_of(page);
  note_for_addresses(WR_NOTE_COUNT_CHECK, page, WR_COUNTS_PINS, &addresses, WR_HERE);
  return true;
}

// Returns whether the page's count is frozen at zero, for the caller to free it after the flush.
// Else it is as it was found, unlocked. REQUIRES: the page is locked.
bool shrink_page(struct page* page, struct tlbflush_unmap_batch* batch) {
  bool freed = false;
  if (PageAnon(page)) {
    if (PageSwapBacked(page) && !PageSwapCache(page)) {
      if (folio_test_large((struct folio*)page)) goto unlock;  // not lazy any more
      if (!may_be_swapped(page) || !add_to_swap(page)) goto unlock;
    }
    if (page_mapcount(page) + mapcount_of_tails(page) != 0) {
      try_to_unmap(page, batch);
      if (page_mapcount(page) + mapcount_of_tails(page) != 0) goto unlock;
    }
    if (PageDirty(page)) {
      if (!is_cut("pageout-flush")) try_to_unmap_flush_dirty(batch);
      if (!PageSwapCache(page)) goto unlock;
      if (!pageout(page)) return false;
    }
    if (PageSwapCache(page)) {
      freed = __remove_mapping(page);
    } else if (!PageSwapBacked(page)) {
      freed = page_ref_freeze(page, 1);
    }
  }
unlock:
  unlock_page(page);
  return freed;
}

void shrink_page_list(struct page** pages, int nr) {
  struct tlbflush_unmap_batch batch = {{nullptr, nullptr}, false};
  struct page* freed[WR_PAGES_A_CALL];
  struct page* kept[WR_PAGES_A_CALL];
  int nr_freed = 0;
  int nr_kept = 0;
  for (int i = 0; i < nr; ++i) {
    struct page* page = pages[i];
    const bool gone = trylock_page(page) && shrink_page(page, &batch);
    wr_note(WR_NOTE_MUTATOR_END, nullptr, 0, 0, WR_HERE);
    if (gone) {
      freed[nr_freed++] = page;
    } else {
      kept[nr_kept++] = page;
    }
  }
  // Nobody else can begin to reclaim a page before its flush: it is not on the LRU.
  try_to_unmap_flush(&batch);
  for (int i = 0; i < nr_kept; ++i) putback_lru_page(kept[i]);
  for (int i = 0; i < nr_freed; ++i) wr_folio_free((struct folio*)freed[i], WR_HERE);
}

}  // namespace

void flush_tlb_batched_pending(struct mm_struct* mm) {
  if (!wr_batches_unmap_flush() || !wr_reclaim_begun() || is_cut("flush-batched-pending")) return;
  const uint64_t batch = READ_ONCE(*tlb_flush_batched(mm));
  const uint64_t pending = batch & kPendingMask;
  if (pending == batch >> kFlushedShift) return;
  flush_tlb_mm(mm);
  (void)cmpxchg(tlb_flush_batched(mm), batch, pending | pending << kFlushedShift);
}

void reclaim_pages(struct mm_struct* mm, unsigned long start, unsigned long end,
                   unsigned /*flags*/) {
  struct page* pages[WR_PAGES_A_CALL];
  wr_begin_reclaim();
  const int nr = isolate_pages(mm, start, end, pages, ISOLATE_LAZYFREE);
  shrink_page_list(pages, nr);
}
