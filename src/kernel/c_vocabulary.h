// For tests only: a C file's way through the primitives, and what it saw.
#ifndef WALKRACE_KERNEL_C_VOCABULARY_H_
#define WALKRACE_KERNEL_C_VOCABULARY_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Adds one to `*word` under `*lock`, in an irq-off section. Returns the old value.
uint64_t c_add_one(uint64_t* word, uint64_t* lock);

#ifdef __cplusplus
}
#endif

#endif  // WALKRACE_KERNEL_C_VOCABULARY_H_
