// Page tables of a file's memory are taken away, so that it is mapped by huge pmds from then on:
// what collapse ends with. Mirrors retract_page_tables(), collapse_pte_mapped_thp(),
// collapse_and_free_pmd(), set_huge_pmd(), mm/khugepaged.c, v6.1. Leaves out: private mappings with
// an anon_vma, userfaultfd, the list of what khugepaged comes back for
// (khugepaged_add_pte_mapped_thp(): it comes back when it is called again).
// Deviation: the operation `retract` is the end of a collapse without its beginning: the page cache
// keeps its small pages, and the table goes with the pages that it maps, as in
// collapse_pte_mapped_thp(), in each mm, as in retract_page_tables(), which always took
// i_mmap_rwsem; collapse_pte_mapped_thp() did not before 8d3c106e19e8. Since no lock of a huge page
// keeps them, they are let go after the flush.
#include "paths/retract.h"

#include "kernel/mm.h"
#include "kernel/page_ref.h"
#include "kernel/tlb.h"
#include "paths/cuts.h"
#include "paths/filemap.h"
#include "paths/secondary_mmu.h"

namespace {

// Lets go of the pages of a table that nobody reaches any more.
void drop_pages(struct mm_struct* mm, pmd_t pmd, unsigned long addr) {
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  pte_t* pte = pte_offset_kernel(pmd, addr);
  spin_lock(ptl);
  for (unsigned long i = 0; i < PTRS_PER_PTE; ++i) {
    const pte_t pteval = pte_read_locked(pte + i);
    if (pte_none(pteval)) continue;
    struct page* page = pfn_to_page(pte_pfn(pteval));
    page_remove_rmap(page);
    folio_put(wr_folio_of_held(page));
  }
  spin_unlock(ptl);
}

}  // namespace

void collapse_and_free_pmd(struct vm_area_struct* vma, unsigned long addr, pmd_t* pmdp,
                           bool with_pages) {
  struct mm_struct* mm = vma->vm_mm;
  // ORDER(X tell-then-clear): secondary MMUs are told before the entries are gone and after the
  // flush; pairs with direct_page_fault(). Without it one goes on using a page that reclaim,
  // which finds no mapping any more, frees.
  const bool notifies = !is_cut("retract-notifier");
  if (notifies) mmu_notifier_invalidate_range_start(mm, addr, addr + HPAGE_PMD_SIZE);
  spinlock_t* ptl = pmd_lockptr(mm);
  spin_lock(ptl);
  const pmd_t pmd = wr_pmdp_collapse_flush(vma, addr, pmdp, true);
  spin_unlock(ptl);
  // ORDER(C unlink-then-sync): as in collapse_huge_page(); here the table is freed at once.
  if (!is_cut("retract-table-sync")) tlb_remove_table_sync_one();
  if (notifies) mmu_notifier_invalidate_range_end(mm, addr, addr + HPAGE_PMD_SIZE);
  if (with_pages) drop_pages(mm, pmd, addr);
  pte_free(mm, pmd_pgtable(pmd));
}

pmd_t find_pte_table(struct mm_struct* mm, unsigned long address, pmd_t** pmdp) {
  *pmdp = mm_find_pmd(mm, address);
  if (*pmdp == nullptr) return __pmd(0);
  const pmd_t pmd = pmdp_get(*pmdp);
  return pmd_present(pmd) && !pmd_leaf(pmd) ? pmd : __pmd(0);
}

enum scan_result find_pmd_of_file(struct mm_struct* mm, unsigned long address, pmd_t** pmdp) {
  *pmdp = mm_find_pmd(mm, address);
  if (*pmdp == nullptr) return SCAN_PMD_NULL;
  const pmd_t pmd = pmdp_get(*pmdp);
  if (pmd_none(pmd)) return SCAN_PMD_NONE;
  if (!pmd_present(pmd)) return SCAN_PMD_NULL;
  return pmd_trans_huge(pmd) ? SCAN_PMD_MAPPED : SCAN_SUCCEED;
}

