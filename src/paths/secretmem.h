// Memory of memfd_secret, which no GUP call may have. Mirrors folio_is_secretmem(),
// include/linux/secretmem.h, v6.9 (65291dcfcf89), and the end of secretmem_fault(), mm/secretmem.c,
// v6.1. Deviations: a run without such a region is a kernel without CONFIG_SECRETMEM, and asks
// nothing; the folio batch is one folio, which its fault drains as soon as it has mapped it.
#ifndef WALKRACE_PATHS_SECRETMEM_H_
#define WALKRACE_PATHS_SECRETMEM_H_

#include "kernel/mm.h"
#include "kernel/page_ref.h"
#include "paths/cuts.h"

// ORDER(BB test-what-stays): the test is about what a mapped folio is from the start on; pairs with
// secretmem_fault(), which maps the page and puts it on the LRU list some time later. With a test
// of PG_lru first, which the folio batch and every isolation leave clear for a while, a page that
// has just been mapped passes for an ordinary one. REQUIRES: a reference on the folio is held.
static inline bool folio_is_secretmem(struct folio* folio) {
  if (!wr_has_secretmem() || folio_test_large(folio)) return false;
  if (is_cut("secretmem-lru") && (READ_ONCE(folio->page.flags) & 1ul << PG_lru) == 0) return false;
  return READ_ONCE(folio->page.mapping) == WR_SECRETMEM_MAPPING;
}

// lru_add_drain() of a batch that holds this page, if no one else has drained it.
static inline void lru_add_drain(struct page* page) {
  if ((READ_ONCE(page->flags) & 1ul << PG_lru) == 0) SetPageLRU(page);
}

#endif  // WALKRACE_PATHS_SECRETMEM_H_
