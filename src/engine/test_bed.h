// For tests only: the process's one engine with a small arena, bodies as lambdas, and runs kept
// for comparison.
#ifndef WALKRACE_ENGINE_TEST_BED_H_
#define WALKRACE_ENGINE_TEST_BED_H_

#include <initializer_list>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/strategies.h"

namespace walkrace {

// The arena of TestEngine(): one page.
inline constexpr size_t kTestWords = 512;
alignas(4096) extern uint64_t test_arena[kTestWords];

Engine& TestEngine();

// Everything that a run leaves behind.
struct RecordedRun {
  RunResult result;
  std::vector<Event> events;
  std::vector<Preemption> taken;
};

// Byte for byte.
bool SameRun(const RecordedRun& a, const RecordedRun& b);

// One block that a person can paste: outcome, schedule, events.
std::string Describe(const RecordedRun& run);

// The CPU of each event but notes, as digits: "0011" is two events of CPU 0, then two of CPU 1.
std::string CpusOf(const RecordedRun& run);

// Zeroes the arena and runs.
RecordedRun RunProgram(Strategy& strategy, uint64_t seed, int cpu_count, Body body, void* context);

// The same, with `body(CpuId)`. What it keeps in variables of its own must need no destructor: a
// run that is cut short does not return from it.
template <typename Function>
RecordedRun RunBodies(Strategy& strategy, uint64_t seed, int cpu_count, Function body) {
  return RunProgram(
      strategy, seed, cpu_count,
      [](void* context, CpuId cpu) { (*static_cast<Function*>(context))(cpu); },
      static_cast<void*>(&body));
}

// A strategy with its own schedule.
class FollowSchedule : public Strategy {
 public:
  FollowSchedule(std::initializer_list<Preemption> entries)
      : FollowSchedule(std::vector<Preemption>(entries)) {}
  explicit FollowSchedule(const std::vector<Preemption>& entries);

  void Begin(int cpu_count, uint64_t seed) override { strategy_.Begin(cpu_count, seed); }
  CpuId Pick(const Choice& choice) override { return strategy_.Pick(choice); }
  MemoryChoices* memory_choices() override { return strategy_.memory_choices(); }
  bool used(size_t index) const { return strategy_.used(index); }
  size_t size() const { return schedule_.size(); }
  // The entries that took effect, in the order of the schedule.
  std::vector<Preemption> UsedEntries() const;

 private:
  Schedule schedule_;
  ScheduleStrategy strategy_;
};

// --- From a body: one event each --------------------------------------------------------------

uint64_t Load(int word);             // its address depends on all earlier loads
uint64_t LoadIndependent(int word);  // on none
void Store(int word, uint64_t value);
uint64_t FetchAdd(int word, uint64_t value);
void FenceOf(FenceKind kind);
void LockWord(int word);  // waits until the word is zero, and makes it one
void UnlockWord(int word);
void InterruptsOff();
void InterruptsOn();

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_TEST_BED_H_
