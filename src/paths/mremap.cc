// mremap(MREMAP_FIXED | MREMAP_DONTUNMAP) of a whole region to the other region of its mm. Mirrors
// mremap_to(), move_vma(), move_page_tables(), move_normal_pmd(), move_huge_pmd(), move_ptes() and
// take_rmap_locks(), mm/mremap.c, v6.1; with the re-check of the pmd under its lock that 6.12
// brought. The destination is unmapped first: munmap.cc. Leaves out: pud and hugetlb moves,
// accounting, userfaultfd. Deviation: vmas neither come nor go: the destination's takes over file
// and offset, the source's stays, empty, as MREMAP_DONTUNMAP leaves it.
#include "kernel/mm.h"
#include "kernel/notes.h"
#include "kernel/pgtable.h"
#include "kernel/tlb.h"
#include "kernel/touches.h"
#include "paths/cuts.h"
#include "paths/mmu_gather.h"
#include "paths/paths.h"
#include "paths/rmap_locks.h"
#include "paths/secondary_mmu.h"
#include "paths/swap.h"

namespace {

// Returns false where the pmd is not huge any more.
bool move_huge_pmd(struct vm_area_struct* vma, unsigned long old_addr, unsigned long new_addr,
                   pmd_t* old_pmd, pmd_t* new_pmd) {
  struct mm_struct* mm = vma->vm_mm;
  spinlock_t* ptl = pmd_lockptr(mm);
  spin_lock(ptl);
  const pmd_t found = pmd_read_locked(old_pmd);
  const bool huge = pmd_is_huge(found);
  if (huge) {
    const pmd_t pmd = pmdp_huge_get_and_clear(mm, old_addr, old_pmd);
    // The kernel does so where pmd_move_must_withdraw(); here each huge pmd has its own table.
    pgtable_t pgtable = pgtable_trans_huge_withdraw(mm, old_pmd);
    if (pgtable != nullptr) pgtable_trans_huge_deposit(mm, new_pmd, pgtable);
    set_pmd_at(mm, new_addr, new_pmd, pmd);
    if (pmd_present(pmd)) wr_flush_tlb_range(mm, old_addr, old_addr + PMD_SIZE);
  }
  spin_unlock(ptl);
  return huge;
}

// Moves the table with all its entries. Returns false where the entries must be moved.
bool move_normal_pmd(struct vm_area_struct* vma, unsigned long old_addr, pmd_t* old_pmd,
                     pmd_t* new_pmd) {
  struct mm_struct* mm = vma->vm_mm;
  if (!pmd_none(pmdp_get(new_pmd))) return false;
  bool moved = false;
  spinlock_t* ptl = pmd_lockptr(mm);
  spin_lock(ptl);
  const pmd_t pmd = pmd_read_locked(old_pmd);
  // ORDER(T decide-under-lock): the pmd that was looked at without a lock is looked at again under
  // it; pairs with retract_page_tables(), which may have emptied it. Without it the table that
  // none points to, physical page 0, is installed.
  const bool racing = !pmd_present(pmd) || pmd_leaf(pmd);
  if (is_cut("mremap-pmd-recheck") || !racing) {
    WR_SET_ENTRY(old_pmd, 0);
    pmd_populate(mm, new_pmd, pmd_pgtable(pmd));
    wr_flush_tlb_range(mm, old_addr, old_addr + PMD_SIZE);
    moved = true;
  }
  spin_unlock(ptl);
  return moved;
}

void move_pgt_entry(struct vm_area_struct* vma, unsigned long old_addr, unsigned long new_addr,
                    pmd_t* old_pmd, pmd_t* new_pmd, bool huge, bool* moved) {
  // ORDER(U move-under-rmap-lock): the table and its flush are one for whoever walks the rmap;
  // pairs with try_to_unmap_one(). Without it an entry is cleared in the table that has moved, and
  // the address that it has left is flushed: the new one's translation stays in a TLB.
  const bool locked = !is_cut("mremap-rmap-lock");
  if (locked) take_rmap_locks(vma);
  if (huge) {
    *moved = move_huge_pmd(vma, old_addr, new_addr, old_pmd, new_pmd);
  } else {
    *moved = move_normal_pmd(vma, old_addr, old_pmd, new_pmd);
  }
  if (locked) drop_rmap_locks(vma);
}

void move_ptes(struct vm_area_struct* vma, pmd_t* old_pmdp, pmd_t* new_pmdp, unsigned long old_addr,
               unsigned long new_addr) {
  struct mm_struct* mm = vma->vm_mm;
  take_rmap_locks(vma);
  // pte_offset_map_lock(), which from 6.5 on finds no table where there is none.
  const pmd_t old_pmd = pmdp_get(old_pmdp);
  const pmd_t new_pmd = pmdp_get(new_pmdp);
  if (!pmd_present(old_pmd) || pmd_leaf(old_pmd) || !pmd_present(new_pmd)) {
    drop_rmap_locks(vma);
    return;
  }
  spinlock_t* old_ptl = pte_lockptr(mm, old_pmd);
  spinlock_t* new_ptl = pte_lockptr(mm, new_pmd);
  pte_t* old_pte = pte_offset_kernel(old_pmd, old_addr);
  pte_t* new_pte = pte_offset_kernel(new_pmd, new_addr);
  const unsigned long start = old_addr;
  bool force_flush = false;
  spin_lock(old_ptl);
  spin_lock(new_ptl);
  flush_tlb_batched_pending(mm);
  for (unsigned long i = 0; i < PTRS_PER_PTE; ++i, old_addr += PAGE_SIZE, new_addr += PAGE_SIZE) {
    if (pte_none(pte_read_locked(old_pte + i))) continue;
    const pte_t pte = ptep_get_and_clear(mm, old_addr, old_pte + i);
    force_flush |= pte_present(pte);
    set_pte_at(mm, new_addr, new_pte + i, pte);
  }
  if (force_flush) wr_flush_tlb_range(mm, start, old_addr);
  spin_unlock(new_ptl);
  spin_unlock(old_ptl);
  drop_rmap_locks(vma);
}

// One pmd entry: all that a region is.
void move_page_tables(struct vm_area_struct* vma, unsigned long old_addr, unsigned long new_addr) {
  struct mm_struct* mm = vma->vm_mm;
  pmd_t* old_pmd = mm_find_pmd(mm, old_addr);
  pmd_t* new_pmd = mm_find_pmd(mm, new_addr);
  if (old_pmd == nullptr || new_pmd == nullptr) return;
  const pmd_t pmd = pmdp_get(old_pmd);
  if (pmd_none(pmd)) return;
  bool moved = false;
  const bool huge = pmd_is_huge(pmd);
  if (huge || arch_supports_page_table_move()) {
    move_pgt_entry(vma, old_addr, new_addr, old_pmd, new_pmd, huge, &moved);
  }
  if (moved || !pte_alloc(mm, new_pmd)) return;
  move_ptes(vma, old_pmd, new_pmd, old_addr, new_addr);
}

}  // namespace

void mremap_region(struct mm_struct* mm, unsigned long start, unsigned long /*end*/,
                   unsigned /*flags*/) {
  mmap_write_lock(mm);
  struct vm_area_struct* vma = find_vma(mm, start);
  struct vm_area_struct* first = wr_next_vma(mm, nullptr);
  struct vm_area_struct* new_vma = vma == first ? wr_next_vma(mm, first) : first;
  unmap_region(new_vma);
  // copy_vma(): nobody else sees the new vma until it is in the rmap.
  wr_vma_changes();
  new_vma->vm_file = vma->vm_file;
  new_vma->vm_pgoff = vma->vm_pgoff;
  unlink_vma(new_vma, false);
  wr_note(WR_NOTE_MOVE_BEGIN, nullptr, vma->vm_start, new_vma->vm_start, WR_HERE);
  mmu_notifier_invalidate_range_start(mm, vma->vm_start, vma->vm_end);
  move_page_tables(vma, vma->vm_start, new_vma->vm_start);
  mmu_notifier_invalidate_range_end(mm, vma->vm_start, vma->vm_end);
  wr_note(WR_NOTE_MOVE_END, nullptr, vma->vm_start, new_vma->vm_start, WR_HERE);
  mmap_write_unlock(mm);
}
