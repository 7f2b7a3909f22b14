// What each operation is called in a .walk file, and which fields of Operation it uses. Adding
// one: a row in operations.def.
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
  uint8_t may_flags;  // the flags that it takes: a word of FlagWords() each
  uint8_t flags;      // that the word stands for
  const char* summary;
};

std::span<const OperationRow> OperationRows();
// Those that scenarios of this mix are made of.
std::span<const OperationRow> OperationRows(Mix mix);

struct FlagWord {
  const char* word;
  uint8_t flag;
};
std::span<const FlagWord> FlagWords();

// What a region is backed by, indexed by Backing.
std::span<const char* const> BackingWords();

// REQUIRES: the operation's kind is below kCount.
const OperationRow& RowOf(const Operation& operation);

}  // namespace walkrace

#endif  // WALKRACE_SCENARIO_OPERATION_TABLE_H_
