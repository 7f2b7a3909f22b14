// Alive before clean: what a kernel tree must do before its being clean means anything. A lost
// CONFIG or macro compiles the `return 0` branch without a word, and nothing races with that.
#ifndef WALKRACE_HARNESS_TREE_CHECK_H_
#define WALKRACE_HARNESS_TREE_CHECK_H_

#include <string>
#include <vector>

#include "kernel/port/tree.h"

namespace walkrace {

struct TreeCheckResult {
  std::string name;  // "pin of a huge leaf"
  std::string why;   // what is wrong; empty: nothing
};

// The positive runs (each operation of the tree's does its work, GUP without a lock where it can)
// and one control, which must be caught: the re-check of the pte taken out.
std::vector<TreeCheckResult> CheckTree(const wr_tree& tree);

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_TREE_CHECK_H_
