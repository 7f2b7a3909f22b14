// mm/madvise.c of the tree, and how walkrace calls it.
#include WR_TREE_FILE

#include "../memory.h"

// REQUIRES: mmap_lock is held for reading; the range is one vma's.
void wr_dontneed(unsigned mm, unsigned long start, unsigned long end) {
  (void)madvise_dontneed_single_vma(find_vma(wr_mm_of(mm), start), start, end);
}
