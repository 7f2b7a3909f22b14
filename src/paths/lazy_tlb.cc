// A CPU that runs what has no use for user memory (the idle task, a kernel thread), on the tables
// of the mm that it ran in last. Mirrors enter_lazy_tlb() and what switch_mm_irqs_off() does on the
// way back, arch/x86/mm/tlb.c, v6.1. Meanwhile its hardware may walk those tables ahead of any
// program. Deviations: it flushes whenever it comes back, not only where tlb_gen says that it
// missed a flush; a flush of pages alone, which x86 keeps from lazy CPUs, reaches them here. Where
// TLBs are not lazy (every other architecture) it is a CPU like any other; that arm64 has no user
// table to walk then is not modelled.
#include "kernel/barrier.h"
#include "kernel/rwonce.h"
#include "kernel/tlb.h"
#include "kernel/words.h"
#include "paths/cuts.h"
#include "paths/paths.h"

namespace {

uint64_t* is_lazy_word() { return wr_word((enum wr_word)(WR_WORD_CPU0_IS_LAZY + wr_cpu())); }

void enter_lazy_tlb() { WRITE_ONCE(*is_lazy_word(), 1); }

// ORDER(AH lazy-then-flush): no more lazy, then what was missed is flushed; pairs with a flush,
// which clears the entry, then asks who is lazy. The other way round it would miss this CPU twice.
void leave_lazy_tlb(struct mm_struct* mm) {
  WRITE_ONCE(*is_lazy_word(), 0);
  if (!is_cut("lazy-barrier")) smp_mb();
  wr_flush_tlb_own(mm, WR_HERE);
}

}  // namespace

void idle_with_lazy_tlb(struct mm_struct* mm, unsigned long start, unsigned long /*end*/,
                        unsigned /*flags*/) {
  enter_lazy_tlb();
  wr_speculative_walk(start, WR_HERE);
  leave_lazy_tlb(mm);
}
