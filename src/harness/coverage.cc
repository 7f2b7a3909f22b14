#include "harness/coverage.h"

#include <tuple>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "trace/words.h"

namespace walkrace {
namespace {

// "gup_pte_range load T3.pte[2]" is "gup_pte_range load T.pte[]": which of its kind does not
// matter.
std::string WithoutNumbers(const std::string& object) {
  std::string kind;
  for (const char c : object) {
    if (!absl::ascii_isdigit(c)) kind.push_back(c);
  }
  return kind;
}

// The event's name is function, verb and object.
CoveredAccess AccessOf(const Event& event) {
  const std::string name = EventName(event);
  const size_t object = name.find(' ', name.find(' ') + 1) + 1;
  const std::string file = event.site->file;
  CoveredAccess access;
  access.object = WithoutNumbers(name.substr(object));
  access.name = absl::StrCat(name.substr(0, object), access.object, " (",
                             file.substr(file.rfind('/') + 1), ":", event.site->line, ")");
  // What it may do, whatever it did this time.
  access.reads = event.kind != EventKind::kStore;
  access.writes = event.kind != EventKind::kLoad;
  return access;
}

}  // namespace

bool operator<(const Coverage::Order& a, const Coverage::Order& b) {
  return std::tie(a.kind, a.before, a.after) < std::tie(b.kind, b.before, b.after);
}

void Coverage::Add(const Engine& engine) {
  ++runs_;
  for (size_t i = 0; i < engine.event_count(); ++i) {
    if (IsAccess(engine.events()[i])) accesses_.insert(AccessOf(engine.events()[i]));
  }
  TellOrders(engine, *this);
}

void Coverage::OnOrder(OrderKind kind, const Event& before, const Event& after) {
  Count& count = reached_[{kind, AccessOf(before).name, AccessOf(after).name, 0}];
  if (count.last_run != runs_) ++count.runs;
  count.last_run = runs_;
}

std::vector<Coverage::Order> Coverage::Orders() const {
  std::set<Order> possible;
  for (const CoveredAccess& before : accesses_) {
    for (const CoveredAccess& after : accesses_) {
      if (before.object != after.object || !(before.writes || after.writes)) continue;
      possible.insert({OrderKind::kConflict, before.name, after.name, 0});
      if (before.writes && after.reads) {
        possible.insert({OrderKind::kReadsFrom, before.name, after.name, 0});
      }
    }
  }
  std::vector<Order> orders;
  for (Order order : possible) {
    const auto found = reached_.find(order);
    if (found != reached_.end()) order.runs = found->second.runs;
    orders.push_back(order);
  }
  return orders;
}

}  // namespace walkrace
