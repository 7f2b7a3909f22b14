// What the paths that start from a page share: the walk of its mappings, and what stands in an
// entry meanwhile (mm/rmap.c, mm/page_vma_mapped.c, mm/migrate.c, mm/vmscan.c, mm/swapfile.c,
// v6.1).
#ifndef WALKRACE_PATHS_RMAP_H_
#define WALKRACE_PATHS_RMAP_H_

#include "kernel/mm.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "paths/paths.h"

// --- rmap.cc -------------------------------------------------------------------------------------

// Where a folio is mapped in one vma, or what a migration entry stands for.
struct page_vma_mapped_walk {
  struct vm_area_struct* vma;
  unsigned long address;    // of the page that was found; at first that of the head
  const struct page* page;  // the head
  bool migration;           // PVMW_SYNC | PVMW_MIGRATION
  pte_t* pte = nullptr;     // null where the pmd is the entry
  spinlock_t* ptl = nullptr;
  pmd_t* pmd = nullptr;
};

// Returns whether there is such an entry, or another one, with the entry's lock held. It is dropped
// when there is none any more, or by page_vma_mapped_walk_done(), which ends the walk early.
bool page_vma_mapped_walk(struct page_vma_mapped_walk* pvmw);
void page_vma_mapped_walk_done(struct page_vma_mapped_walk* pvmw);

// The mappings by ptes of a folio's pages behind the head; of a base page 0, without an event.
int64_t mapcount_of_tails(struct page* page);

// Calls `rmap_one` for every vma that may map the page, until it returns false or, where
// `until_unmapped`, nobody maps the page any more. REQUIRES: the page is locked.
struct rmap_walk_control {
  bool (*rmap_one)(struct page* page, struct vm_area_struct* vma, unsigned long address, void* arg);
  void* arg;
  bool until_unmapped;
};
void rmap_walk(struct page* page, const struct rmap_walk_control* control);

// Notes a look at the counts, or a replacement, for each of these addresses.
void note_for_addresses(unsigned what, const struct page* page, unsigned counts,
                        const struct wr_rmap_addresses* addresses, const struct wr_site* site);

// Whether an exclusive page may become shared. REQUIRES: its entry is clear. Returns false where
// its folio may be pinned, else it is not exclusive any more.
bool page_try_share_anon_rmap(struct page* page, unsigned long address);

// How many pages one call works on: what SWAP_CLUSTER_MAX is to reclaim, and ksmd's pages_to_scan
// to KSM, at the scale of these areas. Runs stay well within their step bound.
#define WR_PAGES_A_CALL 2

// Takes the page off the LRU, with a reference; and back.
bool isolate_lru_page(struct page* page);
void putback_lru_page(struct page* page);

// The first WR_PAGES_A_CALL pages that are mapped in the range, off the LRU and each with a
// reference: base pages, and large anonymous folios by their heads (all, or those alone that
// MADV_FREE gave up; a file's stay). Returns how many. Takes mmap_lock for reading.
enum isolate_large { ISOLATE_NONE, ISOLATE_LAZYFREE, ISOLATE_ALL };
int isolate_pages(struct mm_struct* mm, unsigned long start, unsigned long end, struct page** pages,
                  enum isolate_large large);

// --- vmscan.cc: flushes that are put off --------------------------------------------------------

// current->tlb_ubc: what this task has unmapped and not flushed yet.
#define WR_MMS 2
struct tlbflush_unmap_batch {
  struct mm_struct* mms[WR_MMS];
  bool writable;
};

// Worth it only where other CPUs would have to be flushed.
bool should_defer_flush(const struct mm_struct* mm);
void set_tlb_ubc_flush_pending(struct tlbflush_unmap_batch* batch, struct mm_struct* mm,
                               bool writable);
void try_to_unmap_flush(struct tlbflush_unmap_batch* batch);

// --- rmap_file.cc --------------------------------------------------------------------------------

// Unmaps a file's folio wherever it is mapped. `batch`: where a flush may be put off; null:
// nowhere. REQUIRES: it is locked.
void try_to_unmap(struct address_space* mapping, struct folio* folio,
                  struct tlbflush_unmap_batch* batch);
// The same with TTU_RMAP_LOCKED. REQUIRES: i_mmap_rwsem is held as well.
void try_to_unmap_rmap_locked(struct address_space* mapping, struct folio* folio,
                              struct tlbflush_unmap_batch* batch);

// --- migrate.cc ----------------------------------------------------------------------------------

// Migration entries instead of the page's entries, as far as pins and time allow; and the page, or
// the one that it was moved to, instead of them. REQUIRES: the page is locked.
void try_to_migrate(struct page* page);
void remove_migration_ptes(struct page* old, struct page* page);

// Compares the count, and moves rmap, place in the cache and content over. Returns false when
// anybody but the caller, once, and the cache has a reference.
// REQUIRES: both are locked; the page is isolated and not mapped.
bool move_to_new_folio(struct page* newpage, struct page* page);

// Moves an isolated page, whose reference is the caller's no more afterwards. Returns whether it
// has moved. MIGRATE_ASYNC: not if somebody else has its lock.
enum migrate_mode { MIGRATE_ASYNC, MIGRATE_SYNC };
bool unmap_and_move(struct page* page, enum migrate_mode mode);

void migration_entry_wait(struct mm_struct* mm, pmd_t pmd, unsigned long address);

// --- migrate_pmd.cc ------------------------------------------------------------------------------

// The same for a huge page that a pmd maps: the entry for its pmd (false where it may be pinned:
// the pmd is back), and the pmd for the entry. REQUIRES: the walk has found it.
bool set_pmd_migration_entry(struct page_vma_mapped_walk* pvmw, struct page* page);
void remove_migration_pmd(struct page_vma_mapped_walk* pvmw, struct page* page);

void pmd_migration_entry_wait(struct mm_struct* mm, pmd_t* pmdp);

#endif  // WALKRACE_PATHS_RMAP_H_
