// What kernel/bounds.c computes elsewhere.
#define NR_PAGEFLAGS 26
#define MAX_NR_ZONES 3
#define NR_CPUS_BITS 3
#define SPINLOCK_SIZE 8
#define LRU_GEN_WIDTH 0
#define __LRU_REFS_WIDTH 0
