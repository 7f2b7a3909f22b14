// Lines of 64 bytes.
#ifndef WALKRACE_ASM_CACHE_H
#define WALKRACE_ASM_CACHE_H
#define L1_CACHE_SHIFT 6
#define L1_CACHE_BYTES (1 << L1_CACHE_SHIFT)
#endif
