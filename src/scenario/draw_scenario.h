// Scenarios drawn at random, by mix. For DrawScenario (mutate.h) only.
#ifndef WALKRACE_SCENARIO_DRAW_SCENARIO_H_
#define WALKRACE_SCENARIO_DRAW_SCENARIO_H_

#include "scenario/scenario.h"

namespace walkrace {

void DrawCollapseScenario(uint64_t seed, Scenario& scenario);
void DrawMixedScenario(uint64_t seed, Scenario& scenario);

}  // namespace walkrace

#endif  // WALKRACE_SCENARIO_DRAW_SCENARIO_H_
