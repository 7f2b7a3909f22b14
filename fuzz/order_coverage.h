// Feedback about the interleaving itself, for either fuzzer: which access came right after which
// other CPU's access to the same memory. Code coverage alone sees no difference between a schedule
// that almost meets a race and one that is far from it.
#ifndef WALKRACE_FUZZ_ORDER_COVERAGE_H_
#define WALKRACE_FUZZ_ORDER_COVERAGE_H_

#include <cstddef>
#include <cstdint>

#include "engine/engine.h"

namespace walkrace {

inline constexpr size_t kOrdersMax = 4096;

// Counts the orders of conflicting accesses in the trace of the last run: pairs of sites on
// different CPUs at one location, at least one of them a write. Each pair has a counter by hash.
void CountOrders(const Engine& engine);

// One such pair happened. order_counters_libfuzzer.cc or order_counters_aflpp.cc.
// REQUIRES: order < kOrdersMax.
void CountOrder(size_t order);

}  // namespace walkrace

#endif  // WALKRACE_FUZZ_ORDER_COVERAGE_H_
