// mm/madvise.c of the tree, and how walkrace calls it.
#include WR_TREE_FILE

#include "../memory.h"

void wr_dontneed(unsigned mm_number, unsigned long start, unsigned long end) {
  struct mm_struct* mm = wr_mm_of(mm_number);
  mmap_read_lock(mm);
  for (unsigned i = 0; i < WR_VMAS; ++i) {
    struct vm_area_struct* vma = &wr_memory.vmas[mm_number][i];
    const unsigned long first = max(start, vma->vm_start);
    const unsigned long last = min(end, vma->vm_end);
    if (first < last) (void)madvise_dontneed_single_vma(vma, first, last);
  }
  mmap_read_unlock(mm);
}
