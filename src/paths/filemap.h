// The page cache of the one file (mm/filemap.c, mm/shmem.c, v6.1). Deviation: the xarray is an
// array of slots; a lookup takes its reference under no lock, as filemap_get_entry() does.
#ifndef WALKRACE_PATHS_FILEMAP_H_
#define WALKRACE_PATHS_FILEMAP_H_

#include "kernel/mm_types.h"

// Returns the folio at `index` with a reference for the caller, a new zeroed one if there was
// none, or null: out of memory.
struct folio* filemap_get_or_add(struct address_space* mapping, unsigned long index);

// Returns the folio that a cache's slot (of the page cache or the swap cache) has, with a
// reference, or null where the slot is empty.
struct folio* filemap_get_entry(unsigned long* slot);

#endif  // WALKRACE_PATHS_FILEMAP_H_
