// What the order of a run's accesses says about its interleaving: which access of one CPU came
// right after which conflicting one of another at the same place, and which CPU's write each read
// saw. For feedback to fuzzers, and for people who ask what a corpus has reached.
#ifndef WALKRACE_ENGINE_ACCESS_ORDERS_H_
#define WALKRACE_ENGINE_ACCESS_ORDERS_H_

#include <cstdint>

#include "engine/engine.h"

namespace walkrace {

enum class OrderKind : uint8_t {
  kConflict,   // one after the other at one location, at least one of them a write
  kReadsFrom,  // a write, and a read that saw it; whatever came between them only read
};

class OrderListener {
 public:
  virtual ~OrderListener() = default;
  // `before` and `after` are of different CPUs, and their sites are known.
  virtual void OnOrder(OrderKind kind, const Event& before, const Event& after) = 0;
};

// Loads, stores and read-modify-writes whose location is known.
bool IsAccess(const Event& event);
bool Writes(const Event& event);
bool Reads(const Event& event);

// Tells `listener` of all orders in the run that `engine` did last. Locations are kept in a cache
// of a fixed size: where two share a place in it some orders are not told.
void TellOrders(const Engine& engine, OrderListener& listener);

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_ACCESS_ORDERS_H_
