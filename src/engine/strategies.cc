#include "engine/strategies.h"

#include <cstring>

namespace walkrace {
namespace {

constexpr StrategyRow kRows[] = {
    {"random", "random walk, switch probability drawn per schedule",
     [](const StrategyOptions&) { return MakeRandomStrategy(); }},
    {"pct", "probabilistic concurrency testing of depth d",
     [](const StrategyOptions& options) { return MakePctStrategy(options.depth); }},
};

}  // namespace

const StrategyRow* StrategyRows(size_t* count) {
  *count = sizeof(kRows) / sizeof(kRows[0]);
  return kRows;
}

const StrategyRow* FindStrategy(const char* name) {
  for (const StrategyRow& row : kRows) {
    if (std::strcmp(row.name, name) == 0) return &row;
  }
  return nullptr;
}

}  // namespace walkrace
