// The migration of a huge page on a NUMA fault as it was up to 5.13: variants alone come here.
#ifndef WALKRACE_PATHS_NUMA_IN_PLACE_H_
#define WALKRACE_PATHS_NUMA_IN_PLACE_H_

#include "paths/paths.h"

enum vm_fault do_huge_pmd_numa_page_in_place(struct vm_area_struct* vma, pmd_t* pmdp,
                                             pmd_t orig_pmd, unsigned long address, bool misplaced);

#endif  // WALKRACE_PATHS_NUMA_IN_PLACE_H_
