#include "scenario/scenario.h"

#include <algorithm>
#include <cstdio>

#include "base/check.h"
#include "machine/profiles.h"
#include "scenario/operation_table.h"

namespace walkrace {
namespace {

void Normalize(Layout& layout) {
  layout.levels = layout.levels > 4 ? 5 : 4;
  for (PageState& state : layout.pages) {
    if (state >= PageState::kCount) state = PageState::kNone;
  }
  for (int region = 0; region < kRegionsMax; ++region) {
    if (!layout.huge[region]) continue;
    PageState* const pages = &layout.pages[region * kPagesPerRegion];
    std::fill_n(pages, kPagesPerRegion, pages[0]);
    layout.huge[region] = pages[0] != PageState::kNone;
  }
}

bool CanHaveEffect(const Preemption& entry, int cpu_count) {
  return entry.cpu < cpu_count && entry.to < cpu_count && entry.cpu != entry.to &&
         entry.event <= kStepsMax && (entry.event > 0 || entry.cpu == 0);
}

}  // namespace

void Normalize(Operation& operation) {
  if (operation.kind >= OperationKind::kCount) operation.kind = OperationKind::kGup;
  const OperationRow& row = RowOf(operation);
  operation.flags = row.flags | (row.may_write ? operation.flags & kGupWrite : 0);
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
    if (cpu >= scenario.cpu_count) scenario.cpus[cpu].clear();
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
  const char* const write = (operation.flags & kGupWrite) != 0 ? " write" : "";
  const int first = operation.page;
  const int count = row.operand == Operand::kRegion ? kPagesPerRegion : operation.count;
  OperationText result;
  int length;
  if (row.operand == Operand::kNone) {
    length = std::snprintf(result.text, sizeof(result.text), "%s", row.word);
  } else if (count > 1) {
    length = std::snprintf(result.text, sizeof(result.text), "%s %d-%d%s", row.word, first,
                           first + count - 1, write);
  } else {
    length = std::snprintf(result.text, sizeof(result.text), "%s %d%s", row.word, first, write);
  }
  WR_CHECK(length > 0 && length < static_cast<int>(sizeof(result.text)));
  return result;
}

}  // namespace walkrace
