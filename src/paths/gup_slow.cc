// The walk under mmap_lock and the table locks. Mirrors __get_user_pages(), follow_page_mask(),
// follow_page_pte(), follow_trans_huge_pmd() and faultin_page(), mm/gup.c and mm/huge_memory.c,
// v6.1. Leaves out: devices. A hugetlb page is followed as a huge pmd under its own table's
// lock, as follow_hugetlb_page() does.
#include "kernel/mm.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "kernel/tlb.h"
#include "paths/cow.h"
#include "paths/gup_longterm.h"
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
  if (writable || is_cut("gup-slow-unshare") || !gup_must_unshare(flags, page)) return true;
  *fault_flags = FAULT_FLAG_UNSHARE;  // -EMLINK
  return false;
}

// REQUIRES: the page is mapped, and the table's lock is held: its count is not zero.
bool try_grab_page(struct page* page, unsigned flags, unsigned* fault_flags) {
  if (try_grab_folio(page, 1, flags) != nullptr) return true;
  *fault_flags = kNoFaultHelps;
  return false;
}

struct page* follow_trans_huge_pmd(struct mm_struct* mm, pmd_t* pmdp, unsigned long address,
                                   unsigned flags, unsigned* fault_flags) {
  struct page* page = nullptr;
  // Of a hugetlb page it is the table's own: the table may be another mm's as well.
  const bool hugetlb = is_vm_hugetlb_page(find_vma(mm, address));
  spinlock_t* ptl = hugetlb ? huge_pte_lockptr(pmdp) : pmd_lockptr(mm);
  spin_lock(ptl);
  const pmd_t pmd = pmd_read_locked(pmdp);
  if (pmd_trans_huge(pmd) && may_follow(pmd_write(pmd), pmd_protnone(pmd),
                                        pfn_to_page(pmd_pfn(pmd)), flags, fault_flags)) {
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

struct page* follow_page_mask(struct mm_struct* mm, unsigned long address, unsigned flags,
                              unsigned* fault_flags) {
  pmd_t* pmdp = mm_find_pmd(mm, address);
  if (pmdp == nullptr) return nullptr;
  const pmd_t pmd = pmdp_get(pmdp);
  if (!pmd_present(pmd)) return nullptr;
  if (pmd_trans_huge(pmd)) return follow_trans_huge_pmd(mm, pmdp, address, flags, fault_flags);
  return follow_page_pte(mm, pmd, address, flags, fault_flags);
}

// Returns false for -EFAULT.
bool check_vma_flags(const struct vm_area_struct* vma, unsigned flags) {
  if ((flags & FOLL_LONGTERM) != 0 && vma_is_dax(vma)) return false;
  return !vma_is_secretmem(vma) && writable_file_mapping_allowed(vma, flags);
}

}  // namespace

int __get_user_pages(struct mm_struct* mm, unsigned long start, int nr_pages, unsigned gup_flags,
                     struct page** pages) {
  int nr = 0;
  while (nr < nr_pages) {
    const unsigned long address = start + ((unsigned long)nr << PAGE_SHIFT);
    if (!check_vma_flags(find_vma(mm, address), gup_flags)) break;
    unsigned fault_flags = (gup_flags & FOLL_WRITE) != 0 ? FAULT_FLAG_WRITE : 0;
    pages[nr] = follow_page_mask(mm, address, gup_flags, &fault_flags);
    if (pages[nr] != nullptr) {
      ++nr;
    } else if (fault_flags == kNoFaultHelps ||
               __handle_mm_fault(mm, address, fault_flags) != VM_FAULT_DONE) {
      break;
    }
  }
  return nr;
}
