#include "engine/test_bed.h"

#include <cstring>

#include "base/check.h"
#include "engine/steps.h"

namespace walkrace {
namespace {

constexpr wr_site kTestSite = {"test", "body", 1};

bool WordIsZero(const void* word) { return *static_cast<const uint64_t*>(word) == 0; }

AccessResult Access8(EventKind kind, RmwKind rmw, int word, uint64_t operand,
                     uint32_t dependency = kAllEarlierLoads) {
  return TestEngine().Perform(
      {kind, rmw, Order::kRelaxed, 8, &test_arena[word], operand, 0, &kTestSite, dependency});
}

Arrival PlainArrival(EventKind kind) {
  return {kind, 0, Order::kPlain, 0, kNoLocation, &kTestSite, nullptr, nullptr};
}

Arrival LockArrival(EventKind kind, int word) {
  return {kind,
          0,
          Order::kAcquire,
          8,
          TestEngine().LocationOf(&test_arena[word]),
          &kTestSite,
          kind == EventKind::kLock ? WordIsZero : nullptr,
          &test_arena[word]};
}

}  // namespace

alignas(4096) uint64_t test_arena[kTestWords];

Engine& TestEngine() {
  static Engine& engine = *[] {
    auto* made = new Engine(OsThreads());
    made->SetArena(test_arena, sizeof(test_arena));
    return made;
  }();
  return engine;
}

bool SameRun(const RecordedRun& a, const RecordedRun& b) {
  return a.result.outcome == b.result.outcome && a.result.steps == b.result.steps &&
         a.result.preemptions == b.result.preemptions &&
         a.result.hand_overs == b.result.hand_overs && a.result.trace_hash == b.result.trace_hash &&
         a.taken == b.taken && a.events.size() == b.events.size() &&
         (a.events.empty() ||
          std::memcmp(a.events.data(), b.events.data(), a.events.size() * sizeof(Event)) == 0);
}

std::string Describe(const RecordedRun& run) {
  std::string text = "outcome " + std::to_string(static_cast<int>(run.result.outcome)) +
                     ", steps " + std::to_string(run.result.steps) + "\nschedule:";
  for (const Preemption& entry : run.taken) {
    text += " " + std::to_string(entry.cpu) + "@" + std::to_string(entry.event) + "->" +
            std::to_string(entry.to);
  }
  text += "\n";
  for (const Event& event : run.events) {
    text += "step " + std::to_string(event.step) + ": CPU " + std::to_string(event.cpu) + " #" +
            std::to_string(event.number) + " kind " + std::to_string(static_cast<int>(event.kind)) +
            " location " + std::to_string(static_cast<int>(event.location)) + ": " +
            std::to_string(event.before) + " -> " + std::to_string(event.after) + "\n";
  }
  return text;
}

std::string CpusOf(const RecordedRun& run) {
  std::string cpus;
  for (const Event& event : run.events) {
    if (event.kind != EventKind::kNote) cpus += static_cast<char>('0' + event.cpu);
  }
  return cpus;
}

RecordedRun RunProgram(Strategy& strategy, uint64_t seed, int cpu_count, Body body, void* context) {
  std::memset(test_arena, 0, sizeof(test_arena));
  Engine& engine = TestEngine();
  RecordedRun run;
  run.result = engine.Run(strategy, seed, cpu_count, body, context);
  run.events.assign(engine.events(), engine.events() + engine.event_count());
  run.taken.assign(engine.taken().begin(), engine.taken().end());
  return run;
}

FollowSchedule::FollowSchedule(const std::vector<Preemption>& entries) {
  for (const Preemption& entry : entries) WR_CHECK(schedule_.push_back(entry));
  strategy_.set_schedule(&schedule_);
}

std::vector<Preemption> FollowSchedule::UsedEntries() const {
  std::vector<Preemption> entries;
  for (size_t i = 0; i < schedule_.size(); ++i) {
    if (used(i)) entries.push_back(schedule_[i]);
  }
  return entries;
}

uint64_t Load(int word) { return Access8(EventKind::kLoad, RmwKind::kXchg, word, 0).before; }
uint64_t LoadIndependent(int word) {
  return Access8(EventKind::kLoad, RmwKind::kXchg, word, 0, 0).before;
}
void Store(int word, uint64_t value) { Access8(EventKind::kStore, RmwKind::kXchg, word, value); }
uint64_t FetchAdd(int word, uint64_t value) {
  return Access8(EventKind::kRmw, RmwKind::kAdd, word, value).before;
}

void FenceOf(FenceKind kind) {
  Arrival arrival = PlainArrival(EventKind::kFence);
  arrival.detail = static_cast<uint8_t>(kind);
  TestEngine().Arrive(arrival);
  TestEngine().Fence(kind);
  TestEngine().Complete(0, 0);
}

void LockWord(int word) {
  TestEngine().Arrive(LockArrival(EventKind::kLock, word));
  test_arena[word] = 1;
  TestEngine().Complete(0, 1);
}

void UnlockWord(int word) {
  TestEngine().Arrive(LockArrival(EventKind::kUnlock, word));
  const uint64_t before = test_arena[word];
  test_arena[word] = 0;
  TestEngine().Complete(before, 0);
}

void InterruptsOff() {
  TestEngine().Arrive(PlainArrival(EventKind::kIrqOff));
  TestEngine().SetInterruptible(false);
  TestEngine().Complete(1, 0);
}

void InterruptsOn() {
  TestEngine().Arrive(PlainArrival(EventKind::kIrqOn));
  TestEngine().SetInterruptible(true);
  TestEngine().Complete(0, 1);
}

}  // namespace walkrace
