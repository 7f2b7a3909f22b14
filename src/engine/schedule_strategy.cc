#include "engine/strategies.h"

namespace walkrace {

// Sorts the entries of each CPU into a list by event number. Schedules are nearly always sorted
// already, so that inserting from the back of the list is cheap; the worst case is bounded by
// kStepsMax squared over two.
void ScheduleStrategy::Begin(int /*cpu_count*/, uint64_t /*seed*/) {
  uint16_t last[kCpusMax], last_of_memory[kCpusMax];
  for (int cpu = 0; cpu < kCpusMax; ++cpu) {
    first_[cpu] = last[cpu] = kNone;
    first_of_memory_[cpu] = last_of_memory[cpu] = kNone;
  }
  const Schedule& schedule = *schedule_;
  for (uint16_t i = 0; i < schedule.size(); ++i) {
    used_[i] = false;
    const Preemption& entry = schedule[i];
    if (entry.cpu >= kCpusMax) continue;
    const bool preempts = entry.kind == EntryKind::kPreempt;
    uint16_t& first = preempts ? first_[entry.cpu] : first_of_memory_[entry.cpu];
    uint16_t& end = preempts ? last[entry.cpu] : last_of_memory[entry.cpu];
    if (end == kNone || schedule[end].event <= entry.event) {
      next_[i] = kNone;
      (end == kNone ? first : next_[end]) = i;
      end = i;
      continue;
    }
    uint16_t* link = &first;
    while (schedule[*link].event <= entry.event) link = &next_[*link];
    next_[i] = *link;
    *link = i;
  }
}

int ScheduleStrategy::ScheduledMemory::Amount(EntryKind kind, CpuId cpu, uint16_t number) {
  const Schedule& schedule = *strategy_.schedule_;
  uint16_t& head = strategy_.first_of_memory_[cpu];
  while (head != kNone && schedule[head].event < number) head = strategy_.next_[head];
  for (uint16_t i = head; i != kNone && schedule[i].event == number; i = strategy_.next_[i]) {
    if (schedule[i].kind != kind) continue;
    strategy_.used_[i] = true;
    return schedule[i].amount;
  }
  return 0;
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
