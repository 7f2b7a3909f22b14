// Registries are arrays of rows, each with a name.
#ifndef WALKRACE_BASE_ROWS_H_
#define WALKRACE_BASE_ROWS_H_

#include <cstddef>
#include <cstring>

namespace walkrace {

// Returns null for an unknown name.
template <class Row, size_t kCount>
const Row* FindRow(const Row (&rows)[kCount], const char* name) {
  for (const Row& row : rows) {
    if (std::strcmp(row.name, name) == 0) return &row;
  }
  return nullptr;
}

}  // namespace walkrace

#endif  // WALKRACE_BASE_ROWS_H_
