// Structure-aware mutation, shared by libFuzzer's and AFL++'s custom mutators. Deterministic in
// (input, seed). Results are normalized; inputs must be.
#ifndef WALKRACE_SCENARIO_MUTATE_H_
#define WALKRACE_SCENARIO_MUTATE_H_

#include <cstdint>

#include "scenario/aims.h"
#include "scenario/scenario.h"

namespace walkrace {

// Applies one to a few random changes, nearly always of the schedule alone: add, drop, move, repeat
// or retarget a preemption; with `aims`, often: put one where the order of two events can be turned
// around. Some begin with an empty schedule. Rarely: add, drop, replace, duplicate, move or change
// an operation; change the layout, the CPU count or the profile. Returns a short static description
// of the last change.
//
// `weak_memory`: often adds an old load or a late store as well, which mean nothing without.
const char* Mutate(Input& input, Mix mix, uint64_t seed, AimSource* aims = nullptr,
                   bool weak_memory = false);

// Joins the scenario of `a` with the schedule of `b`, or takes some CPUs or preemptions of each. Of
// two schedules of one scenario: always one schedule of that scenario.
// REQUIRES: `out` is neither `a` nor `b`.
void CrossOver(const Input& a, const Input& b, uint64_t seed, Input& out);

// A small scenario drawn at random: 2 or 3 CPUs (kAll: up to 4), 1 to 3 operations each, at least
// one GUP and one mutator on different CPUs that may meet on the same pages. No profile.
void DrawScenario(Mix mix, uint64_t seed, Scenario& scenario);

}  // namespace walkrace

#endif  // WALKRACE_SCENARIO_MUTATE_H_
