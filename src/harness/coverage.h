// Which orders of accesses the runs of a corpus have reached, and which they could have reached, by
// name. Possible: two accesses to the same kind of object that some run made, by any CPU, in
// either order, where one of them writes; a read that some write could have been seen by. Whether
// the paths' locks allow it is not known here.
#ifndef WALKRACE_HARNESS_COVERAGE_H_
#define WALKRACE_HARNESS_COVERAGE_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/access_orders.h"

namespace walkrace {

// An access in the source: "gup_pte_range load pmd[] (gup_fast.cc:61)".
struct CoveredAccess {
  std::string name;
  std::string object;  // its kind: "pmd[]"
  bool reads;
  bool writes;

  friend bool operator<(const CoveredAccess& a, const CoveredAccess& b) { return a.name < b.name; }
};

class Coverage final : private OrderListener {
 public:
  struct Order {
    OrderKind kind;
    std::string before, after;
    uint64_t runs = 0;  // 0: never reached

    friend bool operator<(const Order& a, const Order& b);
  };

  // Takes the run that `engine` did last.
  void Add(const Engine& engine);

  uint64_t runs() const { return runs_; }
  const std::set<CoveredAccess>& accesses() const { return accesses_; }
  // All possible orders, those that were reached with the number of their runs, sorted by name.
  std::vector<Order> Orders() const;

 private:
  void OnOrder(OrderKind kind, const Event& before, const Event& after) override;

  uint64_t runs_ = 0;
  std::set<CoveredAccess> accesses_;
  struct Count {
    uint64_t runs;
    uint64_t last_run;
  };
  std::map<Order, Count> reached_;
};

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_COVERAGE_H_
