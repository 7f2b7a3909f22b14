// What the parts of the lockless walk share (mm/gup.c, v6.1).
#ifndef WALKRACE_PATHS_GUP_WALK_H_
#define WALKRACE_PATHS_GUP_WALK_H_

#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"

struct gup_walk {
  unsigned flags;
  struct page** pages;
  int nr;
};

// Tells the oracle checked-what-was-used that every test of this entry was made on this value.
static inline void note_checked(const void* entry, unsigned long addr, unsigned long value) {
  wr_note(WR_NOTE_ENTRY_CHECKED, entry, addr, value, WR_HERE);
}

static inline void note_kept(struct page* page, unsigned long addr) {
  wr_note(WR_NOTE_PAGE_KEPT, &page->_refcount, addr, page_to_pfn(page), WR_HERE);
}

// The walk's last word on a page: all re-reads are behind it.
static inline void keep_page(struct gup_walk* walk, struct page* page, unsigned long addr) {
  note_kept(page, addr);
  walk->pages[walk->nr++] = page;
}

static inline bool pmd_changed(pmd_t pmd, pmd_t reread) { return pmd_val(pmd) != pmd_val(reread); }

// --- gup_device.cc ---------------------------------------------------------------------------

// A huge leaf of a device's memory, whose permissions were tested.
int __gup_device_huge_pmd(pmd_t orig, pmd_t* pmdp, unsigned long addr, unsigned long end,
                          struct gup_walk* walk);

#endif  // WALKRACE_PATHS_GUP_WALK_H_
