#include <cstring>

#include "engine/backend.h"

namespace walkrace {
namespace {

constexpr BackendRow kRows[] = {
    {"threads", "one OS thread a CPU", OsThreads},
    {"fibers", "one stack a CPU, all on one thread: many times faster", Fibers},
};

}  // namespace

const BackendRow* BackendRows(size_t* count) {
  *count = sizeof(kRows) / sizeof(kRows[0]);
  return kRows;
}

const BackendRow* FindBackend(const char* name) {
  for (const BackendRow& row : kRows) {
    if (std::strcmp(row.name, name) == 0) return &row;
  }
  return nullptr;
}

}  // namespace walkrace
