#include "harness/minimizer_search.h"

#include <utility>

#include "base/check.h"
#include "base/random.h"
#include "harness/replays.h"
#include "kernel/notes.h"
#include "oracle/data_race_oracle.h"
#include "trace/trace_view.h"

namespace walkrace {
namespace {

constexpr uint64_t kSeed = 0x6d696e;
constexpr int kPctDepth = 3;

bool SamePlace(const Landmark& landmark, const wr_site* site, LocationId location,
               bool by_location) {
  if (landmark.site != site) return false;
  // A user access does not know its location before it happens.
  return !by_location || landmark.location == location || location == kNoLocation ||
         landmark.location == kNoLocation;
}

// Does what the landmarks say where their events come up.
class LandmarkStrategy final : public Strategy, MemoryChoices {
 public:
  LandmarkStrategy(const std::vector<Landmark>& landmarks, bool by_location)
      : landmarks_(landmarks), seen_(landmarks.size()), by_location_(by_location) {}

  void Begin(int /*cpu_count*/, uint64_t /*seed*/) override {}
  MemoryChoices* memory_choices() override { return this; }

  CpuId Pick(const Choice& choice) override {
    CpuId to = kNoCpu;
    const bool arrived_anew = choice.number != number_[choice.current];
    number_[choice.current] = choice.number;
    for (size_t i = 0; i < landmarks_.size(); ++i) {
      const Landmark& landmark = landmarks_[i];
      if (landmark.cpu != choice.current || !Fires(i, choice, arrived_anew)) continue;
      if (landmark.kind != EntryKind::kPreempt) {
        amounts_[choice.current] = {choice.number, landmark.kind, landmark.amount};
        continue;
      }
      if ((choice.runnable >> landmark.to & 1) != 0) to = landmark.to;
    }
    return to == kNoCpu ? DefaultPick(choice) : to;
  }

  int Age(CpuId cpu, uint16_t number) override { return Amount(EntryKind::kOld, cpu, number); }
  int Delay(CpuId cpu, uint16_t number) override { return Amount(EntryKind::kLate, cpu, number); }

 private:
  struct OfMemory {
    uint16_t number = 0;
    EntryKind kind = EntryKind::kPreempt;
    uint8_t amount = 0;
  };

  int Amount(EntryKind kind, CpuId cpu, uint16_t number) const {
    const OfMemory& last = amounts_[cpu];
    return last.kind == kind && last.number == number ? last.amount : 0;
  }

  bool Fires(size_t index, const Choice& choice, bool arrived_anew) {
    const Landmark& landmark = landmarks_[index];
    if (landmark.site == nullptr) return choice.number == 0;
    const PendingEvent& pending = choice.pending[choice.current];
    if (choice.number == 0 || !arrived_anew ||
        !SamePlace(landmark, pending.site, pending.location, by_location_)) {
      return false;
    }
    return ++seen_[index] == (by_location_ ? landmark.occurrence : landmark.occurrence_of_site);
  }

