// For one location of a litmus program, given what each thread does there: every order of the
// stores with every choice of the store that each load reads, as far as coherence and the
// atomicity of read-modify-writes let them be.
#ifndef WALKRACE_LITMUS_LOCATION_ORDERS_H_
#define WALKRACE_LITMUS_LOCATION_ORDERS_H_

#include <cstdint>
#include <vector>

#include "litmus/program.h"

namespace walkrace::litmus {

struct LocationAccess {
  bool is_write = false;
  int8_t read_half = -1;  // of a read-modify-write's store: its load, in the same list
  Value value = 0;        // stored, or to be read

  friend auto operator<=>(const LocationAccess&, const LocationAccess&) = default;
};

// What one thread does at the location, in program order.
using LocationAccesses = std::vector<LocationAccess>;

struct LocationOrder {
  struct Access {
    uint8_t thread;
    uint8_t index;  // into its LocationAccesses
  };
  struct Read {
    Access access;
    uint8_t from;  // 0: the initial value; n: writes[n - 1]
  };
  std::vector<Access> writes;  // in coherence order
  std::vector<Read> reads;
};

struct LocationRules {
  bool coherence = true;  // po-loc | com is acyclic
  bool atomicity = true;  // nothing between the halves of a read-modify-write
};

// Returns all of them. A thread without accesses has an empty list.
std::vector<LocationOrder> LocationOrders(Value initial,
                                          const std::vector<const LocationAccesses*>& threads,
                                          const LocationRules& rules);

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_LOCATION_ORDERS_H_
