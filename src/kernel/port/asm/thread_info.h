// What headers ask for; the flags are never set.
#ifndef WALKRACE_ASM_THREAD_INFO_H
#define WALKRACE_ASM_THREAD_INFO_H
#define THREAD_SIZE_ORDER 2
#define THREAD_SIZE 16384
#ifndef __ASSEMBLY__
struct thread_info {
  unsigned long flags;
  unsigned long syscall_work;
  int preempt_count;
  unsigned cpu;
};
#define INIT_THREAD_INFO(task) {0}
#define TIF_SYSCALL_TRACE 0
#define TIF_NOTIFY_RESUME 1
#define TIF_SIGPENDING 2
#define TIF_NEED_RESCHED 3
#define TIF_MEMDIE 4
#define TIF_RESTORE_SIGMASK 5
#define TIF_NOTIFY_SIGNAL 6
#define TIF_UPROBE 7
#define TIF_POLLING_NRFLAG 8
#define _TIF_NOTIFY_RESUME 2
#define _TIF_SIGPENDING 4
#define _TIF_NEED_RESCHED 8
#define _TIF_NOTIFY_SIGNAL 64
#define _TIF_UPROBE 128
#endif
#endif
