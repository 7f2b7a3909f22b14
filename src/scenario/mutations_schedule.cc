#include <algorithm>

#include "scenario/mutations.h"

namespace walkrace {
namespace {

// Event 0 is CPU 0's alone.
int FirstEvent(int cpu) { return cpu == 0 ? 0 : 1; }
int FirstEvent(const Preemption& entry) {
  return entry.kind == EntryKind::kPreempt ? FirstEvent(entry.cpu) : 1;
}

// Mostly few.
uint8_t DrawAmount(Random& random) {
  return static_cast<uint8_t>(1 + random.Below(random.OneIn(4) ? kAmountMax : 3));
}

uint16_t ClampEvent(int event, int cpu) {
  return static_cast<uint16_t>(std::clamp<int>(event, FirstEvent(cpu), kStepsMax));
}

// Small operations have some 10 to 150 events: near an event that the schedule names already,
// or below a power of two up to 128, or (rarely) anywhere.
uint16_t DrawEvent(Random& random, const Schedule& schedule, int cpu) {
  constexpr int kNear = 8;
  if (random.OneIn(32)) return ClampEvent(random.Below(kStepsMax + 1), cpu);
  if (!schedule.empty() && random.OneIn(3)) {
    const int event = schedule[random.Below(schedule.size())].event;
    return ClampEvent(event + static_cast<int>(random.Below(2 * kNear + 1)) - kNear, cpu);
  }
  return ClampEvent(random.Below(8u << random.Below(5)), cpu);
}

uint8_t OtherCpu(Random& random, int cpu_count, int cpu) {
  return static_cast<uint8_t>((cpu + 1 + random.Below(cpu_count - 1)) % cpu_count);
}

// Returns null where there is none.
Preemption* DrawEntry(Random& random, Schedule& schedule) {
  return schedule.empty() ? nullptr : &schedule[random.Below(schedule.size())];
}

Preemption DrawPreemption(Random& random, const Input& input, int cpu) {
  return {DrawEvent(random, input.schedule, cpu), static_cast<uint8_t>(cpu),
          OtherCpu(random, input.scenario.cpu_count, cpu)};
}

// Entries that would keep the other CPU from getting to its event, or the first one from stopping.
bool IsInTheWay(const Preemption& entry, const Aim& aim) {
  if (entry.cpu == aim.cpu) return entry.event == aim.event;
  return entry.cpu == aim.other && entry.event >= aim.other_next &&
         entry.event <= aim.other_event + 1;
}

bool AddOfMemory(Random& random, Input& input, EntryKind kind) {
  const int cpu_count = input.scenario.cpu_count;
  if (cpu_count < 2) return false;
  const int cpu = random.Below(cpu_count);
  const uint16_t event = DrawEvent(random, input.schedule, cpu);
  if (event == 0) return false;
  return input.schedule.push_back({event, static_cast<uint8_t>(cpu), 0, kind, DrawAmount(random)});
}

}  // namespace

bool AddPreemption(Random& random, Input& input, Mix /*mix*/) {
  const int cpu_count = input.scenario.cpu_count;
  if (cpu_count < 2) return false;
  return input.schedule.push_back(DrawPreemption(random, input, random.Below(cpu_count)));
}

// What most races need: one CPU stops in its middle, another does something, the first goes on.
bool AddPreemptionPair(Random& random, Input& input, Mix /*mix*/) {
  const int cpu_count = input.scenario.cpu_count;
  if (cpu_count < 2 || input.schedule.size() + 2 > Schedule::capacity()) return false;
  const Preemption there = DrawPreemption(random, input, random.Below(cpu_count));
  Preemption back = DrawPreemption(random, input, there.to);
  back.to = there.cpu;
  return input.schedule.push_back(there) && input.schedule.push_back(back);
}

bool AddOldLoad(Random& random, Input& input, Mix /*mix*/) {
  return AddOfMemory(random, input, EntryKind::kOld);
}

bool AddLateStore(Random& random, Input& input, Mix /*mix*/) {
  return AddOfMemory(random, input, EntryKind::kLate);
}

bool DropPreemption(Random& random, Input& input, Mix /*mix*/) {
  if (input.schedule.empty()) return false;
  input.schedule.erase(random.Below(input.schedule.size()));
  return true;
}

bool DropPreemptions(Random& random, Input& input, Mix /*mix*/) {
  Schedule& schedule = input.schedule;
  if (schedule.size() < 4) return false;
  const size_t count = 2 + random.Below(schedule.size() / 2 - 1);
  const size_t first = random.Below(schedule.size() - count + 1);
  std::copy(schedule.begin() + first + count, schedule.end(), schedule.begin() + first);
  schedule.truncate(schedule.size() - count);
  return true;
}

bool NudgePreemption(Random& random, Input& input, Mix /*mix*/) {
  Preemption* const entry = DrawEntry(random, input.schedule);
  if (entry == nullptr) return false;
  const int distance = 1 + random.Below(3);
  const uint16_t down =
      ClampEvent(std::max(entry->event - distance, FirstEvent(*entry)), entry->cpu);
  const uint16_t up = ClampEvent(entry->event + distance, entry->cpu);
  const bool goes_down = up == entry->event || (down != entry->event && random.OneIn(2));
  entry->event = goes_down ? down : up;
  return true;
}

bool MovePreemption(Random& random, Input& input, Mix /*mix*/) {
  Preemption* const entry = DrawEntry(random, input.schedule);
  if (entry == nullptr) return false;
  const uint16_t event = DrawEvent(random, input.schedule, entry->cpu);
  if (event == entry->event || event < FirstEvent(*entry)) return false;
  entry->event = event;
  return true;
}

bool RetargetPreemption(Random& random, Input& input, Mix /*mix*/) {
  Preemption* const entry = DrawEntry(random, input.schedule);
  if (entry == nullptr) return false;
  const Preemption before = *entry;
  const int cpu_count = input.scenario.cpu_count;
  if (entry->kind != EntryKind::kPreempt) {
    entry->amount = DrawAmount(random);
    return *entry != before;
  }
  if (random.OneIn(2)) {
    entry->to = OtherCpu(random, cpu_count, entry->cpu);
  } else {
    entry->cpu = OtherCpu(random, cpu_count, entry->cpu);
    entry->to = OtherCpu(random, cpu_count, entry->cpu);
    entry->event = ClampEvent(entry->event, entry->cpu);
  }
  return *entry != before;
}

// A CPU that waits for the end of another's operation has to stop anew behind each interrupt that
// the other sends it.
bool RepeatPreemption(Random& random, Input& input, Mix /*mix*/) {
  if (input.schedule.empty()) return false;
  Preemption next = *DrawEntry(random, input.schedule);
  if (next.event == kStepsMax) return false;
  ++next.event;
  return input.schedule.push_back(next);
}

bool CopyPreemption(Random& random, Input& input, Mix /*mix*/) {
  if (input.schedule.empty()) return false;
  Preemption copy = *DrawEntry(random, input.schedule);
  copy.cpu = OtherCpu(random, input.scenario.cpu_count, copy.cpu);
  if (copy.kind == EntryKind::kPreempt) {
    copy.to = OtherCpu(random, input.scenario.cpu_count, copy.cpu);
  }
  copy.event = ClampEvent(copy.event, copy.cpu);
  return input.schedule.push_back(copy);
}

bool AimPreemption(Random& random, Input& input, const Aims& aims) {
  constexpr uint32_t kStaysOneIn = 4;  // the other CPU is not told to hand back
  Schedule& schedule = input.schedule;
  if (aims.empty() || schedule.size() + 2 > Schedule::capacity()) return false;
  const Aim& aim = aims[random.Below(aims.size())];
  schedule.truncate(
      std::remove_if(schedule.begin(), schedule.end(),
                     [&](const Preemption& entry) { return IsInTheWay(entry, aim); }) -
      schedule.begin());
  if (!schedule.push_back({aim.event, aim.cpu, aim.other})) return false;
  if (random.OneIn(kStaysOneIn)) return true;
  return schedule.push_back({ClampEvent(aim.other_event + 1, aim.other), aim.other, aim.cpu});
}

}  // namespace walkrace
