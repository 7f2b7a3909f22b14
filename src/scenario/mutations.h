// The single changes that Mutate chooses from. Each returns false, and changes nothing, where it
// does not apply to the input. Each keeps a normalized input normalized. For Mutate only; adding
// one: its declaration here, its code, and a row in mutate.cc.
#ifndef WALKRACE_SCENARIO_MUTATIONS_H_
#define WALKRACE_SCENARIO_MUTATIONS_H_

#include "base/random.h"
#include "scenario/aims.h"
#include "scenario/scenario.h"

namespace walkrace {

using Mutation = bool (*)(Random& random, Input& input, Mix mix);

// Of the schedule: mutations_schedule.cc.
bool AddPreemption(Random& random, Input& input, Mix mix);
bool AddPreemptionPair(Random& random, Input& input, Mix mix);  // there, and back
bool AddOldLoad(Random& random, Input& input, Mix mix);
bool AddLateStore(Random& random, Input& input, Mix mix);
bool DropPreemption(Random& random, Input& input, Mix mix);
bool DropPreemptions(Random& random, Input& input, Mix mix);  // a stretch, at most half of them
bool NudgePreemption(Random& random, Input& input, Mix mix);  // by 1 to 3 events
bool MovePreemption(Random& random, Input& input, Mix mix);   // to another event
bool RetargetPreemption(Random& random, Input& input, Mix mix);
bool RepeatPreemption(Random& random, Input& input, Mix mix);  // at the CPU's next event
bool CopyPreemption(Random& random, Input& input, Mix mix);    // to another CPU

// Turns the order of one of `aims`, which are the input's own, around: the earlier event's CPU
// stops right before it, the other goes on until its own has happened, and (mostly) hands back.
bool AimPreemption(Random& random, Input& input, const Aims& aims);

// Of the scenario: mutations_scenario.cc.
bool AddOperation(Random& random, Input& input, Mix mix);
bool DropOperation(Random& random, Input& input, Mix mix);
bool ReplaceOperation(Random& random, Input& input, Mix mix);
bool CopyOperation(Random& random, Input& input, Mix mix);  // to any place on any CPU
bool MoveOperation(Random& random, Input& input, Mix mix);
bool ChangePages(Random& random, Input& input, Mix mix);  // of an operation
bool ChangeGupFlags(Random& random, Input& input, Mix mix);
bool ChangeLayout(Random& random, Input& input, Mix mix);
bool ChangeHuge(Random& random, Input& input, Mix mix);
bool ChangeBacking(Random& random, Input& input, Mix mix);
bool ChangeMm(Random& random, Input& input, Mix mix);  // of a CPU
bool ChangeLevels(Random& random, Input& input, Mix mix);
bool ChangeCpuCount(Random& random, Input& input, Mix mix);
bool ChangeProfile(Random& random, Input& input, Mix mix);  // rarely, where there is none

}  // namespace walkrace

#endif  // WALKRACE_SCENARIO_MUTATIONS_H_
