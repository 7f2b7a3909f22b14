// The swap cache, for the paths that meet its pages and its entries (mm/swap_state.c,
// mm/swapfile.c, mm/memory.c, v6.1).
#ifndef WALKRACE_PATHS_SWAP_H_
#define WALKRACE_PATHS_SWAP_H_

#include "kernel/swap.h"
#include "paths/paths.h"

// Gives the page a slot and puts it into the swap cache, dirty. Returns false when swap is full.
// REQUIRES: the page is locked.
bool add_to_swap(struct page* page);

// One entry more, or one less, that refers to the slot.
void swap_duplicate(unsigned long slot);
void swap_free(unsigned long slot);

// Takes the page out of the swap cache if no entry refers to its slot any more.
// REQUIRES: the page is locked.
bool try_to_free_swap(struct page* page);
// The same for a page whose count is frozen, or of which the caller holds a reference beside the
// swap cache's: the caller accounts for that.
void __delete_from_swap_cache(struct page* page);

// An entry goes away without having been read: the zap's side.
void free_swap_and_cache(unsigned long slot);
// A mapping of the page has gone.
void free_swap_cache(struct page* page);
// The same, and drops the reference that it held.
void free_page_and_swap_cache(struct page* page);

// A fault on an entry that is neither present nor none.
// REQUIRES: mmap_lock is held for reading.
enum vm_fault do_swap_page(struct vm_area_struct* vma, pmd_t pmd, unsigned long address,
                           pte_t orig_pte, bool write);

// Flushes what a reclaim has unmapped and not flushed yet. REQUIRES: the table's lock is held.
void flush_tlb_batched_pending(struct mm_struct* mm);

#endif  // WALKRACE_PATHS_SWAP_H_
