// A secondary MMU: KVM's shadow of one mm's page tables, filled from them and kept in step by MMU
// notifiers (virt/kvm/kvm_main.c, arch/x86/kvm/mmu/mmu.c, mm/mmu_notifier.c, v6.1). It holds no
// references: whoever takes a page out of a page table must tell it.
#ifndef WALKRACE_PATHS_SECONDARY_MMU_H_
#define WALKRACE_PATHS_SECONDARY_MMU_H_

#include "kernel/mm_types.h"

// Around every change that takes translations of [start, end) away: before the first entry is
// cleared, and after the last flush. May be called under mmap_lock and rmap locks, not under page
// table locks. Nothing happens, and no event, in an mm without a secondary MMU.
void mmu_notifier_invalidate_range_start(struct mm_struct* mm, unsigned long start,
                                         unsigned long end);
void mmu_notifier_invalidate_range_end(struct mm_struct* mm, unsigned long start,
                                       unsigned long end);

#endif  // WALKRACE_PATHS_SECONDARY_MMU_H_
