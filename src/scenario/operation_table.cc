#include "scenario/operation_table.h"

#include "base/check.h"

namespace walkrace {
namespace {

constexpr uint8_t kGupFlags = kGupWrite | kGupLongterm;

constexpr OperationRow kRows[] = {
    {"pin", OperationKind::kGup, Operand::kPages, kGupFlags, kGupPin},
    {"get", OperationKind::kGup, Operand::kPages, kGupFlags, 0},
    {"write-pinned", OperationKind::kWritePinned, Operand::kNone, 0, 0},
    {"read-pinned", OperationKind::kReadPinned, Operand::kNone, 0, 0},
    {"unpin", OperationKind::kUnpin, Operand::kNone, 0, 0},
    {"read", OperationKind::kRead, Operand::kPage, 0, 0},
    {"write", OperationKind::kWrite, Operand::kPage, 0, 0},
#define WR_OPERATION(kind, word, operand, takes, function) \
  {word, OperationKind::kind, Operand::operand, takes, 0},
#include "paths/operations.def"
#undef WR_OPERATION
};

constexpr FlagWord kFlagWords[] = {{"write", kGupWrite}, {"longterm", kGupLongterm}};

}  // namespace

std::span<const OperationRow> OperationRows() { return kRows; }
std::span<const OperationRow> OperationRows(Mix mix) {
  const auto rows = OperationRows();
  if (mix == Mix::kAll) return rows;
  size_t count = 0;
  while (count < rows.size() && rows[count].kind <= OperationKind::kFault) ++count;
  return rows.first(count);
}

std::span<const FlagWord> FlagWords() { return kFlagWords; }

std::span<const char* const> BackingWords() {
  static constexpr const char* kWords[] = {"anon", "compound", "file", "hugetlb"};
  static_assert(sizeof(kWords) / sizeof(kWords[0]) == static_cast<size_t>(Backing::kCount));
  return kWords;
}

const OperationRow& RowOf(const Operation& operation) {
  for (const OperationRow& row : kRows) {
    if (row.kind != operation.kind) continue;
    if (row.kind != OperationKind::kGup || row.flags == (operation.flags & kGupPin)) return row;
  }
  WR_CHECK(!"an operation kind without a row");
  __builtin_unreachable();
}

}  // namespace walkrace
