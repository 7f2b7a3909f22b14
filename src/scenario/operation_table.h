// What each operation is called in a .walk file, and which fields of Operation it uses. Adding
// one: its kind in scenario.h and one row in operation_table.cc.
#ifndef WALKRACE_SCENARIO_OPERATION_TABLE_H_
#define WALKRACE_SCENARIO_OPERATION_TABLE_H_

#include <span>

#include "scenario/scenario.h"

namespace walkrace {

enum class Operand : uint8_t {
  kNone,
  kPage,    // `page`
  kPages,   // `page` and `count`
  kRegion,  // `page`, the first of a region
};

struct OperationRow {
  const char* word;
  OperationKind kind;
  Operand operand;
  bool may_write;  // takes kGupWrite
  uint8_t flags;   // that the word stands for
};

std::span<const OperationRow> OperationRows();

// REQUIRES: the operation's kind is below kCount.
const OperationRow& RowOf(const Operation& operation);

}  // namespace walkrace

#endif  // WALKRACE_SCENARIO_OPERATION_TABLE_H_
