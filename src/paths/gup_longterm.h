// Which pages a long-term pin for writing may have. Mirrors folio_fast_pin_allowed() and
// writable_file_mapping_allowed(), mm/gup.c, v6.5 (a6e79df92e4a, 8ac268436e6d). Leaves out: what
// FOLL_LONGTERM asks of a page's place (CMA, ZONE_MOVABLE). Deviations: page->mapping is a number
// that says the kind of the file; of hugetlb it is shmem's, which is allowed as well.
#ifndef WALKRACE_PATHS_GUP_LONGTERM_H_
#define WALKRACE_PATHS_GUP_LONGTERM_H_

#include "kernel/mm.h"
#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "paths/cuts.h"

static inline bool is_longterm_write(unsigned flags) {
  const unsigned all = FOLL_PIN | FOLL_LONGTERM | FOLL_WRITE;
  return (flags & all) == all;
}

// The slow walk has the vma.
static inline bool writable_file_mapping_allowed(const struct vm_area_struct* vma, unsigned flags) {
  return !is_longterm_write(flags) || !vma_needs_dirty_tracking(vma);
}

// Whatever is not known to be well is left to the slow walk.
// REQUIRES: a reference on the folio is held, and its entry was found unchanged after it was taken.
static inline bool folio_fast_pin_allowed(struct folio* folio, unsigned flags) {
  if (!is_longterm_write(flags) || is_cut("fast-pin-allowed")) return true;
  unsigned long mapping = READ_ONCE(folio->page.mapping);
  if (mapping == 0) return false;  // truncated meanwhile
  // ORDER(H test-and-use-one-load): the mapping that was tested is the one that is looked into;
  // pairs with page_cache_delete(). Loaded again it may be null by now. (That it is not freed while
  // it is looked into, RCU and the walk's interrupts see to.)
  wr_note(WR_NOTE_MAPPING_TESTED, &folio->page.mapping, mapping, 0, WR_HERE);
  if (is_cut("mapping-read-once")) mapping = READ_ONCE(folio->page.mapping);
  if ((mapping & PAGE_MAPPING_ANON) != 0) return true;
  return mapping == WR_FILE_MAPPING || mapping == WR_HUGETLB_MAPPING;  // shmem_mapping(), hugetlb
}

#endif  // WALKRACE_PATHS_GUP_LONGTERM_H_
