// Flushes are the profile's: machine/tlb.cc.
#ifndef WALKRACE_ASM_TLBFLUSH_H
#define WALKRACE_ASM_TLBFLUSH_H
#include "calls.h"
#define flush_tlb_range(vma, start, end) wr_port_flush_range((start), (end))
#define flush_tlb_page(vma, addr) \
  wr_port_flush_range((addr) & PAGE_MASK, ((addr) & PAGE_MASK) + PAGE_SIZE)
#define flush_pmd_tlb_range(vma, start, end) wr_port_flush_range((start), (end))
#define flush_tlb_mm(mm) wr_port_flush_mm((mm)->context.id)
#define flush_tlb_all() wr_port_unmodelled("flush_tlb_all")
#define flush_tlb_kernel_range(start, end) wr_port_unmodelled("flush_tlb_kernel_range")
#define __HAVE_ARCH_FLUSH_PMD_TLB_RANGE
#endif
