// What an mm has of the architecture: its number.
#ifndef WALKRACE_ASM_MMU_H
#define WALKRACE_ASM_MMU_H
typedef struct {
  unsigned long id;  // 0 or 1
} mm_context_t;
#endif
