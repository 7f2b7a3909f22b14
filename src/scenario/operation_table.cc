#include "scenario/operation_table.h"

#include "base/check.h"

namespace walkrace {
namespace {

constexpr uint8_t kGupFlags = kGupWrite;

constexpr OperationRow kRows[] = {
    {"pin", OperationKind::kGup, Operand::kPages, kGupFlags | kGupLongterm, kGupPin,
     "pin_user_pages_fast, with write: FOLL_WRITE, with longterm: FOLL_LONGTERM"},
    {"get", OperationKind::kGup, Operand::kPages, kGupFlags, 0,
     "get_user_pages_fast, with write: FOLL_WRITE"},
    {"write-pinned", OperationKind::kWritePinned, Operand::kNone, 0, 0,
     "writes through each reference that this CPU holds for writing"},
    {"read-pinned", OperationKind::kReadPinned, Operand::kNone, 0, 0,
     "reads through each reference that this CPU holds"},
    {"unpin", OperationKind::kUnpin, Operand::kNone, 0, 0,
     "puts back all references that this CPU holds"},
    {"read", OperationKind::kRead, Operand::kPage, 0, 0, "a load of this CPU, through its TLB"},
    {"write", OperationKind::kWrite, Operand::kPage, 0, 0, "a store of this CPU, through its TLB"},
#define WR_OPERATION(kind, word, operand, takes, function, summary) \
  {word, OperationKind::kind, Operand::operand, takes, 0, summary},
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
  static constexpr const char* kWords[] = {"anon",    "compound",     "file",
                                           "hugetlb", "secretmem",    "dirty-tracked",
                                           "dax",     "hugetlb-cont", "hugetlb-pud"};
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
