// One copy of each variable: the engine runs one CPU at a time, and what is per CPU here
// (statistics, batches) is a stub's.
#ifndef WALKRACE_ASM_PERCPU_H
#define WALKRACE_ASM_PERCPU_H
#define __my_cpu_offset 0ul
#define per_cpu_offset(cpu) ((void)(cpu), 0ul)
#define __per_cpu_offset wr_per_cpu_offset
#define arch_raw_cpu_ptr(ptr) (ptr)
#include <asm-generic/percpu.h>
#undef __per_cpu_offset
#endif
