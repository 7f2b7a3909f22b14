#ifndef WALKRACE_ASM_PROCESSOR_H
#define WALKRACE_ASM_PROCESSOR_H
#include <linux/types.h>
// Above any address of an area: the mm's number stands in high bits.
#define TASK_SIZE (1ul << 47)
#define TASK_SIZE_MAX TASK_SIZE
#define STACK_TOP TASK_SIZE
#define STACK_TOP_MAX TASK_SIZE
#define TASK_UNMAPPED_BASE (TASK_SIZE / 3)
struct thread_struct {
  unsigned long unused;
};
#define INIT_THREAD {0}
#define cpu_relax() barrier()
#define prefetch(x) ((void)(x))
#define prefetchw(x) ((void)(x))
#define ARCH_HAS_PREFETCH
#define ARCH_HAS_PREFETCHW
#define KSTK_EIP(task) 0ul
#define KSTK_ESP(task) 0ul
#define task_pt_regs(task) ((struct pt_regs*)0)
#endif
