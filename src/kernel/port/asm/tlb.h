#ifndef WALKRACE_ASM_TLB_H
#define WALKRACE_ASM_TLB_H
#include <linux/mm_types.h>
struct mmu_gather;
static inline void tlb_flush(struct mmu_gather* tlb);
#define tlb_flush tlb_flush
// A page table, as tlb_remove_table() has it.
static inline void __tlb_remove_table(void* table) {
  wr_port_table_free(page_to_pfn((struct page*)table));
}
#include <asm-generic/tlb.h>
static inline void tlb_flush(struct mmu_gather* tlb) {
  if (tlb->fullmm) {
    wr_port_flush_mm(tlb->mm->context.id);
  } else if (tlb->end != 0) {
    wr_port_flush_range(tlb->start, tlb->end);
  }
}
#endif
