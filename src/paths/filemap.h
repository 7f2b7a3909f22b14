// The page cache of the one file (mm/filemap.c, mm/shmem.c, v6.1). Deviation: the xarray is an
// array of slots, and
// what was written out is one word a page; a lookup takes its reference under no lock, as
// filemap_get_entry() does.
#ifndef WALKRACE_PATHS_FILEMAP_H_
#define WALKRACE_PATHS_FILEMAP_H_

#include "kernel/page_ref.h"

// Returns the folio at `index` with a reference for the caller, or null: none is cached.
struct folio* filemap_get_folio(struct address_space* mapping, unsigned long index);

// Returns the folio at `index` with a reference for the caller, a new zeroed one if there was
// none, or null: out of memory.
struct folio* filemap_get_or_add(struct address_space* mapping, unsigned long index);

// The same, or null where none is cached, locked: FGP_LOCK.
struct folio* filemap_lock_folio(struct address_space* mapping, unsigned long index);

// Whether anybody maps any of its pages: total_mapcount.
static inline bool folio_mapped(struct folio* folio) {
  for (unsigned long i = 0; i < folio_nr_pages(folio); ++i) {
    if (page_mapcount(folio_page(folio, i)) != 0) return true;
  }
  return false;
}

// The page of the folio at this index of the file.
static inline struct page* folio_file_page(struct folio* folio, unsigned long index) {
  return folio_test_large(folio) ? folio_page(folio, index % HPAGE_PMD_NR) : &folio->page;
}

#endif  // WALKRACE_PATHS_FILEMAP_H_
