// From a program counter to the place in the source that it stands for, out of the executable's own
// line tables: how accesses that nobody annotated get a name. C-compatible; for uninstrumented
// code. Knows nothing of what was accessed, and reads no file but the executables themselves: it
// never asks a server for debug information.
#ifndef WALKRACE_KERNEL_PC_SITE_H_
#define WALKRACE_KERNEL_PC_SITE_H_

#include "base/site.h"

#ifdef __cplusplus
extern "C" {
#endif

// Returns the place of the call that returns to `pc` (__builtin_return_address(0) in a callback of
// the compiler): the innermost function, inlined ones included, the file as it was compiled
// (-ffile-prefix-map) without "./", and the line. It lives as long as the process, and one place
// has one site, however many program counters stand for it. Where nothing is known: the function by
// the symbol table or "?", "?", 0. The first question of a program counter takes up to milliseconds
// and 300 kB of stack (a fiber's has 1 MB); later ones are looked up in a table. ThreadSanitizer
// sees nothing of it. REQUIRES: nobody else asks meanwhile, as when CPUs take turns; no signal
// handler asks.
const struct wr_site* wr_site_of_pc(const void* pc);

#ifdef __cplusplus
}
#endif

#endif  // WALKRACE_KERNEL_PC_SITE_H_
