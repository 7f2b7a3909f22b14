// Hugetlb, and its pmd tables that mms share. Mirrors hugetlb_fault(), hugetlb_no_page(),
// huge_pte_alloc(), huge_pmd_share(), huge_pmd_unshare(), __unmap_hugepage_range(),
// hugetlb_unshare_all_pmds(), mm/hugetlb.c, and remove_inode_hugepages(), fs/hugetlbfs/inode.c,
// v6.1, with the sync of 2025 (1013af4f585f) and a share count of its own (59d9094df3d7). Leaves
// out: reservations, the fault mutex (one page, which the page cache has from the start on),
// truncation. Deviations: the vma is one of the eight huge pages that a shared table serves; the
// others are taken to be there, so that the table outlives it, and may serve whatever is mapped in
// its place; so it is with the table of a page of CONT-PTE size. Where no page is migrated in the
// run, faults leave out hugetlb_vma_lock and the page's lock (wr_begin_reclaim()).
#include "paths/hugetlb.h"

#include "kernel/mm.h"
#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "kernel/swap.h"
#include "kernel/tlb.h"
#include "kernel/touches.h"
#include "paths/cuts.h"
#include "paths/filemap.h"
#include "paths/paths.h"
#include "paths/secondary_mmu.h"

bool huge_pmd_unshare(const struct huge_walk* walk) {
  if (wr_hugetlb_size() != WR_HUGETLB_PMD) return false;
  // ORDER(AL count-of-its-own): who shares the table is counted apart from the references on its
  // page; pairs with scan_by_pfn(). Counted in one, the last mm to use it takes a scan for another
  // mm that shares: it leaves the table, and what it maps, to nobody.
  atomic_t* shares = wr_pmd_shares(wr_pfn_to_table(wr_pfn_of(pud_val(walk->pud))));
  if (atomic_read(shares) == 1) return false;
  WR_SET_ENTRY(walk->pudp, 0);
  // ORDER(Y unshare-then-sync): the table is unlinked here, then every walker that has interrupts
  // off is waited for, then the table may become another mm's own; pairs with gup_pud_range(),
  // which looks at no pud again. Without it a walker of this mm walks what the other one fills.
  if (!is_cut("unshare-sync")) tlb_remove_table_sync_one();
  atomic_dec(shares);
  return true;
}

// ORDER(Z unshare-flush-unlock): flushed before i_mmap_rwsem is dropped: from then on the last mm
// that shares the table may free its pages. Without it a TLB keeps what is mapped here no more.
void flush_unshared(struct mm_struct* mm, unsigned long start) {
  if (!is_cut("unshare-flush")) wr_flush_tlb_range(mm, start, start + HPAGE_PMD_SIZE);
}

