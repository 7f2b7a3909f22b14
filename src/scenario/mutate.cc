#include "scenario/mutate.h"

#include "base/random.h"
#include "scenario/mutations.h"

namespace walkrace {
namespace {

struct MutationRow {
  int weight;
  Mutation apply;
  const char* description;
};

constexpr MutationRow kOfSchedule[] = {
    {14, AddPreemption, "add a preemption"},
    {10, AddPreemptionPair, "add a preemption and one back"},
    {10, DropPreemption, "drop a preemption"},
    {2, DropPreemptions, "drop a stretch of preemptions"},
    {18, NudgePreemption, "move a preemption by an event or a few"},
    {8, MovePreemption, "move a preemption"},
    {5, RetargetPreemption, "retarget a preemption"},
    {12, RepeatPreemption, "hold a CPU back for one more event"},
    {4, CopyPreemption, "copy a preemption to another CPU"},
};

constexpr MutationRow kOfMemory[] = {
    {2, AddOldLoad, "add an old load"},
    {1, AddLateStore, "add a late store"},
};

constexpr MutationRow kOfScenario[] = {
    {6, AddOperation, "add an operation"},
    {5, DropOperation, "drop an operation"},
    {4, ReplaceOperation, "replace an operation"},
    {2, CopyOperation, "copy an operation"},
    {3, MoveOperation, "move an operation"},
    {5, ChangePages, "change the pages of an operation"},
    {3, ChangeGupFlags, "change the flags of a GUP"},
    {4, ChangeLayout, "change the layout"},
    {1, ChangeHuge, "map a region huge or small"},
    {1, ChangeBacking, "change what backs a region"},
    {1, ChangeMm, "change the mm of a CPU"},
    {1, ChangeLevels, "change the page table levels"},
    {2, ChangeCpuCount, "change the CPU count"},
    {1, ChangeProfile, "change the profile"},
};

// Of the inputs: one scenario has a great many schedules. Where one in two changed the scenario, 27
// of the 3,088 inputs of a fuzzer's corpus still had the one that it began with.
constexpr uint32_t kOfScenarioOneIn = 256;

// Of the inputs: begin again with the default order. The more schedules of a scenario a fuzzer's
// corpus has, the rarer it comes back to it otherwise.
constexpr uint32_t kAnewOneIn = 4;

// Of the changes of a schedule, where it is known what can be aimed at.
constexpr uint32_t kAimOneIn = 3;

// Of the changes of a schedule, under weak memory.
constexpr uint32_t kOfMemoryOneIn = 4;

template <size_t kCount>
const MutationRow& DrawRow(const MutationRow (&rows)[kCount], Random& random) {
  int total = 0;
  for (const MutationRow& row : rows) total += row.weight;
  int ticket = random.Below(total);
  const MutationRow* row = rows;
  while (ticket >= row->weight) ticket -= (row++)->weight;
  return *row;
}

// Returns null where what was drawn does not apply, and nothing is changed.
const char* ChangeScenario(Random& random, Input& input, Mix mix) {
  const MutationRow& row = DrawRow(kOfScenario, random);
  return row.apply(random, input, mix) ? row.description : nullptr;
}

const char* ChangeSchedule(Random& random, Input& input, Mix mix, AimSource* aims,
                           bool weak_memory) {
  if (weak_memory && random.OneIn(kOfMemoryOneIn)) {
    const MutationRow& row = DrawRow(kOfMemory, random);
    return row.apply(random, input, mix) ? row.description : nullptr;
  }
  if (aims != nullptr && random.OneIn(kAimOneIn)) {
    return AimPreemption(random, input, aims->AimsOf(input)) ? "aim a preemption" : nullptr;
  }
  const MutationRow& row = DrawRow(kOfSchedule, random);
  return row.apply(random, input, mix) ? row.description : nullptr;
}

}  // namespace

const char* Mutate(Input& input, Mix mix, uint64_t seed, AimSource* aims, bool weak_memory) {
  constexpr int kChangesMax = 4;
  constexpr int kTries = 16;  // an empty schedule has nothing to drop, and so on
  Random random(seed);
  int changes = 1;
  while (changes < kChangesMax && random.OneIn(2)) ++changes;
  if (random.OneIn(kAnewOneIn)) input.schedule.clear();
  bool of_scenario = random.OneIn(kOfScenarioOneIn);
  const char* last = "change nothing";
  for (int tries = 0; changes > 0 && tries < kTries; ++tries) {
    // One CPU has no schedule to change.
    const char* const change = of_scenario || input.scenario.cpu_count < 2
                                   ? ChangeScenario(random, input, mix)
                                   : ChangeSchedule(random, input, mix, aims, weak_memory);
    if (change == nullptr) continue;
    last = change;
    of_scenario = of_scenario && random.OneIn(2);
    --changes;
  }
  return last;
}

}  // namespace walkrace
