// mm/gup.c of the tree, and how walkrace calls it.
#include WR_TREE_FILE

#include "../memory.h"

static unsigned flags_of(unsigned how) {
  return ((how & WR_TREE_GUP_WRITE) != 0 ? FOLL_WRITE : 0) |
         ((how & WR_TREE_GUP_LONGTERM) != 0 ? FOLL_LONGTERM : 0);
}

long wr_gup_fast(unsigned long start, unsigned count, unsigned how, unsigned long* pfns) {
  struct page* pages[2 * PTRS_PER_PTE];
  const long found = (how & WR_TREE_GUP_PIN) != 0
                         ? pin_user_pages_fast(start, count, flags_of(how), pages)
                         : get_user_pages_fast(start, count, flags_of(how), pages);
  for (long i = 0; i < found; ++i) pfns[i] = page_to_pfn(pages[i]);
  return found;
}

void wr_put(unsigned long pfn, unsigned how) {
  struct page* page = pfn_to_page(pfn);
  if ((how & WR_TREE_GUP_PIN) != 0) {
    unpin_user_page(page);
  } else {
    put_page(page);
  }
}
