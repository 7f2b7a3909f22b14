// User memory is reached by its page alone: no copy by address is under test.
#ifndef WALKRACE_ASM_UACCESS_H
#define WALKRACE_ASM_UACCESS_H
#include "calls.h"
static inline unsigned long raw_copy_to_user(void* to, const void* from, unsigned long n) {
  wr_port_unmodelled("raw_copy_to_user");
}
static inline unsigned long raw_copy_from_user(void* to, const void* from, unsigned long n) {
  wr_port_unmodelled("raw_copy_from_user");
}
#define __put_kernel_nofault(to, from, type, label) wr_port_unmodelled("__put_kernel_nofault")
#define __get_kernel_nofault(to, from, type, label) wr_port_unmodelled("__get_kernel_nofault")
#define get_user(x, p) (wr_port_unmodelled("get_user"), 0)
#define put_user(x, p) (wr_port_unmodelled("put_user"), 0)
#define __get_user(x, p) get_user(x, p)
#define __put_user(x, p) put_user(x, p)
#define clear_user(p, n) (wr_port_unmodelled("clear_user"), 0ul)
#define __clear_user(p, n) clear_user(p, n)
#define strncpy_from_user(to, from, n) (wr_port_unmodelled("strncpy_from_user"), 0l)
#define strnlen_user(p, n) (wr_port_unmodelled("strnlen_user"), 0l)
#include <asm-generic/access_ok.h>
#endif
