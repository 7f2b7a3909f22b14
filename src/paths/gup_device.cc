// The lockless walk at a huge leaf of a device's memory. Mirrors __gup_device_huge(),
// __gup_device_huge_pmd() and undo_dev_pagemap(), mm/gup.c, v6.1. Leaves out: the device's own
// reference (dev_pagemap: no device goes away here), PCI peer-to-peer memory, SetPageReferenced.
#include "paths/cuts.h"
#include "paths/gup_walk.h"
#include "paths/paths.h"

namespace {

void undo_dev_pagemap(struct gup_walk* walk, int nr_start) {
  while (walk->nr > nr_start) {
    struct page* page = walk->pages[--walk->nr];
    gup_put_folio(page_folio(page), 1, walk->flags);
  }
}

// Page by page: they are no folio together.
bool __gup_device_huge(unsigned long pfn, unsigned long addr, unsigned long end,
                       struct gup_walk* walk) {
  const int nr_start = walk->nr;
  for (; addr != end; addr += PAGE_SIZE, ++pfn) {
    struct page* page = pfn_to_page(pfn);
    if (try_grab_folio(page, 1, walk->flags) == nullptr) {
      undo_dev_pagemap(walk, nr_start);
      return false;
    }
    walk->pages[walk->nr++] = page;
  }
  return true;
}

}  // namespace

// ORDER(BD device-pin-then-recheck): references, then re-read the leaf; pairs with
// dax_layout_busy_page()'s clear, flush, then count. Without it truncation gives a page that a
// walker holds to another file.
int __gup_device_huge_pmd(pmd_t orig, pmd_t* pmdp, unsigned long addr, unsigned long end,
                          struct gup_walk* walk) {
  const int nr_start = walk->nr;
  if (!__gup_device_huge(pmd_pfn(orig) + pte_index(addr), addr, end, walk)) return 0;
  if (!is_cut("device-recheck") && pmd_changed(orig, pmdp_get_lockless(pmdp))) {
    undo_dev_pagemap(walk, nr_start);
    return 0;
  }
  for (int i = nr_start; i < walk->nr; ++i, addr += PAGE_SIZE) note_kept(walk->pages[i], addr);
  return 1;
}