namespace {

// REQUIRES: the huge page is locked, mmap_lock is held for writing.
enum scan_result set_huge_pmd(struct vm_area_struct* vma, unsigned long addr, pmd_t* pmdp,
                              struct folio* hpage) {
  pgtable_t prealloc_pte = nullptr;
  const bool set = do_set_pmd(vma, pmdp, addr, hpage, &prealloc_pte);
  if (prealloc_pte != nullptr) pte_free(vma->vm_mm, prealloc_pte);
  if (!set) return SCAN_FAIL;
  folio_get(hpage);
  return SCAN_SUCCEED;
}

}  // namespace

enum scan_result retract_page_tables(struct address_space* mapping, unsigned long pgoff,
                                     struct mm_struct* target_mm, unsigned long target_addr,
                                     struct folio* hpage, const struct collapse_control* cc) {
  // ORDER(V retract-under-rmap-lock): see retract_tables_with_pages().
  const bool locks_rmap = !is_cut("retract-i-mmap-lock");
  const bool locks_mm = !is_cut("retract-mmap-lock");
  enum scan_result target_result = SCAN_FAIL;
  if (locks_rmap) i_mmap_lock_write(mapping);
  for (struct vm_area_struct* vma = wr_next_rmap(mapping, pgoff, nullptr); vma != nullptr;
       vma = wr_next_rmap(mapping, pgoff, vma)) {
    struct mm_struct* mm = vma->vm_mm;
    const unsigned long addr = vma_address(vma, pgoff);
    if ((addr & ~HPAGE_PMD_MASK) != 0) continue;
    const bool is_target = mm == target_mm && addr == target_addr;
    pmd_t* pmdp = nullptr;
    enum scan_result result = find_pmd_of_file(mm, addr, &pmdp);
    if (result == SCAN_SUCCEED) {
      result = SCAN_PTE_MAPPED_HUGEPAGE;
      // By trial: the fault path takes the page's lock under mmap_lock.
      if ((cc->is_khugepaged || is_target) && (!locks_mm || mmap_write_trylock(mm))) {
        // Nothing is mapped in the table: the huge page is locked, and its predecessors are gone.
        collapse_and_free_pmd(vma, addr, pmdp, false);
        result = SCAN_SUCCEED;
        if (!cc->is_khugepaged && is_target) result = set_huge_pmd(vma, addr, pmdp, hpage);
        if (locks_mm) mmap_write_unlock(mm);
      }
    }
    if (is_target) target_result = result;
  }
  if (locks_rmap) i_mmap_unlock_write(mapping);
  return target_result;
}

namespace {

// Whether the table maps nothing but pages of this huge page, each at its place. `count`: how many.
enum scan_result check_ptes(pte_t* pte, struct folio* hpage, int* count) {
  for (unsigned long i = 0; i < HPAGE_PMD_NR; ++i) {
    const pte_t pteval = pte_read_locked(pte + i);
    if (pte_none(pteval)) continue;
    if (!pte_present(pteval)) return SCAN_PTE_NON_PRESENT;
    if (pte_pfn(pteval) != folio_pfn(hpage) + i) return SCAN_FAIL;
    ++*count;
  }
  return SCAN_SUCCEED;
}

void remove_rmap_of_ptes(pte_t* pte, struct folio* hpage) {
  for (unsigned long i = 0; i < HPAGE_PMD_NR; ++i) {
    if (!pte_none(pte_read_locked(pte + i))) page_remove_rmap(folio_page(hpage, i));
  }
}

// Steps 1 to 4. REQUIRES: mmap_lock is held for writing, the huge page is locked.
enum scan_result take_table(struct vm_area_struct* vma, unsigned long haddr, pmd_t* pmdp,
                            struct folio* hpage) {
  struct mm_struct* mm = vma->vm_mm;
  // ORDER(V retract-under-rmap-lock): what 8d3c106e19e8 brought here.
  const bool locks_rmap = !is_cut("retract-i-mmap-lock");
  int count = 0;
  if (locks_rmap) i_mmap_lock_write(vma->vm_file);
  const pmd_t pmd = pmdp_get(pmdp);
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  pte_t* pte = pte_offset_kernel(pmd, haddr);
  spin_lock(ptl);
  const enum scan_result result = check_ptes(pte, hpage, &count);
  if (result == SCAN_SUCCEED) remove_rmap_of_ptes(pte, hpage);
  spin_unlock(ptl);
  if (result == SCAN_SUCCEED) {
    // The page cache's references are left: the page stays, though the entries are there still.
    if (count != 0) folio_put_refs(hpage, count);
    collapse_and_free_pmd(vma, haddr, pmdp, false);
  }
  if (locks_rmap) i_mmap_unlock_write(vma->vm_file);
  return result;
}

// The huge page that the page cache has there, locked and with a reference, or null.
struct folio* find_lock_hpage(struct address_space* mapping, unsigned long index) {
  struct folio* hpage = filemap_lock_folio(mapping, index);
  if (hpage == nullptr || folio_test_large(hpage)) return hpage;
  unlock_page(&hpage->page);
  folio_put(hpage);
  return nullptr;
}

}  // namespace

