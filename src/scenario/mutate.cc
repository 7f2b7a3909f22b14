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

// The schedule most of all: one scenario has a great many of them.
constexpr MutationRow kMutations[] = {
    {14, AddPreemption, "add a preemption"},
    {10, AddPreemptionPair, "add a preemption and one back"},
    {10, DropPreemption, "drop a preemption"},
    {2, DropPreemptions, "drop a stretch of preemptions"},
    {18, NudgePreemption, "move a preemption by an event or a few"},
    {8, MovePreemption, "move a preemption"},
    {5, RetargetPreemption, "retarget a preemption"},
    {4, CopyPreemption, "copy a preemption to another CPU"},
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

// Of the changes, where it is known what can be aimed at.
constexpr uint32_t kAimOneIn = 3;

constexpr int TotalWeight() {
  int total = 0;
  for (const MutationRow& row : kMutations) total += row.weight;
  return total;
}

const MutationRow& DrawRow(Random& random) {
  int ticket = random.Below(TotalWeight());
  const MutationRow* row = kMutations;
  while (ticket >= row->weight) ticket -= (row++)->weight;
  return *row;
}

}  // namespace

const char* Mutate(Input& input, Mix mix, uint64_t seed, AimSource* aims) {
  constexpr int kChangesMax = 4;
  constexpr int kTries = 16;  // an empty schedule has nothing to drop, and so on
  Random random(seed);
  int changes = 1;
  while (changes < kChangesMax && random.OneIn(2)) ++changes;
  const char* last = "change nothing";
  for (int tries = 0; changes > 0 && tries < kTries; ++tries) {
    if (aims != nullptr && random.OneIn(kAimOneIn)) {
      if (!AimPreemption(random, input, aims->AimsOf(input))) continue;
      last = "aim a preemption";
      --changes;
      continue;
    }
    const MutationRow& row = DrawRow(random);
    if (!row.apply(random, input, mix)) continue;
    last = row.description;
    --changes;
  }
  return last;
}

}  // namespace walkrace
