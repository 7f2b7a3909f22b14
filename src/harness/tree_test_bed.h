// For tests of what runs a kernel tree.
#ifndef WALKRACE_HARNESS_TREE_TEST_BED_H_
#define WALKRACE_HARNESS_TREE_TEST_BED_H_

#include <gtest/gtest.h>

#include <cctype>
#include <string>
#include <vector>

#include "kernel/port/trees.h"

namespace walkrace {

inline std::vector<const wr_tree*> AllKernelTrees() {
  size_t count;
  const wr_tree* const* trees = Trees(&count);
  return {trees, trees + count};
}

// "6.12-patched" as a test's name.
inline std::string TreeTestName(const ::testing::TestParamInfo<const wr_tree*>& info) {
  std::string name = info.param->name;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_TREE_TEST_BED_H_
