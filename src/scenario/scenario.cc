#include "scenario/scenario.h"

#include <algorithm>
#include <cstdio>

#include "base/check.h"
#include "machine/profiles.h"
#include "scenario/operation_table.h"

namespace walkrace {
namespace {

void Normalize(Layout& layout) {
  layout.levels = layout.levels == 3 ? 3 : layout.levels > 4 ? 5 : 4;
  for (PageState& state : layout.pages) {
    if (state >= PageState::kCount) state = PageState::kNone;
  }
  for (int region = 0; region < kRegionsMax; ++region) {
    Backing& backing = layout.backing[region];
    if (backing >= Backing::kCount) backing = Backing::kAnon;
    const bool last_only = IsForTheLastRegion(backing);
    if (last_only && region != kRegionsMax - 1) backing = Backing::kAnon;
    if (backing != Backing::kAnon) layout.huge[region] = false;
    const bool whole = last_only || backing == Backing::kCompound;
    if (!layout.huge[region] && !whole) continue;
    PageState* const pages = &layout.pages[region * kPagesPerRegion];
    std::fill_n(pages, kPagesPerRegion, pages[0]);
    if (pages[0] != PageState::kNone) continue;
    layout.huge[region] = false;
    backing = Backing::kAnon;
  }
}

bool CanHaveEffect(const Preemption& entry, int cpu_count) {
  if (entry.cpu >= cpu_count || entry.event > kStepsMax) return false;
  if (entry.kind != EntryKind::kPreempt) {
    return entry.event > 0 && entry.to == 0 && entry.amount > 0 && entry.amount <= kAmountMax;
  }
  return entry.to < cpu_count && entry.cpu != entry.to && entry.amount == 0 &&
         (entry.event > 0 || entry.cpu == 0);
}

}  // namespace

void Normalize(Operation& operation) {
  if (operation.kind >= OperationKind::kCount) operation.kind = OperationKind::kGup;
  const OperationRow& row = RowOf(operation);
  operation.flags = row.flags | (operation.flags & row.may_flags);
  operation.page %= kPagesMax;
  switch (row.operand) {
    case Operand::kNone:
      operation.page = operation.count = 0;
      break;
    case Operand::kPage:
      operation.count = 0;
      break;
    case Operand::kPages:
      operation.count = std::clamp<int>(operation.count, 1, kPagesMax - operation.page);
      break;
    case Operand::kRegion:
      operation.page -= operation.page % kPagesPerRegion;
      operation.count = 0;
      break;
  }
}

void Normalize(Scenario& scenario) {
  scenario.cpu_count = std::clamp<int>(scenario.cpu_count, 1, kCpusMax);
  size_t profile_count;
  Profiles(&profile_count);
  if (scenario.profile >= profile_count) scenario.profile = kNoProfile;
  Normalize(scenario.layout);
  for (int cpu = 0; cpu < kCpusMax; ++cpu) {
    if (cpu >= scenario.cpu_count) {
      scenario.cpus[cpu].clear();
      scenario.mm_of_cpu[cpu] = 0;
    }
    scenario.mm_of_cpu[cpu] = cpu == 0 ? 0 : scenario.mm_of_cpu[cpu] % kMmsMax;
    for (Operation& operation : scenario.cpus[cpu]) Normalize(operation);
  }
}

void Normalize(Input& input) {
  Normalize(input.scenario);
  Schedule& schedule = input.schedule;
  size_t kept = 0;
  for (const Preemption& entry : schedule) {
    if (CanHaveEffect(entry, input.scenario.cpu_count)) schedule[kept++] = entry;
  }
  schedule.truncate(kept);
}

OperationText ToText(const Operation& operation) {
  const OperationRow& row = RowOf(operation);
  const int first = operation.page;
  const int count = row.operand == Operand::kRegion ? kPagesPerRegion : operation.count;
  OperationText result;
  int length = 0;
  const auto append = [&](const char* format, auto... values) {
    const size_t room = sizeof(result.text) - length;
    length += std::snprintf(result.text + length, room, format, values...);
    WR_CHECK(length > 0 && length < static_cast<int>(sizeof(result.text)));
  };
  append("%s", row.word);
  if (row.operand != Operand::kNone) append(" %d", first);
  if (count > 1) append("-%d", first + count - 1);
  for (const FlagWord& flag : FlagWords()) {
    if ((operation.flags & row.may_flags & flag.flag) != 0) append(" %s", flag.word);
  }
  return result;
}

CpuMms MmsOf(const Scenario& scenario) {
  CpuMms mms;
  for (int cpu = 0; cpu < scenario.cpu_count; ++cpu) {
    mms.of_cpu[cpu] = scenario.mm_of_cpu[cpu];
    if (mms.of_cpu[cpu] != 0) mms.mm_count = kMmsMax;
  }
  return mms;
}

}  // namespace walkrace
