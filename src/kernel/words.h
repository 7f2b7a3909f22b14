// Sundry words that CPUs share and that belong to no page and no table: a location each. Adding
// one: a row here.
#ifndef WALKRACE_KERNEL_WORDS_H_
#define WALKRACE_KERNEL_WORDS_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// X(identifier, name in traces)
#define WR_WORDS(X)                                 \
  X(MM0_CPU_BITMASK, "mm0.cpu_bitmask")             \
  X(MM1_CPU_BITMASK, "mm1.cpu_bitmask")             \
  X(MM0_TLB_FLUSH_BATCHED, "mm0.tlb_flush_batched") \
  X(MM1_TLB_FLUSH_BATCHED, "mm1.tlb_flush_batched") \
  X(CPU0_IS_LAZY, "cpu0.is_lazy")                   \
  X(CPU1_IS_LAZY, "cpu1.is_lazy")                   \
  X(CPU2_IS_LAZY, "cpu2.is_lazy")                   \
  X(CPU3_IS_LAZY, "cpu3.is_lazy")                   \
  X(MM0_KTHREADS, "mm0.kthreads")                   \
  X(MM1_KTHREADS, "mm1.kthreads")                   \
  X(S0_REFCOUNT, "S0.refcount")                     \
  X(S1_REFCOUNT, "S1.refcount")                     \
  X(HUGETLB_LOCK, "hugetlb_lock")                   \
  X(MM0_HUGETLB_VMA_LOCK, "hugetlb_vma_lock")       \
  X(MM1_HUGETLB_VMA_LOCK, "mm1.hugetlb_vma_lock")

enum wr_word {
#define WR_WORD_ENUMERATOR(identifier, name) WR_WORD_##identifier,
  WR_WORDS(WR_WORD_ENUMERATOR)
#undef WR_WORD_ENUMERATOR
      WR_WORD_COUNT
};

// MM*_CPU_BITMASK: what mm_cpumask(mm) has beside the CPUs that run in the mm from the start.
// MM*_KTHREADS: what mm_users has beside one for each of these.
// S*_REFCOUNT: what the reference count of a pmd table's page has beside one for each mm that uses
// it.
// HUGETLB_LOCK, MM*_HUGETLB_VMA_LOCK: locks of paths/hugetlb.h.
// Zero at the start of each run. Implemented by src/machine.
uint64_t* wr_word(enum wr_word which);

#ifdef __cplusplus
}
#endif

#endif  // WALKRACE_KERNEL_WORDS_H_
