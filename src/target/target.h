// Lockless code of one's own under walkrace: what it does, how its memory is set up, what must
// hold. C-compatible. Compile it by walkrace_add_target (CMake): each load and store of the shared
// memory is then one event, before which any other CPU may run, without a word in the source.
//
//   static void increment(void* shared, int cpu, unsigned argument) { ++*(uint64_t*)shared; }
//   static const struct wr_operation operations[] = {{"increment", increment, 0}};
//   const struct wr_target walkrace_target = {.name = "counter", .shared_bytes = 8,
//                                             .operations = operations, .operation_count = 1};
//
// What the compiler does not tell of is no event, and nobody runs before it: **memset, memcpy,
// assignment of large structs, and read-modify-writes by __atomic builtins or <stdatomic.h>**. For
// the latter take walkrace/kernel.h or wr_rmw (kernel/primitives.h; 4 or 8 bytes, of which
// ThreadSanitizer is told); loads and stores by them are events like all others.
// **Memory elsewhere (globals, malloc) is not watched**: what CPUs share belongs into the shared
// memory, and is to be reset by set_up otherwise. What is in kernel.h and primitives.h is for
// operations and RCU callbacks alone, not for set_up and judge, where nobody else runs. A run must
// depend on nothing else: no clock, no random numbers, no thread-local state. A loop that waits for
// another CPU is to wait in a lock or in wr_wait_clear or wr_wait_change: where it spins, a
// schedule that lets nobody else run is a violation ("no end").
#ifndef WALKRACE_TARGET_TARGET_H_
#define WALKRACE_TARGET_TARGET_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/primitives.h"

#ifdef __cplusplus
extern "C" {
#endif

struct wr_operation {
  const char* name;  // one word
  // Runs on one of several CPUs, which each run some operations in a row.
  void (*run)(void* shared, int cpu, unsigned argument);
  unsigned arguments;  // `argument` is below it; 0: it takes none. At most 256
};

struct wr_target {
  const char* name;     // one word
  size_t shared_bytes;  // at most 64 MB
  const struct wr_operation* operations;
  size_t operation_count;  // at most 256
  // Called before each run, when the shared memory is all zero; may be null.
  void (*set_up)(void* shared);
  // Called after each run in which all operations came to their end; may be null.
  void (*judge)(void* shared);
  // Names the aligned 8-byte word at this offset for traces: "root[1]". May be null.
  void (*describe)(size_t offset, char* text, size_t text_bytes);
  int cpus_max;  // 1 to 4; 0: 2
};

// Each target defines it.
extern const struct wr_target walkrace_target;

// In an operation, an RCU callback or a judge: where it does not hold, the run is a violation, and
// ends at the next access. `text` says what does not hold, in one line, and is a constant.
void walkrace_require(bool holds, const char* text);

#ifdef __cplusplus
}
#endif

#endif  // WALKRACE_TARGET_TARGET_H_
