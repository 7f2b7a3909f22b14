// What code under test changes by itself, without an access of the vocabulary: said in the step
// that does so, for searches that must know which steps commute. C-compatible.
#ifndef WALKRACE_KERNEL_TOUCHES_H_
#define WALKRACE_KERNEL_TOUCHES_H_

#ifdef __cplusplus
extern "C" {
#endif

struct mm_struct;

// A vma changes: where it maps from, or whether the rmap finds it.
void wr_vma_changes(void);

// Sets kvm->registered.
void wr_kvm_register(const struct mm_struct* mm);

#ifdef __cplusplus
}
#endif

#endif  // WALKRACE_KERNEL_TOUCHES_H_
