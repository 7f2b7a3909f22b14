// libFuzzer takes counters from this section like those that the compiler inserts, and clears
// them before each run.
#include "order_coverage.h"

namespace walkrace {
namespace {

__attribute__((section("__libfuzzer_extra_counters"), used)) uint8_t counters[kOrderCountersMax];

}  // namespace

void CountOrder(size_t counter) {
  if (counters[counter] != UINT8_MAX) ++counters[counter];
}

}  // namespace walkrace