namespace {

// Returns the page whose mapping is gone, or null. REQUIRES: i_mmap_rwsem for writing.
struct page* __unmap_hugepage_range(struct vm_area_struct* vma) {
  struct mm_struct* mm = vma->vm_mm;
  const unsigned long start = vma->vm_start;
  const struct huge_walk walk = huge_pte_walk(mm, start);
  pte_t* ptep = walk.ptep;
  if (ptep == nullptr) return nullptr;
  spinlock_t* ptl = huge_pte_lockptr(mm, ptep);
  struct page* page = nullptr;
  spin_lock(ptl);
  if (huge_pmd_unshare(&walk)) {
    spin_unlock(ptl);
    flush_unshared(mm, start);
    return nullptr;
  }
  const pte_t pte = pte_read_locked(ptep);
  if (pte_present(pte)) {
    page = pfn_to_page(pte_pfn(huge_ptep_get_and_clear(mm, start, ptep)));
    page_remove_huge_rmap(page);
  } else if (!pte_none(pte)) {
    // A migration entry holds no reference and no mapping.
    set_huge_pte_at(mm, start, ptep, __pte(0));
  }
  spin_unlock(ptl);
  if (page != nullptr) wr_flush_tlb_range(mm, start, start + HPAGE_PMD_SIZE);
  return page;
}

// Takes the vma from the rmap. Returns whether nobody maps the file any more.
// ORDER(AA unmap-then-ineligible): under the same hold of i_mmap_rwsem as the unmapping, as
// __unmap_hugepage_range_final() takes the right to share away; pairs with huge_pmd_share(), which
// would share, and fill, a table that is no longer hugetlb's.
// REQUIRES: i_mmap_rwsem for writing.
bool unlink_file_vma(struct address_space* mapping, struct vm_area_struct* vma) {
  const unsigned long index = vma->vm_pgoff;
  wr_vma_changes();
  vma->vm_file = nullptr;
  return wr_next_rmap(mapping, index, nullptr) == nullptr;
}

// Of a file that nobody maps or opens any more: its page leaves the page cache.
void remove_inode_hugepages(struct address_space* mapping) {
  if (!wr_reclaim_begun()) {
    const unsigned long pfn = READ_ONCE(mapping->i_pages[0]);
    WRITE_ONCE(mapping->i_pages[0], 0);
    folio_put((struct folio*)pfn_to_page(pfn));
    return;
  }
  for (bool removed = false; !removed;) {
    struct folio* folio = filemap_get_folio(mapping, 0);
    struct page* page = &folio->page;
    lock_page(page);
    removed = READ_ONCE(page->mapping) != 0;  // else it was migrated meanwhile
    if (removed) {
      WRITE_ONCE(mapping->i_pages[0], 0);
      WRITE_ONCE(page->mapping, 0);
    }
    unlock_page(page);
    folio_put_refs(folio, removed ? 2 : 1);
  }
}

// The pmd entry in a table that another mm has, or null.
pmd_t* huge_pmd_share(struct vm_area_struct* vma, pud_t* pudp, unsigned long address) {
  struct address_space* mapping = vma->vm_file;
  struct mm_struct* mm = vma->vm_mm;
  pmd_t* spte = nullptr;
  i_mmap_lock_read(mapping);
  for (struct vm_area_struct* svma = wr_next_rmap(mapping, vma->vm_pgoff, nullptr);
       svma != nullptr && spte == nullptr; svma = wr_next_rmap(mapping, vma->vm_pgoff, svma)) {
    if (svma == vma) continue;
    pud_t* spudp = mm_find_pud(svma->vm_mm, svma->vm_start);
    const pud_t spud = pudp_get(spudp);
    if (!pud_present(spud)) continue;
    pgtable_t table = wr_pfn_to_table(wr_pfn_of(pud_val(spud)));
    atomic_inc(wr_pmd_shares(table));
    spte = pmd_offset_lockless(spudp, spud, address);
    spinlock_t* ptl = huge_pte_lockptr(svma->vm_mm, (pte_t*)spte);
    spin_lock(ptl);
    if (pud_none(pudp_get(pudp))) {
      pud_populate(mm, pudp, table);
    } else {
      atomic_dec(wr_pmd_shares(table));
    }
    spin_unlock(ptl);
  }
  i_mmap_unlock_read(mapping);
  return spte == nullptr ? pmd_alloc(mm, address) : mm_find_pmd(mm, address);
}

pte_t* huge_pte_alloc(struct vm_area_struct* vma, unsigned long address) {
  struct mm_struct* mm = vma->vm_mm;
  // The table is there, and outlives the vma.
  if (wr_hugetlb_size() != WR_HUGETLB_PMD) return huge_pte_offset(mm, address);
  pud_t* pudp = mm_find_pud(mm, address);
  if (pud_none(pudp_get(pudp))) return (pte_t*)huge_pmd_share(vma, pudp, address);
  return (pte_t*)mm_find_pmd(mm, address);
}

enum vm_fault hugetlb_no_page(struct vm_area_struct* vma, pte_t* ptep, unsigned long address) {
  struct mm_struct* mm = vma->vm_mm;
  struct folio* folio = filemap_get_folio(vma->vm_file, 0);
  if (folio == nullptr) return VM_FAULT_OOM;
  // One that migration has just put into the page cache is locked until it has its content; of one
  // that it has taken away the access faults again.
  const bool locks = wr_reclaim_begun();
  if (locks) lock_page(&folio->page);
  if (locks && READ_ONCE(folio->page.mapping) == 0) {
    unlock_page(&folio->page);
    folio_put(folio);
    return VM_FAULT_DONE;
  }
  spinlock_t* ptl = huge_pte_lockptr(mm, ptep);
  spin_lock(ptl);
  const bool none = pte_none(pte_read_locked(ptep));
  if (none) {
    page_add_huge_rmap(&folio->page);
    set_huge_pte_at(mm, address, ptep, make_huge_pte(folio_pfn(folio), true, true));
  }
  spin_unlock(ptl);
  if (locks) unlock_page(&folio->page);
  if (!none) folio_put(folio);
  return VM_FAULT_DONE;
}

enum vm_fault hugetlb_fault_locked(struct vm_area_struct* vma, unsigned long address, bool write) {
  pte_t* ptep = huge_pte_alloc(vma, address);
  if (ptep == nullptr) return VM_FAULT_OOM;
  const pte_t entry = ptep_get(ptep);
  if (pte_none(entry)) return hugetlb_no_page(vma, ptep, address);
  if (!pte_present(entry)) return VM_FAULT_DONE;
  spinlock_t* ptl = huge_pte_lockptr(vma->vm_mm, ptep);
  spin_lock(ptl);
  const pte_t pte = pte_read_locked(ptep);
  if (write && pte_present(pte) && !(pte_write(pte) && pte_dirty(pte))) {
    set_huge_pte_at(vma->vm_mm, address, ptep, make_huge_pte(pte_pfn(pte), true, true));
  }
  spin_unlock(ptl);
  return VM_FAULT_DONE;
}

}  // namespace

