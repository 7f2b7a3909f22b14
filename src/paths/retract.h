// Page tables that a file's memory needs no more (mm/khugepaged.c, v6.1).
#ifndef WALKRACE_PATHS_RETRACT_H_
#define WALKRACE_PATHS_RETRACT_H_

#include "kernel/mm_types.h"
#include "kernel/pgtable.h"
#include "paths/paths.h"

// The pmd of an address if it leads to a table; else none.
pmd_t find_pte_table(struct mm_struct* mm, unsigned long address, pmd_t** pmdp);

// What the pmd entry of an address is: SCAN_SUCCEED: it leads to a table.
enum scan_result find_pmd_of_file(struct mm_struct* mm, unsigned long address, pmd_t** pmdp);

// Unlinks the table, waits for whoever may walk it, and frees it. `with_pages`: it still maps
// pages, which are let go after the flush.
// REQUIRES: the locks that keep every walk of this table but the lockless ones out.
void collapse_and_free_pmd(struct vm_area_struct* vma, unsigned long addr, pmd_t* pmdp,
                           bool with_pages);

// Makes way for the huge page, which is locked, in the page tables of whoever maps this place of
// the file: khugepaged in each mm whose mmap_lock is to be had at once, MADV_COLLAPSE in the
// caller's alone, where it maps the page as well. Returns what became of the target.
enum scan_result retract_page_tables(struct address_space* mapping, unsigned long pgoff,
                                     struct mm_struct* target_mm, unsigned long target_addr,
                                     struct folio* hpage, const struct collapse_control* cc);

// The same for a table that maps base pages of the huge page that the page cache has.
// REQUIRES: mmap_lock is held for writing.
enum scan_result collapse_pte_mapped_thp(struct mm_struct* mm, unsigned long addr,
                                         bool install_pmd);

#endif  // WALKRACE_PATHS_RETRACT_H_
