// What the splits of a huge pmd and of a folio share (mm/huge_memory.c, mm/rmap.c, v6.1).
#ifndef WALKRACE_PATHS_SPLIT_H_
#define WALKRACE_PATHS_SPLIT_H_

#include "kernel/mm_types.h"

// --- split_pmd.cc --------------------------------------------------------------------------------

// As __split_huge_pmd(), of this folio only, and by migration entries: its pages are unmapped, and
// nobody can map or pin them until the entries are taken away. Where it may be pinned, by ptes.
void split_huge_pmd_freeze(struct vm_area_struct* vma, pmd_t* pmd, unsigned long address,
                           const struct folio* folio);
// The same by ptes: split_huge_pmd_address() of what this folio is mapped by. REQUIRES: the folio
// is locked.
void split_huge_pmd_of(struct vm_area_struct* vma, pmd_t* pmd, unsigned long address,
                       const struct folio* folio);

// Whether the exclusive page of a large folio may become shared. REQUIRES: its entry is clear and
// flushed. Returns false where the folio may be pinned, else the page is not exclusive any more.
bool split_try_share_anon_rmap(struct page* page, struct folio* folio);

// --- split_folio.cc ------------------------------------------------------------------------------

// Splits a file's large folio; its base pages take its place in the page cache. Returns false where
// anybody but the page cache and the caller, once, has a reference.
// REQUIRES: it is locked, and the file's; the caller has a reference, which is the head's then.
bool split_huge_file_page(struct address_space* mapping, struct folio* folio);

// Returns whether it was split: the pages behind the head are folios of their own, and nobody has a
// reference but their mappings. REQUIRES: the folio is locked, and the caller has a reference.
bool split_huge_page(struct folio* folio);

// Waits until a split has taken its migration entries away.
void split_entry_wait(void);

#endif  // WALKRACE_PATHS_SPLIT_H_
