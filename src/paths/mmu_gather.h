// What an unmap gathers before it flushes: pages and tables (include/asm-generic/tlb.h,
// mm/mmu_gather.c, mm/memory.c, v6.1). Shared by zap.cc, munmap.cc and mremap.cc.
#ifndef WALKRACE_PATHS_MMU_GATHER_H_
#define WALKRACE_PATHS_MMU_GATHER_H_

#include "kernel/page_ref.h"
#include "kernel/pgtable.h"

// Entries are clear, TLB entries are not flushed yet.
struct mmu_gather {
  struct mm_struct* mm;
  unsigned long start, end;
  struct folio* folios[2 * PTRS_PER_PTE];
  int nr;
  bool cleared;
  pgtable_t tables[2];
  int nr_tables;
};

// --- zap.cc --------------------------------------------------------------------------------------

void unmap_page_range(struct mmu_gather* tlb, unsigned long addr, unsigned long end);
// Flushes, and lets the pages and tables go.
void tlb_finish_mmu(struct mmu_gather* tlb);

// --- munmap.cc -----------------------------------------------------------------------------------

// Unmaps a vma and frees its tables. No rmap walk finds it from then on, until it is linked again.
// REQUIRES: mmap_lock is held for writing.
void unmap_region(struct vm_area_struct* vma);
// After the flush: frees what was gathered, as the profile has it.
void tlb_table_flush(struct mmu_gather* tlb);

#endif  // WALKRACE_PATHS_MMU_GATHER_H_
