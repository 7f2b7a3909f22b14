#include "litmus/model_power.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/check.h"
#include "litmus/to_text.h"

namespace walkrace::litmus {
namespace {

constexpr uint64_t kCandidatesMax = 200'000;

std::string ShareText(const Share& share) {
  return absl::StrFormat("%d of %d (%.2f %%)", share.shown, share.allowed, share.percent());
}

}  // namespace

Allowed CheckBoth(const Program& program, const std::function<bool()>& stop) {
  Allowed allowed;
  LkmmOptions options;
  options.candidates_max = kCandidatesMax;
  options.stop = stop;
  allowed.by_6_1 = CheckLkmm(program, options);
  options.version = LkmmVersion::k6_12;
  allowed.by_6_12 = CheckLkmm(program, options);
  return allowed;
}

Held Hold(const Allowed& allowed, const Exploration& shown, MemoryKind memory, Power& power) {
  WR_CHECK(allowed.complete());
  Held held;
  held.complete = shown.complete;
  const bool must_be_multicopy = MemoryRowOf(memory).rules->multicopy_atomic;
  for (const auto& [state, count] : shown.states) {
    const auto about = allowed.by_6_1.about.find(state);
    const bool is_allowed = about != allowed.by_6_1.about.end() && allowed.Has(state) &&
                            (about->second.multicopy_atomic || !must_be_multicopy);
    if (!is_allowed) held.forbidden.push_back(state);
  }
  ++power.programs;
  power.executions += shown.executions;
  power.given_up += !shown.complete;
  power.forbidden_programs += !held.forbidden.empty();
  for (const auto& [state, about] : allowed.by_6_1.about) {
    const bool is_shown = shown.states.contains(state);
    const auto newer = allowed.by_6_12.about.find(state);
    const bool by_both =
        newer != allowed.by_6_12.about.end() && !newer->second.needs_load_buffering;
    if (about.sc) {
      power.serial.Count(is_shown);
    } else if (about.needs_load_buffering) {
      power.load_buffering.Count(is_shown);
      continue;
    } else {
      power.weak.Count(is_shown);
      if (by_both) power.weak_by_both.Count(is_shown);
      if (about.multicopy_atomic) power.weak_multicopy.Count(is_shown);
    }
    const bool could_be = about.multicopy_atomic || !must_be_multicopy;
    if (!is_shown && by_both && could_be) held.missed.push_back(state);
  }
  return held;
}

std::string Power::Text() const {
  return absl::StrCat(programs, " programs, ", forbidden_programs, " with a forbidden state, ",
                      given_up, " given up; shown: serial ", ShareText(serial), ", weak ",
                      ShareText(weak), ", weak by 6.12 too ", ShareText(weak_by_both),
                      ", weak multicopy-atomic ", ShareText(weak_multicopy), ", load buffering ",
                      ShareText(load_buffering), "; ", executions, " executions");
}

std::string StateText(const Program& program, const FinalState& state) {
  std::vector<std::string> parts;
  const auto add = [&](const Place& place, Value value) {
    parts.push_back(absl::StrCat(PlaceText(program, place), "=", ValueText(program, value)));
  };
  for (size_t i = 0; i < state.registers.size(); ++i) {
    for (size_t j = 0; j < state.registers[i].size(); ++j) {
      add({static_cast<int>(i), static_cast<int>(j)}, state.registers[i][j]);
    }
  }
  for (size_t i = 0; i < state.locations.size(); ++i) {
    add({-1, static_cast<int>(i)}, state.locations[i]);
  }
  return absl::StrJoin(parts, " ");
}

}  // namespace walkrace::litmus