  const std::vector<Landmark>& landmarks_;
  std::vector<uint16_t> seen_;
  const bool by_location_;
  uint16_t number_[kCpusMax] = {};
  OfMemory amounts_[kCpusMax];
};

}  // namespace

ScheduleSearch::ScheduleSearch(const RunContext& context, std::string oracle)
    : context_(context), oracle_(std::move(oracle)), pct_(MakePctStrategy(kPctDepth)) {}

Report ScheduleSearch::RunOnce(const Scenario& scenario, Strategy& strategy, uint64_t seed) {
  const Report report = Runner::Get().Run(scenario, context_, strategy, seed);
  ++runs_;
  steps_ += report.run.steps;
  if (after_run_ && after_run_()) stopped_ = true;
  return report;
}

bool ScheduleSearch::RunUntilSeen(const Scenario& scenario, Strategy& strategy, uint64_t seed,
                                  int runs_max) {
  for (int i = 0; i < runs_max && !stopped_; ++i) {
    const Report report = RunOnce(scenario, strategy, seed);
    if (!report.clean() && report.violation.oracle == oracle_) {
      report_ = report;
      return true;
    }
    if (!MissedByChance(report, oracle_)) return false;
  }
  return false;
}

bool ScheduleSearch::Run(const Scenario& scenario, Strategy& strategy, uint64_t seed,
                         int runs_max) {
  if (!RunUntilSeen(scenario, strategy, seed, runs_max)) return false;
  // What ThreadSanitizer saw once it must see again: else it would get ever rarer.
  const Schedule taken = Runner::Get().engine().taken();
  if (oracle_ == kDataRaceName) {
    replay_.set_schedule(&taken);
    if (!RunUntilSeen(scenario, replay_, 0, kReplaysToSeeARace)) return false;
  }
  schedule_ = taken;
  return true;
}

bool ScheduleSearch::Replay(const Scenario& scenario, const Schedule& schedule) {
  replay_.set_schedule(&schedule);
  return Run(scenario, replay_, 0, kReplaysToSeeARace);
}

bool ScheduleSearch::ReplayOnce(const Scenario& scenario, const Schedule& schedule) {
  replay_.set_schedule(&schedule);
  return Run(scenario, replay_, 0, 1);
}

bool ScheduleSearch::Follow(const Scenario& scenario, const std::vector<Landmark>& landmarks,
                            bool by_location) {
  LandmarkStrategy strategy(landmarks, by_location);
  return Run(scenario, strategy, 0, kReplaysToSeeARace);
}

bool ScheduleSearch::Random(const Scenario& scenario, uint64_t runs_max) {
  for (uint64_t i = 0; i < runs_max && !stopped_; ++i) {
    if (Run(scenario, i % 2 == 0 ? *random_ : *pct_, SplitSeed(kSeed, i), 1)) return true;
  }
  return false;
}

bool ScheduleSearch::Bounded(const Scenario& scenario, int preemptions_max, uint64_t runs_max) {
  Schedule prefix;
  const uint64_t runs_end = runs_ + runs_max;
  for (int preemptions = 0; preemptions <= preemptions_max; ++preemptions) {
    if (Extend(scenario, prefix, 0, preemptions, runs_end)) return true;
  }
  return false;
}

// Tries every way to add exactly `more` entries behind `prefix`, which has its effect before the
// trace's index `from_event`. An entry is a decision right after an event, so that each is tried
// once. Prefixes are run again for each depth: cheap against the depth itself.
bool ScheduleSearch::Extend(const Scenario& scenario, Schedule& prefix, size_t from_event, int more,
                            uint64_t runs_end) {
  if (runs_ >= runs_end || stopped_) return false;
  if (ReplayOnce(scenario, prefix)) return true;
  const bool effective = prefix.empty() || replay_.used(prefix.size() - 1);
  if (more == 0 || !effective) return false;

  struct Decision {
    uint16_t number;
    uint8_t cpu;
    size_t index;  // of the next event
  };
  std::vector<Decision> decisions;
  if (prefix.empty()) decisions.push_back({0, 0, 0});
  const Engine& engine = Runner::Get().engine();
  for (size_t i = from_event; i < engine.event_count(); ++i) {
    const Event& event = engine.events()[i];
    if (!IsStep(event)) continue;
    decisions.push_back({static_cast<uint16_t>(event.number + 1), event.cpu, i + 1});
  }
  for (const Decision& decision : decisions) {
    for (uint8_t to = 0; to < scenario.cpu_count; ++to) {
      if (to == decision.cpu) continue;
      if (!prefix.push_back({decision.number, decision.cpu, to})) return false;
      const bool found = Extend(scenario, prefix, decision.index, more - 1, runs_end);
      prefix.pop_back();
      if (found) return true;
    }
  }
  return false;
}

std::vector<Landmark> ScheduleSearch::LandmarksOfLastRun() const {
  const Engine& engine = Runner::Get().engine();
  std::vector<Landmark> landmarks;
  for (const Preemption& entry : engine.taken()) {
    Landmark landmark = {entry.cpu, entry.to, nullptr, kNoLocation, 0, 0, entry.kind, entry.amount};
    if (entry.event == 0) {
      landmarks.push_back(landmark);
      continue;
    }
    for (size_t i = 0; i < engine.event_count() && landmark.site == nullptr; ++i) {
      const Event& event = engine.events()[i];
      if (event.cpu != entry.cpu || event.number != entry.event || !IsStep(event)) continue;
      landmark.site = event.site;
      landmark.location = event.location;
    }
    if (landmark.site == nullptr) {
      // Never executed: the run was cut short, or the CPU had ended.
      const PendingEvent& pending = engine.pending(entry.cpu);
      if (pending.site == nullptr || engine.pending_number(entry.cpu) != entry.event) continue;
      landmark.site = pending.site;
      landmark.location = pending.location;
    }
    landmark.occurrence = landmark.occurrence_of_site = 1;
    for (size_t i = 0; i < engine.event_count(); ++i) {
      const Event& event = engine.events()[i];
      if (event.cpu != entry.cpu || event.number >= entry.event || !IsStep(event)) continue;
      if (SamePlace(landmark, event.site, event.location, true)) ++landmark.occurrence;
      if (SamePlace(landmark, event.site, event.location, false)) ++landmark.occurrence_of_site;
    }
    landmarks.push_back(landmark);
  }
  return landmarks;
}

EventRange ScheduleSearch::RangeOfLastRun(CpuId cpu, int operation) const {
  const Engine& engine = Runner::Get().engine();
  EventRange range;
  for (size_t i = 0; i < engine.event_count(); ++i) {
    const Event& event = engine.events()[i];
    if (event.cpu != cpu) continue;
    if (event.kind == EventKind::kNote && event.before == static_cast<uint64_t>(operation)) {
      if (event.detail == WR_NOTE_OP_BEGIN) range.first = event.number;
      if (event.detail == WR_NOTE_OP_END) return {range.first, event.number};
    }
    range.end = event.number + 1;  // an operation that did not end
  }
  return range.first == 0 ? EventRange{} : range;
}

}  // namespace walkrace
