// No task switches its mm here.
#ifndef WALKRACE_ASM_MMU_CONTEXT_H
#define WALKRACE_ASM_MMU_CONTEXT_H
#include <linux/mm_types.h>
#include "calls.h"
static inline void switch_mm(struct mm_struct* from, struct mm_struct* to,
                             struct task_struct* task) {
  wr_port_unmodelled("switch_mm");
}
#include <asm-generic/mm_hooks.h>
#include <asm-generic/mmu_context.h>
#endif
