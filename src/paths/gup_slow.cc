// The walk under mmap_lock and the table locks. Mirrors __get_user_pages(), follow_page(),
// follow_page_mask(), follow_page_pte(), follow_trans_huge_pmd(), faultin_page(),
// follow_hugetlb_page() and follow_huge_pmd_pte(), mm/gup.c, mm/huge_memory.c and mm/hugetlb.c,
// v6.1, the last two with hugetlb_vma_lock (eefc7fa53608 and 7d049f3a03ea, v6.3) where a page may
// be migrated in the run. Leaves out: devices.
#include "kernel/mm.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "kernel/swap.h"
#include "kernel/tlb.h"
#include "paths/cow.h"
#include "paths/gup_longterm.h"
#include "paths/hugetlb.h"
#include "paths/paths.h"

namespace {

// In *fault_flags: no fault helps: the page has too many references already (-ENOMEM), or there is
// none (-EFAULT).
constexpr unsigned kNoFaultHelps = ~0u;

// Whether a present entry serves as it is. If not, the fault to take is in *fault_flags.
// `page`: of a huge mapping, the head.
bool may_follow(bool writable, bool protnone, struct page* page, unsigned flags,
                unsigned* fault_flags) {
  if (protnone || (!writable && (flags & FOLL_WRITE) != 0)) return false;
  if (writable || is_cut("gup-slow-unshare") || !gup_must_unshare(flags, page, wr_load_count()))
    return true;
  *fault_flags = FAULT_FLAG_UNSHARE;  // -EMLINK
  return false;
}

// REQUIRES: the page is mapped, and the table's lock is held: its count is not zero.
bool try_grab_page(struct page* page, unsigned flags, unsigned* fault_flags) {
  if (try_grab_folio(page, 1, flags) != nullptr) return true;
  *fault_flags = kNoFaultHelps;
  return false;
}

// `seen`: the pmd as it was before its lock was taken.
struct page* follow_trans_huge_pmd(struct mm_struct* mm, pmd_t* pmdp, pmd_t seen,
                                   unsigned long address, unsigned flags, unsigned* fault_flags) {
  struct page* page = nullptr;
  spinlock_t* ptl = pmd_lockptr(mm);
  spin_lock(ptl);
  const pmd_t pmd = pmd_read_locked(pmdp);
  // A page with a hint may be on its way elsewhere: the fault waits for that.
  const bool protnone = pmd_protnone(is_cut("gup-slow-protnone") ? seen : pmd);
  if (pmd_trans_huge(pmd) &&
      may_follow(pmd_write(pmd), protnone, pfn_to_page(pmd_pfn(pmd)), flags, fault_flags)) {
    page = pfn_to_page(pmd_pfn(pmd) + pte_index(address));
    if (!try_grab_page(page, flags, fault_flags)) page = nullptr;
  }
  spin_unlock(ptl);
  return page;
}

struct page* follow_page_pte(struct mm_struct* mm, pmd_t pmd, unsigned long address, unsigned flags,
                             unsigned* fault_flags) {
  struct page* page = nullptr;
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  pte_t* ptep = pte_offset_kernel(pmd, address);
  spin_lock(ptl);
  const pte_t pte = pte_read_locked(ptep);
  if (pte_special(pte)) {  // vm_normal_page(): no page that anybody could hold
    *fault_flags = kNoFaultHelps;
  } else if (pte_present(pte) && may_follow(pte_write(pte), pte_protnone(pte),
                                            pfn_to_page(pte_pfn(pte)), flags, fault_flags)) {
    page = pfn_to_page(pte_pfn(pte));
    if (!try_grab_page(page, flags, fault_flags)) page = nullptr;
  }
  spin_unlock(ptl);
  return page;
}

// pte_offset_map_lock()'s.
spinlock_t* lock_of_table(struct mm_struct* mm, unsigned long address) {
  return pte_lockptr(mm, pmdp_get(mm_find_pmd(mm, address)));
}

// In *entry: what was found. ORDER(AN table-under-vma-lock): as in hugetlb_fault(). `table_lock`:
// not under the entry's own lock.
struct page* follow_huge_pte(struct vm_area_struct* vma, unsigned long address, unsigned flags,
                             bool table_lock, unsigned* fault_flags, pte_t* entry) {
  struct mm_struct* mm = vma->vm_mm;
  struct page* page = nullptr;
  const bool locks = wr_reclaim_begun() && !is_cut("follow-vma-lock");
  if (locks) hugetlb_vma_lock_read(vma);
  pte_t* ptep = huge_pte_offset(mm, address);
  if (ptep != nullptr) {
    spinlock_t* ptl = table_lock ? lock_of_table(mm, address) : huge_pte_lockptr(mm, ptep);
    spin_lock(ptl);
    *entry = ptep_get(ptep);
    if (pte_present(*entry) &&
        may_follow(pte_write(*entry), false, pfn_to_page(pte_pfn(*entry)), flags, fault_flags)) {
      page = pfn_to_page(pte_pfn(*entry) + pte_index(address));
      if (!try_grab_page(page, flags, fault_flags)) page = nullptr;
    }
    spin_unlock(ptl);
  }
  if (locks) hugetlb_vma_unlock_read(vma);
  return page;
}

struct page* follow_page_mask(struct mm_struct* mm, unsigned long address, unsigned flags,
                              unsigned* fault_flags) {
  pmd_t* pmdp = mm_find_pmd(mm, address);
  if (pmdp == nullptr) return nullptr;
  const pmd_t pmd = pmdp_get(pmdp);
  if (!pmd_present(pmd)) return nullptr;
  if (pmd_trans_huge(pmd)) return follow_trans_huge_pmd(mm, pmdp, pmd, address, flags, fault_flags);
  return follow_page_pte(mm, pmd, address, flags, fault_flags);
}

// Returns false for -EFAULT.
bool check_vma_flags(const struct vm_area_struct* vma, unsigned flags) {
  if ((flags & FOLL_LONGTERM) != 0 && vma_is_dax(vma)) return false;
  return !vma_is_secretmem(vma) && writable_file_mapping_allowed(vma, flags);
}

}  // namespace

