// The operations that a kernel tree's own code does (kernel/port): called in the place of
// walkrace's own paths while a tree is in use.
#ifndef WALKRACE_PATHS_TREE_PATHS_H_
#define WALKRACE_PATHS_TREE_PATHS_H_

#include "kernel/mm_types.h"
#include "machine/layout.h"

// The layout as far as a tree has it: four levels, and no memory but anonymous and of files.
walkrace::Layout LayoutForTree(const walkrace::Layout& layout);

// internal_get_user_pages_fast() (gup_fast_fallback() from 6.12 on), and the puts.
int tree_get_user_pages_fast(struct mm_struct* mm, unsigned long start, int nr_pages,
                             unsigned gup_flags, struct page** pages);
void tree_put_user_page(struct page* page, unsigned long address, unsigned gup_flags);

// Operations as operations.def has them.
void tree_collapse_region(struct mm_struct* mm, unsigned long start, unsigned long end,
                          unsigned flags);
void tree_madvise_dontneed(struct mm_struct* mm, unsigned long start, unsigned long end,
                           unsigned flags);

#endif  // WALKRACE_PATHS_TREE_PATHS_H_
