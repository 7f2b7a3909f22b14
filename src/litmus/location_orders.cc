#include "litmus/location_orders.h"

#include <algorithm>

namespace walkrace::litmus {
namespace {

class OrderMaker {
 public:
  OrderMaker(Value initial, const std::vector<const LocationAccesses*>& threads,
             const LocationRules& rules)
      : initial_(initial), threads_(threads), rules_(rules) {
    for (const LocationAccesses* accesses : threads) {
      places_.emplace_back(accesses->size(), 0);
      for (const LocationAccess& access : *accesses) write_count_ += access.is_write;
    }
  }

  std::vector<LocationOrder> Go() {
    PlaceNextWrite();
    return std::move(result_);
  }

 private:
  Value ValueAt(int place) const {
    if (place == 0) return initial_;
    const LocationOrder::Access write = order_.writes[place - 1];
    return (*threads_[write.thread])[write.index].value;
  }

  // Stores: each thread's in program order, and the store of a read-modify-write right behind a
  // value that its load can have read.
  void PlaceNextWrite() {
    if (static_cast<int>(order_.writes.size()) == write_count_) {
      AssignReads(0, 0, 0);
      return;
    }
    for (size_t thread = 0; thread < threads_.size(); ++thread) {
      const LocationAccesses& accesses = *threads_[thread];
      for (size_t index = 0; index < accesses.size(); ++index) {
        const LocationAccess& write = accesses[index];
        if (!write.is_write || places_[thread][index] != 0) continue;
        const int before = static_cast<int>(order_.writes.size());
        if (!rules_.atomicity || write.read_half < 0 ||
            accesses[write.read_half].value == ValueAt(before)) {
          order_.writes.push_back({static_cast<uint8_t>(thread), static_cast<uint8_t>(index)});
          places_[thread][index] = before + 1;
          PlaceNextWrite();
          places_[thread][index] = 0;
          order_.writes.pop_back();
        }
        if (rules_.coherence) break;  // the later ones of this thread wait
      }
    }
  }

  // Loads: each reads neither older than what the thread read or stored there before, nor as new
  // as what it stores there afterwards.
  void AssignReads(size_t thread, size_t index, int oldest) {
    while (thread < threads_.size() && index == threads_[thread]->size()) {
      ++thread;
      index = 0;
      oldest = 0;
    }
    if (thread == threads_.size()) {
      result_.push_back(order_);
      return;
    }
    const LocationAccesses& accesses = *threads_[thread];
    if (accesses[index].is_write) {
      AssignReads(thread, index + 1, std::max(oldest, places_[thread][index]));
      return;
    }
    int first = 0, last = write_count_;
    if (rules_.coherence) {
      first = oldest;
      for (size_t later = index + 1; later < accesses.size(); ++later) {
        if (!accesses[later].is_write) continue;
        last = places_[thread][later] - 1;
        break;
      }
    }
    if (rules_.atomicity && index + 1 < accesses.size() &&
        accesses[index + 1].read_half == static_cast<int>(index)) {
      first = std::max(first, places_[thread][index + 1] - 1);
      last = std::min(last, places_[thread][index + 1] - 1);
    }
    for (int from = first; from <= last; ++from) {
      if (ValueAt(from) != accesses[index].value) continue;
      order_.reads.push_back({{static_cast<uint8_t>(thread), static_cast<uint8_t>(index)},
                              static_cast<uint8_t>(from)});
      AssignReads(thread, index + 1, std::max(oldest, from));
      order_.reads.pop_back();
    }
  }

  const Value initial_;
  const std::vector<const LocationAccesses*>& threads_;
  const LocationRules& rules_;
  int write_count_ = 0;
  std::vector<std::vector<int>> places_;  // of the stores: 1-based in coherence order
  LocationOrder order_;
  std::vector<LocationOrder> result_;
};

}  // namespace

std::vector<LocationOrder> LocationOrders(Value initial,
                                          const std::vector<const LocationAccesses*>& threads,
                                          const LocationRules& rules) {
  return OrderMaker(initial, threads, rules).Go();
}

}  // namespace walkrace::litmus
