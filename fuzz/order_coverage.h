// Feedback about the interleaving itself, for either fuzzer: which access came right after which
// other CPU's access to the same memory, and which such order came right after which. Code coverage
// alone sees no difference between a schedule that almost meets a race and one that is far from it;
// single orders see none between the second preemption of a race and one that stands alone.
#ifndef WALKRACE_FUZZ_ORDER_COVERAGE_H_
#define WALKRACE_FUZZ_ORDER_COVERAGE_H_

#include <cstddef>
#include <cstdint>

#include "engine/engine.h"

namespace walkrace {

inline constexpr size_t kOrdersMax = 4096;
inline constexpr size_t kOrderCountersMax = 4 * kOrdersMax;

// Counts the orders in the trace of the last run (engine/access_orders.h): each pair of sites, and
// each two such pairs in a row, has a counter by hash, which a run counts once. With
// WALKRACE_NO_ORDERS in the environment the fuzzer is not told, to measure what the feedback buys.
void CountOrders(const Engine& engine);

// One such thing happened. order_counters_libfuzzer.cc or order_counters_aflpp.cc.
// REQUIRES: counter < kOrderCountersMax.
void CountOrder(size_t counter);

}  // namespace walkrace

#endif  // WALKRACE_FUZZ_ORDER_COVERAGE_H_
