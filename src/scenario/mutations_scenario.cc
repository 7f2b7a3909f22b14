#include <algorithm>

#include "machine/profiles.h"
#include "scenario/mutations.h"
#include "scenario/operation_table.h"

namespace walkrace {
namespace {

constexpr int kTries = 4;

int DrawCpu(Random& random, const Scenario& scenario) { return random.Below(scenario.cpu_count); }

// Returns null where no CPU has an operation. `cpu` and `index` say where it stands.
Operation* DrawOperation(Random& random, Scenario& scenario, int* cpu, int* index) {
  const int start = DrawCpu(random, scenario);
  for (int i = 0; i < scenario.cpu_count; ++i) {
    *cpu = (start + i) % scenario.cpu_count;
    OperationList& list = scenario.cpus[*cpu];
    if (list.empty()) continue;
    *index = random.Below(list.size());
    return &list[*index];
  }
  return nullptr;
}

// Mostly a page that is mapped at the start: elsewhere few things meet.
uint8_t DrawPage(Random& random, const Layout& layout) {
  uint8_t page = 0;
  for (int i = 0; i < kTries; ++i) {
    page = static_cast<uint8_t>(random.Below(kPagesMax));
    if (layout.pages[page] != PageState::kNone) break;
  }
  return page;
}

uint8_t DrawCount(Random& random) {
  return static_cast<uint8_t>(random.OneIn(4) ? 1 + random.Below(kPagesPerRegion)
                                              : 1 + random.Below(3));
}

Operation NewOperation(Random& random, Mix mix, const Layout& layout) {
  const auto rows = OperationRows(mix);
  const OperationRow& row = rows[random.Below(rows.size())];
  Operation operation{row.kind, DrawPage(random, layout), DrawCount(random), row.flags};
  if (random.OneIn(2)) operation.flags |= kGupWrite;
  if (mix == Mix::kAll && random.OneIn(4)) operation.flags |= kGupLongterm;
  Normalize(operation);
  return operation;
}

bool InsertSomewhere(Random& random, Scenario& scenario, const Operation& operation) {
  OperationList& list = scenario.cpus[DrawCpu(random, scenario)];
  return list.insert(random.Below(list.size() + 1), operation);
}

PageState OtherState(Random& random, PageState state, bool mapped) {
  if (mapped) {
    return state == PageState::kWritable ? PageState::kReadOnly : PageState::kWritable;
  }
  constexpr int kStates = static_cast<int>(PageState::kCount);
  return static_cast<PageState>((static_cast<int>(state) + 1 + random.Below(kStates - 1)) %
                                kStates);
}

}  // namespace

bool AddOperation(Random& random, Input& input, Mix mix) {
  return InsertSomewhere(random, input.scenario, NewOperation(random, mix, input.scenario.layout));
}

bool DropOperation(Random& random, Input& input, Mix /*mix*/) {
  int cpu;
  int index;
  if (DrawOperation(random, input.scenario, &cpu, &index) == nullptr) return false;
  input.scenario.cpus[cpu].erase(index);
  return true;
}

bool ReplaceOperation(Random& random, Input& input, Mix mix) {
  int cpu;
  int index;
  Operation* const operation = DrawOperation(random, input.scenario, &cpu, &index);
  if (operation == nullptr) return false;
  const Operation before = *operation;
  *operation = NewOperation(random, mix, input.scenario.layout);
  return *operation != before;
}

bool CopyOperation(Random& random, Input& input, Mix /*mix*/) {
  int cpu;
  int index;
  const Operation* const operation = DrawOperation(random, input.scenario, &cpu, &index);
  return operation != nullptr && InsertSomewhere(random, input.scenario, Operation(*operation));
}

bool MoveOperation(Random& random, Input& input, Mix /*mix*/) {
  Scenario& scenario = input.scenario;
  int cpu;
  int index;
  const Operation* const operation = DrawOperation(random, scenario, &cpu, &index);
  if (operation == nullptr) return false;
  OperationList& from = scenario.cpus[cpu];
  OperationList& to = scenario.cpus[DrawCpu(random, scenario)];
  if (&to != &from) {
    if (!to.insert(random.Below(to.size() + 1), *operation)) return false;
    from.erase(index);
    return true;
  }
  if (index + 1 == static_cast<int>(from.size()) || from[index] == from[index + 1]) return false;
  std::swap(from[index], from[index + 1]);
  return true;
}

bool ChangePages(Random& random, Input& input, Mix /*mix*/) {
  int cpu;
  int index;
  Operation* const operation = DrawOperation(random, input.scenario, &cpu, &index);
  if (operation == nullptr) return false;
  const Operation before = *operation;
  if (random.OneIn(2)) {
    operation->page = DrawPage(random, input.scenario.layout);
  } else {
    operation->page += random.OneIn(2) ? 1 : kPagesMax - 1;
  }
  if (random.OneIn(2)) operation->count = DrawCount(random);
  Normalize(*operation);
  return *operation != before;
}

bool ChangeGupFlags(Random& random, Input& input, Mix mix) {
  int cpu;
  int index;
  Operation* const operation = DrawOperation(random, input.scenario, &cpu, &index);
  if (operation == nullptr || operation->kind != OperationKind::kGup) return false;
  const Operation before = *operation;
  const bool longterm = mix == Mix::kAll && random.OneIn(4);
  operation->flags ^= longterm ? kGupLongterm : random.OneIn(3) ? kGupPin : kGupWrite;
  Normalize(*operation);
  return *operation != before;
}

// Some neighbouring pages, or a whole huge region.
bool ChangeLayout(Random& random, Input& input, Mix /*mix*/) {
  Layout& layout = input.scenario.layout;
  const int region = random.Below(kRegionsMax);
  const bool huge = layout.huge[region] || layout.backing[region] == Backing::kCompound ||
                    IsForTheLastRegion(layout.backing[region]);
  const int first = huge ? 0 : random.Below(kPagesPerRegion);
  const int count =
      huge ? kPagesPerRegion : std::min<int>(1 + random.Below(3), kPagesPerRegion - first);
  PageState* const pages = &layout.pages[region * kPagesPerRegion + first];
  std::fill_n(pages, count, OtherState(random, *pages, huge));
  return true;
}

bool ChangeHuge(Random& random, Input& input, Mix /*mix*/) {
  Layout& layout = input.scenario.layout;
  const int region = random.Below(kRegionsMax);
  PageState* const pages = &layout.pages[region * kPagesPerRegion];
  layout.huge[region] = !layout.huge[region];
  layout.backing[region] = Backing::kAnon;
  const PageState state = pages[0] == PageState::kNone ? PageState::kWritable : pages[0];
  std::fill_n(pages, kPagesPerRegion, state);
  return true;
}

bool ChangeBacking(Random& random, Input& input, Mix mix) {
  if (mix != Mix::kAll) return false;
  Layout& layout = input.scenario.layout;
  const int region = random.Below(kRegionsMax);
  const Backing before = layout.backing[region];
  layout.backing[region] =
      static_cast<Backing>(random.Below(static_cast<uint32_t>(Backing::kCount)));
  Normalize(input);
  return layout.backing[region] != before;
}

// Another mm for a CPU.
bool ChangeMm(Random& random, Input& input, Mix mix) {
  Scenario& scenario = input.scenario;
  if (mix != Mix::kAll || scenario.cpu_count == 1) return false;
  scenario.mm_of_cpu[1 + random.Below(scenario.cpu_count - 1)] ^= 1;
  return true;
}

bool ChangeLevels(Random& random, Input& input, Mix mix) {
  uint8_t& levels = input.scenario.layout.levels;
  const uint8_t before = levels;
  levels = mix == Mix::kAll ? static_cast<uint8_t>(3 + random.Below(3)) : 9 - levels;
  Normalize(input);
  return levels != before;
}

// One CPU more, with an operation, or the last CPU less, with its part of the schedule.
bool ChangeCpuCount(Random& random, Input& input, Mix mix) {
  Scenario& scenario = input.scenario;
  const bool more = scenario.cpu_count < 3 || (scenario.cpu_count < kCpusMax && random.OneIn(2));
  if (!more) {
    --scenario.cpu_count;
    Normalize(input);
    return true;
  }
  return scenario.cpus[scenario.cpu_count++].push_back(NewOperation(random, mix, scenario.layout));
}

bool ChangeProfile(Random& random, Input& input, Mix /*mix*/) {
  uint8_t& profile = input.scenario.profile;
  size_t count;
  Profiles(&count);
  if (profile == kNoProfile && !random.OneIn(8)) return false;
  const uint8_t before = profile;
  profile = before != kNoProfile && random.OneIn(4) ? kNoProfile
                                                    : static_cast<uint8_t>(random.Below(count));
  return profile != before;
}

}  // namespace walkrace
