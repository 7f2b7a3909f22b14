// libFuzzer takes counters from this section like those that the compiler inserts, and clears
// them before each run.
#include "order_coverage.h"

namespace walkrace {
namespace {

__attribute__((section("__libfuzzer_extra_counters"), used)) uint8_t counters[kOrdersMax];

}  // namespace

void CountOrder(size_t order) {
  if (counters[order] != UINT8_MAX) ++counters[order];
}

}  // namespace walkrace