pmd_t* pmd_alloc(struct mm_struct* mm, unsigned long address) {
  pud_t* pudp = mm_find_pud(mm, address);
  pgtable_t table = wr_pmd_alloc_one(WR_HERE);
  if (table == nullptr) return nullptr;
  spin_lock(&mm->page_table_lock);
  if (pud_none(pudp_get(pudp))) {
    pud_populate(mm, pudp, table);
    table = nullptr;
  }
  spin_unlock(&mm->page_table_lock);
  if (table != nullptr) wr_pmd_free(table, WR_HERE);
  return mm_find_pmd(mm, address);
}

// ORDER(AN table-under-vma-lock): the way to the entry, and all that is done with it, under
// hugetlb_vma_lock; pairs with try_to_migrate_one(), which has no mmap_lock where it unshares.
enum vm_fault hugetlb_fault(struct vm_area_struct* vma, unsigned long address, bool write) {
  if (!wr_reclaim_begun()) return hugetlb_fault_locked(vma, address, write);
  // Under no lock: the table may be this mm's no more. The wait takes the entry's lock.
  pte_t* ptep = huge_pte_offset(vma->vm_mm, address);
  if (ptep != nullptr && is_migration_pte(ptep_get(ptep))) {
    migration_entry_wait_huge(vma, ptep);
    return VM_FAULT_DONE;
  }
  hugetlb_vma_lock_read(vma);
  const enum vm_fault fault = hugetlb_fault_locked(vma, address, write);
  hugetlb_vma_unlock_read(vma);
  return fault;
}

// mmap(MAP_FIXED | MAP_ANONYMOUS) over the hugetlb region: unmapped first, anonymous from then on.
void mmap_over_hugetlb(struct mm_struct* mm, unsigned long start, unsigned long end,
                       unsigned /*flags*/) {
  mmap_write_lock(mm);
  struct vm_area_struct* vma = find_vma(mm, start);
  struct address_space* mapping = vma->vm_file;
  if (!is_vm_hugetlb_page(vma)) {
    mmap_write_unlock(mm);
    return;
  }
  wr_note(WR_NOTE_DISCARD_BEGIN, nullptr, start, end, WR_HERE);
  mmu_notifier_invalidate_range_start(mm, start, end);
  i_mmap_lock_write(mapping);
  struct page* page = __unmap_hugepage_range(vma);
  if (is_cut("unmap-ineligible")) {
    i_mmap_unlock_write(mapping);
    i_mmap_lock_write(mapping);
  }
  const bool last = unlink_file_vma(mapping, vma);
  i_mmap_unlock_write(mapping);
  mmu_notifier_invalidate_range_end(mm, start, end);
  if (page != nullptr) folio_put((struct folio*)page);
  if (last) remove_inode_hugepages(mapping);
  wr_note(WR_NOTE_DISCARD_END, nullptr, start, end, WR_HERE);
  mmap_write_unlock(mm);
}

// hugetlb_unshare_all_pmds(): what is mapped stays mapped in the other mm, and comes back with the
// next fault, which shares again.
void hugetlb_unshare_pmds(struct mm_struct* mm, unsigned long start, unsigned long end,
                          unsigned /*flags*/) {
  mmap_write_lock(mm);
  struct vm_area_struct* vma = find_vma(mm, start);
  if (is_vm_hugetlb_page(vma)) {
    mmu_notifier_invalidate_range_start(mm, start, end);
    i_mmap_lock_write(vma->vm_file);
    const struct huge_walk walk = huge_pte_walk(mm, start);
    if (walk.ptep != nullptr) {
      spinlock_t* ptl = huge_pte_lockptr(mm, walk.ptep);
      spin_lock(ptl);
      const bool unshared = huge_pmd_unshare(&walk);
      spin_unlock(ptl);
      if (unshared) flush_unshared(mm, start);
    }
    i_mmap_unlock_write(vma->vm_file);
    mmu_notifier_invalidate_range_end(mm, start, end);
  }
  mmap_write_unlock(mm);
}
