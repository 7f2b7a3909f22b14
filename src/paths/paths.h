// The code under test, at the level of Linux 6.1, in the kernel's vocabulary and under the
// kernel's names: one path a file. Instrumented. Everything shared goes through src/kernel.
#ifndef WALKRACE_PATHS_PATHS_H_
#define WALKRACE_PATHS_PATHS_H_

#include "kernel/mm_types.h"

// --- What operations.def calls: system calls and kernel threads' work on [start, end) -----------
// Each is defined in the file of its path, which leaves alone what the path is not for (a backing,
// say).
#define WR_OPERATION(kind, word, operand, takes, function, summary) \
  void function(struct mm_struct* mm, unsigned long start, unsigned long end, unsigned flags);
#include "paths/operations.def"
#undef WR_OPERATION

// --- gup_fast.cc: mm/gup.c -------------------------------------------------------------------

// Returns the number of pages referenced, from `start` on, in pages[0 .. n-1]; 0 where none could
// be. `gup_flags`: FOLL_GET or FOLL_PIN, and FOLL_WRITE, FOLL_LONGTERM. Falls back to the slow
// path. REQUIRES: interrupts are on; mmap_lock is not held.
int internal_get_user_pages_fast(struct mm_struct* mm, unsigned long start, int nr_pages,
                                 unsigned gup_flags, struct page** pages);

// Puts back one reference that was returned for `address`.
void unpin_user_page(struct page* page, unsigned long address);
void put_user_page(struct page* page, unsigned long address);

// --- gup_common.cc: references, shared by both walks -------------------------------------------

// One reference for the caller. Returns null where the folio was free or changed meanwhile.
struct folio* try_grab_folio(struct page* page, int refs, unsigned flags);
void gup_put_folio(struct folio* folio, int refs, unsigned flags);

// --- gup_slow.cc: mm/gup.c -------------------------------------------------------------------

// The walk under mmap_lock, with faults. Same results as above.
// REQUIRES: mmap_lock is held for reading.
int __get_user_pages(struct mm_struct* mm, unsigned long start, int nr_pages, unsigned gup_flags,
                     struct page** pages);

// What add_page_for_migration() looks up: FOLL_GET on what is mapped, and no fault. Null: nothing.
// REQUIRES: mmap_lock is held for reading; the vma is hugetlb's.
struct page* follow_page(struct vm_area_struct* vma, unsigned long address, unsigned flags);

// --- fault.cc: mm/memory.c -------------------------------------------------------------------

enum vm_fault { VM_FAULT_DONE, VM_FAULT_OOM };

// Makes `address` accessible. REQUIRES: mmap_lock is held for reading.
enum vm_fault handle_mm_fault(struct mm_struct* mm, unsigned long address, bool write);
// The same with FAULT_FLAG_*: UNSHARE makes an anonymous page exclusive without the right to write;
// MISPLACED, walkrace's own, is what mpol_misplaced() says of a page with a NUMA hint.
enum fault_flag { FAULT_FLAG_WRITE = 1, FAULT_FLAG_UNSHARE = 2, FAULT_FLAG_MISPLACED = 4 };
enum vm_fault __handle_mm_fault(struct mm_struct* mm, unsigned long address, unsigned flags);

// Puts an empty table at a pmd that is none. Returns false when there is no table left.
bool pte_alloc(struct mm_struct* mm, pmd_t* pmdp);

// The pmd entry of an address. Null where an upper level is none.
pmd_t* mm_find_pmd(struct mm_struct* mm, unsigned long address);

// --- perf_page_size.cc: kernel/events/core.c -------------------------------------------------

// The size of what maps the address; 0: nothing does.
uint64_t perf_get_page_size(struct mm_struct* mm, unsigned long addr);

// --- file_fault.cc: mm/memory.c ------------------------------------------------------------------

// handle_pte_fault() of an address of a shared file that maps nothing. `pmd`: what the pmd entry
// was; none only in runs that collapse files.
enum vm_fault do_shared_fault(struct vm_area_struct* vma, pmd_t* pmdp, pmd_t pmd,
                              unsigned long address);

// Maps a huge page of a file by its pmd; the caller's reference is the mapping's from then on.
// Returns false where the pmd is not none, or no table is left to deposit. `prealloc_pte`: a table
// that is null from then on if it was needed.
bool do_set_pmd(struct vm_area_struct* vma, pmd_t* pmdp, unsigned long address, struct folio* folio,
                pgtable_t* prealloc_pte);

// --- hugetlb.cc: mm/hugetlb.c ----------------------------------------------------------------

// handle_mm_fault() of a hugetlb vma.
enum vm_fault hugetlb_fault(struct vm_area_struct* vma, unsigned long address, bool write);

// The pmd entry of an address whose pud has no table yet. Null: no table left.
pmd_t* pmd_alloc(struct mm_struct* mm, unsigned long address);

// --- dax.cc: fs/dax.c ------------------------------------------------------------------------

// handle_mm_fault() of a DAX vma.
enum vm_fault dax_iomap_pmd_fault(struct vm_area_struct* vma, unsigned long address, bool write);

// --- collapse.cc: mm/khugepaged.c ------------------------------------------------------------

enum scan_result {
  SCAN_SUCCEED,
  SCAN_PMD_NULL,
  SCAN_PMD_MAPPED,
  SCAN_EXCEED_NONE_PTE,
  SCAN_PTE_NON_PRESENT,
  SCAN_PAGE_RO,
  SCAN_PAGE_COUNT,
  SCAN_PAGE_LOCK,
  SCAN_PAGE_LRU,
  SCAN_ALLOC_HUGE_PAGE_FAIL,
  SCAN_VMA_CHECK,
  SCAN_FAIL,
  SCAN_PMD_NONE,
  SCAN_PTE_MAPPED_HUGEPAGE,
  SCAN_DEL_PAGE_LRU,
  SCAN_TRUNCATED,
  SCAN_PAGE_NULL,
};

// Replaces the base pages of the region at `address` by one huge page.
// REQUIRES: mmap_lock is not held.
enum scan_result collapse_huge_page(struct vm_area_struct* vma, unsigned long address);

// --- collapse_file.cc: mm/khugepaged.c -----------------------------------------------------------

struct collapse_control {
  bool is_khugepaged;  // else MADV_COLLAPSE
};

// Replaces what the page cache has in the region at `address` by one huge page, and makes way for
// it in page tables. REQUIRES: mmap_lock is not held.
enum scan_result hpage_collapse_scan_file(struct mm_struct* mm, unsigned long address,
                                          const struct collapse_control* cc);

// --- zap.cc: mm/madvise.c, mm/memory.c, mm/huge_memory.c -------------------------------------

// MADV_DONTNEED on [start, end) of one vma. REQUIRES: mmap_lock is held for reading.
void madvise_dontneed_single_vma(struct vm_area_struct* vma, unsigned long start,
                                 unsigned long end);

// --- split_pmd.cc: mm/huge_memory.c --------------------------------------------------------------

// Maps the pages of the huge page at `address`, if there is one, by ptes.
void __split_huge_pmd(struct vm_area_struct* vma, pmd_t* pmd, unsigned long address);

// --- user.cc: loads and stores of a program, with their faults -------------------------------

// Returns false when memory ran out.
bool user_read(struct mm_struct* mm, unsigned long address, uint64_t* value);
bool user_write(struct mm_struct* mm, unsigned long address, uint64_t value);

#endif  // WALKRACE_PATHS_PATHS_H_
