// mm/khugepaged.c of the tree, and how walkrace calls it: as MADV_COLLAPSE and khugepaged do once a
// first scan has found the region worth it.
#include WR_TREE_FILE

#include "../memory.h"

int wr_collapse(unsigned mm_number, unsigned long address) {
  struct mm_struct* mm = wr_mm_of(mm_number);
  struct collapse_control cc = {.is_khugepaged = false};
  mmap_read_lock(mm);
  return collapse_huge_page(mm, address, 0, 0, &cc) == SCAN_SUCCEED;
}