// ORDER(AM entry-under-its-lock): the entry of a hugetlb page is looked at, and the reference
// taken, under huge_pte_lockptr(); pairs with try_to_migrate_one(), which clears it under the same.
// The lock of the table that an entry of CONT-PTE size stands in is another one: a lookup under
// that takes its reference after migration has looked at the count. (Such a lookup read the entry
// by a plain access, which the cut leaves out: ThreadSanitizer would end each run with it.)
struct page* follow_page(struct vm_area_struct* vma, unsigned long address, unsigned flags) {
  const bool table_lock = is_cut("huge-pte-lock") && wr_hugetlb_size() == WR_HUGETLB_CONT_PTE;
  unsigned fault_flags = 0;
  for (;;) {
    pte_t entry = __pte(0);
    struct page* page = follow_huge_pte(vma, address, flags, table_lock, &fault_flags, &entry);
    if (page != nullptr || !is_migration_pte(entry)) return page;
    wait_on_page_locked(pfn_to_page(pte_pfn(entry)));
  }
}

int __get_user_pages(struct mm_struct* mm, unsigned long start, int nr_pages, unsigned gup_flags,
                     struct page** pages) {
  int nr = 0;
  while (nr < nr_pages) {
    const unsigned long address = start + ((unsigned long)nr << PAGE_SHIFT);
    if (!check_vma_flags(find_vma(mm, address), gup_flags)) break;
    unsigned fault_flags = (gup_flags & FOLL_WRITE) != 0 ? FAULT_FLAG_WRITE : 0;
    struct vm_area_struct* vma = find_vma(mm, address);
    pte_t entry = __pte(0);
    pages[nr] = is_vm_hugetlb_page(vma)
                    ? follow_huge_pte(vma, address, gup_flags, false, &fault_flags, &entry)
                    : follow_page_mask(mm, address, gup_flags, &fault_flags);
    if (pages[nr] != nullptr) {
      ++nr;
    } else if (fault_flags == kNoFaultHelps ||
               __handle_mm_fault(mm, address, fault_flags) != VM_FAULT_DONE) {
      break;
    }
  }
  return nr;
}
