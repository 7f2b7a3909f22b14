// A kernel thread (io_uring, vhost) on a CPU of the other mm, which takes this mm to read user
// memory. Mirrors mmget_not_zero(), kthread_use_mm() and kthread_unuse_mm(), kernel/kthread.c,
// with the part of switch_mm_irqs_off() that says where an mm runs (arch/powerpc/mm/mmu_context.c),
// v6.1. Leaves out: counts of mm_count, membarrier, addr_limit. Deviations: the bit in mm_cpumask
// stays when the CPU goes on to its own mm, on every profile: x86 clears it there, and flushes what
// it missed when it comes back. The thread reads the page twice.
#include "kernel/barrier.h"
#include "kernel/mm.h"
#include "kernel/rwonce.h"
#include "kernel/user_access.h"
#include "kernel/words.h"
#include "paths/cuts.h"
#include "paths/paths.h"

namespace {

uint64_t* users_of(const struct mm_struct* mm) {
  return wr_word((enum wr_word)(WR_WORD_MM0_KTHREADS + mm->id));
}
uint64_t* cpumask_of(const struct mm_struct* mm) {
  return wr_word((enum wr_word)(WR_WORD_MM0_CPU_BITMASK + mm->id));
}
void add_users(struct mm_struct* mm, enum wr_rmw kind) {
  uint64_t* users = users_of(mm);
  (void)wr_rmw(users, sizeof(*users), kind, 1, 0, WR_FULL, WR_DATA, nullptr, WR_HERE);
}

void switch_mm_irqs_off(struct mm_struct* next) {
  uint64_t* mask = cpumask_of(next);
  const uint64_t own = 1ul << wr_cpu();
  if ((READ_ONCE(*mask) & own) != 0) return;
  (void)wr_rmw(mask, sizeof(*mask), WR_OR, own, 0, WR_RELAXED, WR_DATA, nullptr, WR_HERE);
  // ORDER(AK mask-then-walk): the bit, then the first walk; pairs with a flush, which clears the
  // entry, then looks at the mask.
  if (!is_cut("mask-barrier")) smp_mb();
}

void kthread_use_mm(struct mm_struct* mm) {
  bool irq_flags;
  // Hold off flushes' interrupts: they look at what the task uses.
  local_irq_save(irq_flags);
  wr_set_task_mm(mm, mm);
  switch_mm_irqs_off(mm);
  local_irq_restore(irq_flags);
}

void kthread_unuse_mm(struct mm_struct* mm) {
  bool irq_flags;
  local_irq_save(irq_flags);
  wr_set_task_mm(nullptr, mm);  // lazy
  local_irq_restore(irq_flags);
}

}  // namespace

void kthread_access(struct mm_struct* own, unsigned long start, unsigned long /*end*/,
                    unsigned /*flags*/) {
  struct mm_struct* mm = wr_other_mm(own);
  if (mm == nullptr) return;
  const unsigned long address =
      start - wr_next_vma(own, nullptr)->vm_start + wr_next_vma(mm, nullptr)->vm_start;
  add_users(mm, WR_ADD);  // mmget_not_zero
  kthread_use_mm(mm);
  uint64_t value;
  for (int i = 0; i < 2; ++i) (void)user_read(mm, address, &value);
  kthread_unuse_mm(mm);
  add_users(mm, WR_SUB);     // mmput
  wr_set_task_mm(own, own);  // back to the program
}
