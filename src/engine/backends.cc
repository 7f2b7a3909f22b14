#include "base/rows.h"
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

const BackendRow* FindBackend(const char* name) { return FindRow(kRows, name); }

}  // namespace walkrace
