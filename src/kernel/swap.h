// Swap slots and the swap cache (include/linux/{swap.h,swapops.h}, mm/swap_state.c, v6.1).
// Implemented by src/machine. Deviations: one device of WR_SWAP_SLOTS slots, whose reads and writes
// complete at once; a slot's count and its SWAP_HAS_CACHE are one word that atomic accesses change,
// where the kernel takes the cluster's lock.
#ifndef WALKRACE_KERNEL_SWAP_H_
#define WALKRACE_KERNEL_SWAP_H_

#include "kernel/mm_types.h"
#include "kernel/pgtable.h"

#ifdef __cplusplus
extern "C" {
#endif

// A slot is free when its word is 0: no entry refers to it, and the swap cache has no page for it.
#define SWAP_HAS_CACHE 0x40ul
uint64_t* wr_swap_map(unsigned long slot);
// The swap cache's place for the slot: a pfn or 0. Changes under the lock of that page alone.
uint64_t* wr_swap_cache(unsigned long slot);

// page->private of a page that the swap cache has; WR_SWAP_SLOTS where it has it nowhere. No event.
unsigned long wr_page_swap_slot(const struct page* page);

// The device: a write is one event, the load of the page; a read fills a page that nobody maps.
void wr_swap_write(unsigned long slot, const struct page* page, const struct wr_site* site);
void wr_swap_read(unsigned long slot, struct page* page);

// Whether this run has anything that starts from a page: that moves it, puts it into the swap
// cache, or makes an entry or a page clean. Where it has not, PG_swapcache is clear and entries are
// dirty everywhere, and the paths leave out the tests and the locks that are for such pages: their
// schedules stay short. Set before the first step, for the whole run. No events.
void wr_begin_reclaim(void);
bool wr_reclaim_begun(void);
// The same for walks of the rmap of anonymous memory, which begin with a page too: those above, and
// the split of a large folio. Where there is none, collapse needs no anon_vma lock.
void wr_begin_rmap_walks(void);
bool wr_rmap_walks_begun(void);
// And for collapse of file memory and holes that are punched into it: where there is neither, no
// file has a huge page, and a slot of the page cache is filled by one atomic access, without its
// lock.
void wr_begin_file_collapse(void);
bool wr_file_collapse_begun(void);

#ifdef __cplusplus
}
#endif

static inline unsigned long pte_swp_slot(pte_t pte) { return pte_pfn(pte); }
static inline bool pte_swp_exclusive(pte_t pte) {
  return (pte_val(pte) & _PAGE_SWP_EXCLUSIVE) != 0;
}

#endif  // WALKRACE_KERNEL_SWAP_H_
