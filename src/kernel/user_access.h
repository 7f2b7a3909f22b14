// What user space and devices do with pages: loads and stores of a CPU through its TLB, and
// accesses through a reference. Implemented by src/machine. Page content is user memory.
#ifndef WALKRACE_KERNEL_USER_ACCESS_H_
#define WALKRACE_KERNEL_USER_ACCESS_H_

#include "kernel/mm_types.h"

#ifdef __cplusplus
extern "C" {
#endif

// One step: a TLB hit or fill and the access that it serves (real flushes wait for walks in
// flight). Returns false on a page fault: nothing was accessed.
bool wr_user_read(struct mm_struct* mm, unsigned long address, uint64_t* value,
                  const struct wr_site* site);
bool wr_user_write(struct mm_struct* mm, unsigned long address, uint64_t value,
                   const struct wr_site* site);

// Through a reference that GUP returned for `address`.
// A guest's access through its shadow entry: one event. Returns false where the entry does not
// allow it. What is written is new in the run.
bool wr_guest_access(struct mm_struct* mm, unsigned long address, bool write,
                     const struct wr_site* site);

uint64_t wr_pinned_read(struct page* page, unsigned long address, const struct wr_site* site);
void wr_pinned_write(struct page* page, unsigned long address, uint64_t value,
                     const struct wr_site* site);

#ifdef __cplusplus
}
#endif

#endif  // WALKRACE_KERNEL_USER_ACCESS_H_
