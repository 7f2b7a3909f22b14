// The walk under mmap_lock and the table locks. Mirrors __get_user_pages(), follow_page_mask(),
// follow_page_pte() and follow_trans_huge_pmd(), mm/gup.c and mm/huge_memory.c, v6.1, for one
// anonymous area. Leaves out: everything that this area cannot have (devices, swap). A
// hugetlb page is followed as a huge pmd under its own table's lock, as follow_hugetlb_page() does.
#include "kernel/mm.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "kernel/tlb.h"
#include "paths/paths.h"

namespace {

bool may_follow(bool writable, unsigned flags) { return writable || (flags & FOLL_WRITE) == 0; }

struct page* follow_trans_huge_pmd(struct mm_struct* mm, pmd_t* pmdp, unsigned long address,
                                   unsigned flags) {
  struct page* page = nullptr;
  // Of a hugetlb page it is the table's own: the table may be another mm's as well.
  const bool hugetlb = is_vm_hugetlb_page(find_vma(mm, address));
  spinlock_t* ptl = hugetlb ? huge_pte_lockptr(pmdp) : pmd_lockptr(mm);
  spin_lock(ptl);
  const pmd_t pmd = pmd_read_locked(pmdp);
  if (pmd_trans_huge(pmd) && may_follow(pmd_write(pmd), flags)) {
    page = pfn_to_page(pmd_pfn(pmd) + pte_index(address));
    if (try_grab_folio(page, 1, flags) == nullptr) page = nullptr;
  }
  spin_unlock(ptl);
  return page;
}

struct page* follow_page_pte(struct mm_struct* mm, pmd_t pmd, unsigned long address,
                             unsigned flags) {
  struct page* page = nullptr;
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  pte_t* ptep = pte_offset_kernel(pmd, address);
  spin_lock(ptl);
  const pte_t pte = pte_read_locked(ptep);
  if (pte_present(pte) && may_follow(pte_write(pte), flags)) {
    page = pfn_to_page(pte_pfn(pte));
    if (try_grab_folio(page, 1, flags) == nullptr) page = nullptr;
  }
  spin_unlock(ptl);
  return page;
}

struct page* follow_page_mask(struct mm_struct* mm, unsigned long address, unsigned flags) {
  pmd_t* pmdp = mm_find_pmd(mm, address);
  if (pmdp == nullptr) return nullptr;
  const pmd_t pmd = pmdp_get(pmdp);
  if (!pmd_present(pmd)) return nullptr;
  if (pmd_trans_huge(pmd)) return follow_trans_huge_pmd(mm, pmdp, address, flags);
  return follow_page_pte(mm, pmd, address, flags);
}

}  // namespace

int __get_user_pages(struct mm_struct* mm, unsigned long start, int nr_pages, unsigned gup_flags,
                     struct page** pages) {
  int nr = 0;
  while (nr < nr_pages) {
    const unsigned long address = start + ((unsigned long)nr << PAGE_SHIFT);
    pages[nr] = follow_page_mask(mm, address, gup_flags);
    if (pages[nr] != nullptr) {
      ++nr;
    } else if (handle_mm_fault(mm, address, (gup_flags & FOLL_WRITE) != 0) != VM_FAULT_DONE) {
      break;
    }
  }
  return nr;
}
