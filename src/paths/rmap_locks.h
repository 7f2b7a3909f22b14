// The locks under which the rmap finds a vma (take_rmap_locks(), mm/mremap.c; unlink_anon_vmas()
// and unlink_file_vma(), mm/mmap.c, v6.1). Deviation: a vma has one rmap here, not two.
#ifndef WALKRACE_PATHS_RMAP_LOCKS_H_
#define WALKRACE_PATHS_RMAP_LOCKS_H_

#include "kernel/mm_types.h"

void take_rmap_locks(struct vm_area_struct* vma);
void drop_rmap_locks(struct vm_area_struct* vma);

// No rmap walk finds the vma from now on (unlinked), or finds it again.
void unlink_vma(struct vm_area_struct* vma, bool unlinked);

#endif  // WALKRACE_PATHS_RMAP_LOCKS_H_
