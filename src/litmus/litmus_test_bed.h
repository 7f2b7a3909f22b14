// What the tests of this folder share: outcomes, and whether a program has them.
#ifndef WALKRACE_LITMUS_LITMUS_TEST_BED_H_
#define WALKRACE_LITMUS_LITMUS_TEST_BED_H_

#include <algorithm>
#include <utility>
#include <vector>

#include "litmus/axiomatic.h"
#include "litmus/make_program.h"

namespace walkrace::litmus {

inline constexpr int kX = 0, kY = 1, kZ = 2, kW = 3;

// What some places hold in the end.
using Outcome = std::vector<std::pair<Place, Value>>;

inline Place Reg(int thread, int number) { return {thread, number}; }
inline Place Loc(int location) { return {-1, location}; }

inline bool Fits(const FinalState& state, const Outcome& outcome) {
  return std::all_of(outcome.begin(), outcome.end(), [&](const auto& entry) {
    const auto& [place, value] = entry;
    return value == (place.thread < 0 ? state.locations.at(place.index)
                                      : state.registers.at(place.thread).at(place.index));
  });
}

inline bool Allows(const Program& program, const Outcome& outcome,
                   const LkmmOptions& options = {}) {
  const LkmmResult result = CheckLkmm(program, options);
  return std::any_of(result.states.begin(), result.states.end(),
                     [&](const auto& entry) { return Fits(entry.first, outcome); });
}

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_LITMUS_TEST_BED_H_
