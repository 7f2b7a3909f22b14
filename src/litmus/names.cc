#include "litmus/names.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace walkrace::litmus {

int Names::Find(std::string_view name) const {
  for (size_t i = 0; i < program_.locations.size(); ++i) {
    if (program_.locations[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

int Names::FindOrAdd(const Token& name) {
  if (!lexer_.ok()) return 0;
  const int found = Find(name.text);
  if (found >= 0) return found;
  if (program_.locations.size() == kLocationsMax) {
    lexer_.Fail(name.place, "one more location", absl::StrCat("at most ", kLocationsMax));
    return 0;
  }
  program_.locations.push_back({.name = std::string(name.text)});
  uses_.emplace_back();
  return static_cast<int>(program_.locations.size()) - 1;
}

void Names::DeclareLock(int location) {
  if (lexer_.ok()) program_.locations[location].is_lock = true;
}

void Names::UseAsLock(int location, TextPlace place) {
  if (!lexer_.ok()) return;
  DeclareLock(location);
  uses_[location].as_lock = true;
  if (program_.locations[location].initial != 0) {
    lexer_.Fail(
        place,
        absl::StrCat("the lock ", program_.locations[location].name, " has an initial value"),
        "a lock that is free at first");
  }
}

void Names::UseAsData(int location, TextPlace place) {
  if (!lexer_.ok() || uses_[location].as_data) return;
  uses_[location].as_data = true;
  uses_[location].data_place = place;
}

void Names::CheckUses() {
  for (size_t i = 0; i < uses_.size() && lexer_.ok(); ++i) {
    if (!uses_[i].as_data || !program_.locations[i].is_lock) continue;
    lexer_.Fail(uses_[i].data_place,
                absl::StrCat("an access to the lock ", program_.locations[i].name),
                "spin_lock(), spin_unlock(), spin_trylock() or spin_is_locked()");
  }
}

}  // namespace walkrace::litmus
