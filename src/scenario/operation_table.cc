#include "scenario/operation_table.h"

#include "base/check.h"

namespace walkrace {
namespace {

constexpr OperationRow kRows[] = {
    {"pin", OperationKind::kGup, Operand::kPages, true, kGupPin},
    {"get", OperationKind::kGup, Operand::kPages, true, 0},
    {"write-pinned", OperationKind::kWritePinned, Operand::kNone, false, 0},
    {"read-pinned", OperationKind::kReadPinned, Operand::kNone, false, 0},
    {"unpin", OperationKind::kUnpin, Operand::kNone, false, 0},
    {"collapse", OperationKind::kCollapse, Operand::kRegion, false, 0},
    {"zap", OperationKind::kZap, Operand::kPages, false, 0},
    {"fault", OperationKind::kFault, Operand::kPage, false, 0},
    {"read", OperationKind::kRead, Operand::kPage, false, 0},
    {"write", OperationKind::kWrite, Operand::kPage, false, 0},
};

}  // namespace

std::span<const OperationRow> OperationRows() { return kRows; }

const OperationRow& RowOf(const Operation& operation) {
  for (const OperationRow& row : kRows) {
    if (row.kind != operation.kind) continue;
    if (row.kind != OperationKind::kGup || row.flags == (operation.flags & kGupPin)) return row;
  }
  WR_CHECK(!"an operation kind without a row");
  __builtin_unreachable();
}

}  // namespace walkrace
