// AFL++ keeps one byte of its map for each guard of instrumented code. These guards stand for no
// code: the runtime is asked for their places like a module's constructor does.
#include "order_coverage.h"

extern "C" {
extern uint8_t* __afl_area_ptr;
void __sanitizer_cov_trace_pc_guard_init(uint32_t* start, uint32_t* stop);
}

namespace walkrace {
namespace {

uint32_t guards[kOrderCountersMax];

// Before the map's size is reported to afl-fuzz.
__attribute__((constructor(1))) void TakeGuards() {
  __sanitizer_cov_trace_pc_guard_init(guards, guards + kOrderCountersMax);
}

}  // namespace

void CountOrder(size_t counter) {
  uint8_t& count = __afl_area_ptr[guards[counter]];
  if (count != UINT8_MAX) ++count;
}

}  // namespace walkrace
