// The single changes that Mutate chooses from. Each returns false, and changes nothing, where it
// does not apply to the input. Each keeps a normalized input normalized. For Mutate only; adding
// one: its declaration here, its code, and a row in mutate.cc.
#ifndef WALKRACE_SCENARIO_MUTATIONS_H_
#define WALKRACE_SCENARIO_MUTATIONS_H_

#include "base/random.h"
#include "scenario/scenario.h"

namespace walkrace {

using Mutation = bool (*)(Random& random, Input& input);

// Of the schedule: mutations_schedule.cc.
bool AddPreemption(Random& random, Input& input);
bool AddPreemptionPair(Random& random, Input& input);  // there, and back
bool DropPreemption(Random& random, Input& input);
bool DropPreemptions(Random& random, Input& input);  // a stretch, at most half of them
bool NudgePreemption(Random& random, Input& input);  // by 1 to 3 events
bool MovePreemption(Random& random, Input& input);   // to another event
bool RetargetPreemption(Random& random, Input& input);
bool CopyPreemption(Random& random, Input& input);  // to another CPU

// Of the scenario: mutations_scenario.cc.
bool AddOperation(Random& random, Input& input);
bool DropOperation(Random& random, Input& input);
bool ReplaceOperation(Random& random, Input& input);
bool CopyOperation(Random& random, Input& input);  // to any place on any CPU
bool MoveOperation(Random& random, Input& input);
bool ChangePages(Random& random, Input& input);  // of an operation
bool ChangeGupFlags(Random& random, Input& input);
bool ChangeLayout(Random& random, Input& input);
bool ChangeHuge(Random& random, Input& input);
bool ChangeBacking(Random& random, Input& input);
bool ChangeMm(Random& random, Input& input);  // of a CPU
bool ChangeLevels(Random& random, Input& input);
bool ChangeCpuCount(Random& random, Input& input);
bool ChangeProfile(Random& random, Input& input);  // rarely, where there is none

}  // namespace walkrace

#endif  // WALKRACE_SCENARIO_MUTATIONS_H_
