#include "engine/strategies.h"

namespace walkrace {

// Sorts the entries of each CPU into a list by event number. Schedules are nearly always sorted
// already, so that inserting from the back of the list is cheap; the worst case is bounded by
// kStepsMax squared over two.
void ScheduleStrategy::Begin(int /*cpu_count*/, uint64_t /*seed*/) {
  uint16_t last[kCpusMax];
  for (int cpu = 0; cpu < kCpusMax; ++cpu) first_[cpu] = last[cpu] = kNone;
  const Schedule& schedule = *schedule_;
  for (uint16_t i = 0; i < schedule.size(); ++i) {
    used_[i] = false;
    const Preemption& entry = schedule[i];
    if (entry.cpu >= kCpusMax) continue;
    if (last[entry.cpu] == kNone || schedule[last[entry.cpu]].event <= entry.event) {
      next_[i] = kNone;
      (last[entry.cpu] == kNone ? first_[entry.cpu] : next_[last[entry.cpu]]) = i;
      last[entry.cpu] = i;
      continue;
    }
    uint16_t* link = &first_[entry.cpu];
    while (schedule[*link].event <= entry.event) link = &next_[*link];
    next_[i] = *link;
    *link = i;
  }
}

CpuId ScheduleStrategy::Pick(const Choice& choice) {
  uint16_t& head = first_[choice.current];
  while (head != kNone && (*schedule_)[head].event < choice.number) head = next_[head];
  if (head != kNone && (*schedule_)[head].event == choice.number) {
    const uint16_t index = head;
    const CpuId to = (*schedule_)[index].to;
    head = next_[head];
    while (head != kNone && (*schedule_)[head].event == choice.number) head = next_[head];
    if (to < choice.cpu_count && (choice.runnable & (CpuMask{1} << to)) != 0) {
      used_[index] = to != DefaultPick(choice);
      return to;
    }
  }
  return DefaultPick(choice);
}

}  // namespace walkrace