enum scan_result collapse_pte_mapped_thp(struct mm_struct* mm, unsigned long addr,
                                         bool install_pmd) {
  struct vm_area_struct* vma = find_vma(mm, addr);
  pmd_t* pmdp = nullptr;
  enum scan_result result = find_pmd_of_file(mm, addr, &pmdp);
  if (result == SCAN_PMD_MAPPED) return result;
  if (vma->vm_file != wr_file()) return SCAN_VMA_CHECK;
  struct folio* hpage = find_lock_hpage(vma->vm_file, linear_page_index(vma, addr));
  if (hpage == nullptr) return SCAN_PAGE_NULL;
  if (result == SCAN_SUCCEED) result = take_table(vma, addr, pmdp, hpage);
  if (result == SCAN_SUCCEED || result == SCAN_PMD_NONE) {
    result = install_pmd ? set_huge_pmd(vma, addr, pmdp, hpage) : SCAN_SUCCEED;
  }
  unlock_page(&hpage->page);
  folio_put(hpage);
  return result;
}

namespace {

// Whether the table holds nothing but pages.
bool may_take_table(struct mm_struct* mm, pmd_t pmd, unsigned long addr) {
  bool may = true;
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  pte_t* pte = pte_offset_kernel(pmd, addr);
  spin_lock(ptl);
  for (unsigned long i = 0; i < PTRS_PER_PTE && may; ++i)
    may = !is_swap_pte(pte_read_locked(pte + i));
  spin_unlock(ptl);
  return may;
}

void retract_tables_with_pages(struct address_space* mapping, unsigned long index) {
  // ORDER(V retract-under-rmap-lock): the table is taken away under each lock that a walk may hold
  // alone; pairs with try_to_unmap_one(), and with ORDER(I) of mremap. Without it such a walk reads
  // a freed table.
  const bool locks_rmap = !is_cut("retract-i-mmap-lock");
  const bool locks_mm = !is_cut("retract-mmap-lock");
  if (locks_rmap) i_mmap_lock_write(mapping);
  for (struct vm_area_struct* vma = wr_next_rmap(mapping, index, nullptr); vma != nullptr;
       vma = wr_next_rmap(mapping, index, vma)) {
    struct mm_struct* mm = vma->vm_mm;
    const unsigned long addr = vma_address(vma, index);
    if ((addr & ~HPAGE_PMD_MASK) != 0) continue;
    if (locks_mm && !mmap_write_trylock(mm)) continue;
    pmd_t* pmdp = nullptr;
    const pmd_t pmd = find_pte_table(mm, addr, &pmdp);
    if (!pmd_none(pmd) && may_take_table(mm, pmd, addr)) {
      collapse_and_free_pmd(vma, addr, pmdp, true);
    }
    if (locks_mm) mmap_write_unlock(mm);
  }
  if (locks_rmap) i_mmap_unlock_write(mapping);
}

}  // namespace

// What collapse of file memory (MADV_COLLAPSE, khugepaged) does to the page tables of a region.
void retract_region(struct mm_struct* mm, unsigned long start, unsigned long /*end*/,
                    unsigned /*flags*/) {
  // The page of the file that the area has there at the start.
  const unsigned long index = (start - wr_next_vma(mm, nullptr)->vm_start) >> PAGE_SHIFT;
  retract_tables_with_pages(wr_file(), index);
}
