// The running CPU's task: memory.c.
#ifndef WALKRACE_ASM_CURRENT_H
#define WALKRACE_ASM_CURRENT_H
#include "calls.h"
struct task_struct;
struct task_struct* wr_current(void);
#define get_current() wr_current()
#define current wr_current()
#endif
