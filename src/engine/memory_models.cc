#include "engine/memory_models.h"

#include <cstring>
#include <iterator>

namespace walkrace {
namespace {

constexpr MemoryRow kRows[] = {
    {"sc", MemoryKind::kSc, &kScRules,
     "sequential consistency: every access works on memory at once"},
    {"tso", MemoryKind::kTso, &kTsoRules, "loads pass earlier stores: x86, s390"},
    {"mca", MemoryKind::kMca, &kMcaRules, "weak, multicopy-atomic: arm64, riscv"},
    {"lkmm", MemoryKind::kLkmm, &kLkmmRules,
     "the Linux kernel memory model: what portable code may count on"},
};

}  // namespace

const MemoryRow* MemoryRows(size_t* count) {
  *count = std::size(kRows);
  return kRows;
}

const MemoryRow& MemoryRowOf(MemoryKind kind) { return kRows[static_cast<int>(kind)]; }

const MemoryRow* FindMemory(const char* name) {
  for (const MemoryRow& row : kRows) {
    if (std::strcmp(row.name, name) == 0) return &row;
  }
  return nullptr;
}

}  // namespace walkrace
