// munmap of a region, and mmap with MAP_FIXED that puts an empty one in its place; mremap begins so
// at its destination. Mirrors
// unmap_region() (mm/mmap.c), free_pgtables(), free_pmd_range(), free_pte_range() (mm/memory.c),
// tlb_remove_table(), tlb_table_flush() and tlb_remove_table_one() (mm/mmu_gather.c), v6.1.
// Leaves out: the vma's way out of the tree and back, mmap_lock lowered to reading, tables above
// the pte level (each has a neighbour that needs it), the batch that is full.
#include "kernel/mm.h"
#include "kernel/notes.h"
#include "kernel/tlb.h"
#include "paths/cuts.h"
#include "paths/mmu_gather.h"
#include "paths/paths.h"
#include "paths/rmap_locks.h"
#include "paths/secondary_mmu.h"

namespace {

enum wr_table_free how_tables_are_freed() {
  return is_cut("table-rcu") ? WR_TABLES_AT_ONCE : wr_table_free();
}

// The callback of call_rcu.
void tlb_remove_table_rcu(void* table) { pte_free(nullptr, (pgtable_t)table); }

// No memory for the batch: those who may walk the table are interrupted instead of waited for.
void tlb_remove_table_one(struct mmu_gather* tlb, pgtable_t table) {
  wr_flush_tlb_range(tlb->mm, tlb->start, tlb->end);
  tlb_remove_table_sync_one();
  pte_free(tlb->mm, table);
}

void tlb_remove_table(struct mmu_gather* tlb, pgtable_t table) {
  tlb->cleared = true;
  if (how_tables_are_freed() == WR_TABLES_IPI) {
    tlb_remove_table_one(tlb, table);
  } else {
    tlb->tables[tlb->nr_tables++] = table;
  }
}

void free_pte_range(struct mmu_gather* tlb, pmd_t* pmd, pmd_t found) {
  WR_SET_ENTRY(pmd, 0);  // pmd_clear
  tlb_remove_table(tlb, pmd_pgtable(found));
}

}  // namespace

// ORDER(P unlink-then-grace-period): the table is unlinked and flushed; then every walker that has
// interrupts off is waited for, by RCU, by the flush's own interrupts, or by an interrupt of its
// own; then it is freed. Pairs with D. Without it a walker reads a table that is somebody else's.
void tlb_table_flush(struct mmu_gather* tlb) {
  for (int i = 0; i < tlb->nr_tables; ++i) {
    if (how_tables_are_freed() == WR_TABLES_RCU) {
      call_rcu(tlb_remove_table_rcu, tlb->tables[i]);
    } else {
      pte_free(tlb->mm, tlb->tables[i]);
    }
  }
  tlb->nr_tables = 0;
}

namespace {

// The pte tables of a range that nothing maps any more are unlinked, to be freed.
void free_pgtables(struct mmu_gather* tlb, unsigned long addr, unsigned long end) {
  pmd_t* pmd = mm_find_pmd(tlb->mm, addr);
  if (pmd == nullptr) return;
  unsigned long next;
  do {
    next = pmd_addr_end(addr, end);
    const pmd_t found = pmdp_get(pmd);
    if (!pmd_none(found)) free_pte_range(tlb, pmd, found);
  } while (++pmd, addr = next, addr != end);
}

}  // namespace

void unmap_region(struct vm_area_struct* vma) {
  struct mm_struct* mm = vma->vm_mm;
  const unsigned long start = vma->vm_start;
  const unsigned long end = vma->vm_end;
  const bool discards = vma->vm_file == nullptr;
  struct mmu_gather tlb = {mm, start, end, {}, 0, false, {}, 0};
  if (discards) wr_note(WR_NOTE_DISCARD_BEGIN, nullptr, start, end, WR_HERE);
  mmu_notifier_invalidate_range_start(mm, start, end);
  unmap_page_range(&tlb, start, end);
  // ORDER(S unlink-flush-free): no rmap walk finds the table when it goes.
  unlink_vma(vma, true);
  free_pgtables(&tlb, start, end);
  tlb_finish_mmu(&tlb);
  mmu_notifier_invalidate_range_end(mm, start, end);
  if (discards) wr_note(WR_NOTE_DISCARD_END, nullptr, start, end, WR_HERE);
}

void munmap_region(struct mm_struct* mm, unsigned long start, unsigned long /*end*/,
                   unsigned /*flags*/) {
  mmap_write_lock(mm);
  struct vm_area_struct* vma = find_vma(mm, start);
  unmap_region(vma);
  unlink_vma(vma, false);
  mmap_write_unlock(mm);
}
