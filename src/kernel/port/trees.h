// The kernel trees that are built in, by name: none where the build was given none
// (WALKRACE_KERNEL_TREE). build_tree.py writes the rows.
#ifndef WALKRACE_KERNEL_PORT_TREES_H_
#define WALKRACE_KERNEL_PORT_TREES_H_

#include <cstddef>

#include "kernel/port/tree.h"

namespace walkrace {

const wr_tree* const* Trees(size_t* count);
// Returns null for an unknown name.
const wr_tree* FindTree(const char* name);

}  // namespace walkrace

#endif  // WALKRACE_KERNEL_PORT_TREES_H_
