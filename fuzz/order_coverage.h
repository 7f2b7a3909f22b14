// Feedback about the interleaving itself, for either fuzzer: which access came right after which
// other CPU's access to the same memory, and which write each read saw. Code coverage alone sees no
// difference between a schedule that almost meets a race and one that is far from it.
#ifndef WALKRACE_FUZZ_ORDER_COVERAGE_H_
#define WALKRACE_FUZZ_ORDER_COVERAGE_H_

#include <cstddef>
#include <cstdint>

#include "engine/engine.h"

namespace walkrace {

inline constexpr size_t kOrdersMax = 4096;

// Counts the orders in the trace of the last run (engine/access_orders.h): each pair of sites has a
// counter by hash. With WALKRACE_NO_ORDERS in the environment the fuzzer is not told, to measure
// what the feedback buys.
void CountOrders(const Engine& engine);

// One such pair happened. order_counters_libfuzzer.cc or order_counters_aflpp.cc.
// REQUIRES: order < kOrdersMax.
void CountOrder(size_t order);

}  // namespace walkrace

#endif  // WALKRACE_FUZZ_ORDER_COVERAGE_H_
