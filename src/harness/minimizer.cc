#include "harness/minimizer.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/minimizer_edits.h"
#include "harness/minimizer_search.h"
#include "harness/replays.h"

namespace walkrace {
namespace {

// What one candidate scenario may cost where no schedule is found for it.
constexpr uint64_t kBoundedRunsMax = 10'000;
constexpr uint64_t kRandomRunsMax = 1'000;
constexpr uint64_t kSearchStepsMax = 1'000'000;
// The search for fewer preemptions at the end: all schedules with two of them, of a small scenario.
constexpr int kPreemptionsSearched = 2;
constexpr uint64_t kFewerRunsMax = 30'000;
constexpr uint64_t kFewerStepsMax = 3'000'000;
// All in all, some seconds; the best input so far is the result then.
constexpr uint64_t kRunsMax = 200'000;
constexpr uint64_t kStepsInAllMax = 20'000'000;
constexpr uint64_t kRunsPerProgress = 16;

class Minimizer {
 public:
  Minimizer(const RunContext& context, const MinimizeOptions& options, MinimizeResult& best)
      : search_(context, options.oracle), options_(options), best_(best) {
    search_.set_after_run([this] { return AfterRun(); });
  }

  bool Begin(const Input& input) {
    if (!search_.Replay(input.scenario, input.schedule)) return false;
    Accept(input.scenario);
    return true;
  }

  void Run() {
    ReduceSchedule();
    do {
      while (ReduceScenario()) {
      }
    } while (LetCpuZeroStart() || FindFewerPreemptions());
    PreemptLate();
    ReduceAmounts();
  }

  uint64_t runs() const { return search_.runs(); }

 private:
  // Returns whether to stop.
  bool AfterRun() {
    if (search_.runs() >= kRunsMax || search_.steps() >= kStepsInAllMax) return true;
    if (!options_.progress || search_.runs() % kRunsPerProgress != 0) return false;
    return !options_.progress(SizeOf(best_.input), search_.runs());
  }

  // Runs that take no more than `steps_max` steps together, were they all as long as the best one.
  uint64_t RunsFor(uint64_t steps_max, uint64_t runs_max) const {
    return std::min(runs_max, 1 + steps_max / (1 + best_.report.run.steps));
  }

  // The search's last run violated the oracle with this scenario: it is the best one now.
  void Accept(const Scenario& scenario) {
    best_.input.scenario = scenario;
    best_.input.schedule = search_.schedule();
    best_.report = search_.report();
    landmarks_ = search_.LandmarksOfLastRun();
    for (CpuId cpu = 0; cpu < kCpusMax; ++cpu) {
      for (int i = 0; i < kOperationsMax; ++i) ranges_[cpu][i] = search_.RangeOfLastRun(cpu, i);
    }
  }

  // --- Schedules -------------------------------------------------------------------------------

  bool TrySchedule(const Schedule& schedule) {
    if (!search_.Replay(best_.input.scenario, schedule)) return false;
    if (search_.schedule().size() > schedule.size()) return false;
    Accept(best_.input.scenario);
    return true;
  }

  // The same where late stores among those that were deleted are not events of their own any more:
  // each took a number, somewhere behind the store.
  bool TryWithoutCommits(size_t first, size_t length, const Schedule& shorter) {
    const Schedule& all = best_.input.schedule;
    for (size_t i = first; i < std::min<size_t>(first + length, all.size()); ++i) {
      if (all[i].kind != EntryKind::kLate) continue;
      Schedule shifted = shorter;
      for (Preemption& entry : shifted) {
        if (entry.cpu == all[i].cpu && entry.event > all[i].event + 1) --entry.event;
      }
      if (TrySchedule(shifted)) return true;
    }
    return false;
  }

  // As little older, and as little later, as does it.
  void ReduceAmounts() {
    for (size_t i = 0; i < best_.input.schedule.size(); ++i) {
      while (i < best_.input.schedule.size() && best_.input.schedule[i].amount > 1) {
        Schedule less = best_.input.schedule;
        --less[i].amount;
        if (!TrySchedule(less)) break;
      }
    }
  }

  // Deletes chunks of preemptions until none can be deleted alone.
  void ReduceSchedule() {
    for (size_t length = std::max<size_t>(best_.input.schedule.size(), 1); length >= 1;) {
      bool deleted = false;
      for (size_t first = 0; first < best_.input.schedule.size();) {
        Schedule shorter;
        for (size_t i = 0; i < best_.input.schedule.size(); ++i) {
          if (i < first || i >= first + length) (void)shorter.push_back(best_.input.schedule[i]);
        }
        if (TrySchedule(shorter) || TryWithoutCommits(first, length, shorter)) {
          deleted = true;
        } else {
          first += length;
        }
      }
      // Effects of one deletion on another: single ones again until nothing changes.
      if (length > 1 || !deleted) length /= 2;
    }
  }

  // An entry that only says who starts is not needed where the one that starts is CPU 0.
  bool LetCpuZeroStart() {
    Scenario scenario = best_.input.scenario;
    Schedule schedule;
    uint8_t starter = 0;
    for (const Preemption& entry : best_.input.schedule) {
      if (entry.event == 0 && entry.kind == EntryKind::kPreempt) starter = entry.to;
    }
    if (starter == 0) return false;
    const auto renamed = [starter](uint8_t cpu) {
      return cpu == 0 ? starter : cpu == starter ? uint8_t{0} : cpu;
    };
    std::swap(scenario.cpus[0], scenario.cpus[starter]);
    for (const Preemption& entry : best_.input.schedule) {
      if (entry.event == 0) continue;
      Preemption other = entry;
      other.cpu = renamed(entry.cpu);
      if (entry.kind == EntryKind::kPreempt) other.to = renamed(entry.to);
      (void)schedule.push_back(other);
    }
    if (!search_.Replay(scenario, schedule)) return false;
    if (search_.schedule().size() >= best_.input.schedule.size()) return false;
    Accept(scenario);
    return true;
  }

  // The numbers of the CPUs are part of the default order: another one may go first.
  bool FindFewerPreemptions() {
    const size_t now = best_.input.schedule.size();
    if (now == 0) return false;
    const int bound = static_cast<int>(std::min<size_t>(now - 1, kPreemptionsSearched));
    for (int first = 0; first < best_.input.scenario.cpu_count; ++first) {
      Scenario scenario = best_.input.scenario;
      std::swap(scenario.cpus[0], scenario.cpus[first]);
      if (!search_.Bounded(scenario, bound, RunsFor(kFewerStepsMax, kFewerRunsMax))) continue;
      Accept(scenario);
      return true;
    }
    return false;
  }

  // Moves each preemption to the last event where it still does it: that is the event that must
  // not come too early, and the one that its line in the file should name.
  void PreemptLate() {
    for (size_t i = best_.input.schedule.size(); i-- > 0;) {
      while (i < best_.input.schedule.size() && best_.input.schedule[i].event != 0 &&
             best_.input.schedule[i].kind == EntryKind::kPreempt) {
        Schedule later = best_.input.schedule;
        ++later[i].event;
        const size_t size = later.size();
        if (later[i].event >= kStepsMax || !search_.Replay(best_.input.scenario, later)) break;
        if (search_.schedule().size() != size) break;
        Accept(best_.input.scenario);
      }
    }
  }

  // --- Scenarios -------------------------------------------------------------------------------

  // Tries every edit once. Returns whether one was kept.
  bool ReduceScenario() {
    bool reduced = false;
    for (bool again = true; again && !search_.stopped();) {
      again = false;
      for (const Edit& edit : SmallerScenarios(best_.input.scenario)) {
        if (!TryEdit(edit)) continue;
        Accept(edit.scenario);
        ReduceSchedule();
        reduced = again = true;
        break;
      }
    }
    return reduced;
  }

  bool TryEdit(const Edit& edit) {
    const Schedule schedule = Map(edit, best_.input.schedule);
    if (search_.Replay(edit.scenario, schedule)) return true;
    if (edit.cut_cpu != kNoCpu && search_.Replay(edit.scenario, Shift(edit, schedule))) return true;
    const std::vector<Landmark> landmarks = Map(edit, landmarks_);
    if (search_.Follow(edit.scenario, landmarks, true)) return true;
    if (search_.Follow(edit.scenario, landmarks, false)) return true;
    const bool searched = std::find(failed_.begin(), failed_.end(), edit.scenario) != failed_.end();
    if (searched || search_.stopped()) return false;
    if (search_.Bounded(edit.scenario, kPreemptionsSearched,
                        RunsFor(kSearchStepsMax, kBoundedRunsMax)))
      return true;
    if (search_.Random(edit.scenario, RunsFor(kSearchStepsMax, kRandomRunsMax))) return true;
    failed_.push_back(edit.scenario);
    return false;
  }

  static Schedule Map(const Edit& edit, const Schedule& from) {
    Schedule schedule;
    for (Preemption entry : from) {
      const bool preempts = entry.kind == EntryKind::kPreempt;
      const CpuId to = preempts ? CpuAfter(edit, entry.to) : 0;
      // Number 0 is the start, which is CPU 0's whoever CPU 0 is.
      const CpuId cpu = entry.event == 0 ? 0 : CpuAfter(edit, entry.cpu);
      if (cpu == kNoCpu || to == kNoCpu || (preempts && cpu == to)) continue;
      entry.cpu = static_cast<uint8_t>(cpu);
      entry.to = static_cast<uint8_t>(to);
      (void)schedule.push_back(entry);
    }
    return schedule;
  }

  static std::vector<Landmark> Map(const Edit& edit, const std::vector<Landmark>& from) {
    std::vector<Landmark> landmarks;
    for (Landmark landmark : from) {
      const bool preempts = landmark.kind == EntryKind::kPreempt;
      const CpuId to = preempts ? CpuAfter(edit, landmark.to) : 0;
      const CpuId cpu = landmark.site == nullptr ? 0 : CpuAfter(edit, landmark.cpu);
      if (cpu == kNoCpu || to == kNoCpu || (preempts && cpu == to)) continue;
      landmark.cpu = static_cast<uint8_t>(cpu);
      landmark.to = static_cast<uint8_t>(to);
      landmarks.push_back(landmark);
    }
    return landmarks;
  }

  // The schedule without the events of the operations that were cut.
  Schedule Shift(const Edit& edit, Schedule schedule) const {
    const uint16_t first = ranges_[edit.cut_cpu][edit.cut_first].first;
    const uint16_t end = ranges_[edit.cut_cpu][edit.cut_end - 1].end;
    for (Preemption& entry : schedule) {
      if (entry.cpu != edit.cut_cpu || entry.event <= first || end <= first) continue;
      entry.event = entry.event >= end ? entry.event - (end - first) : first;
    }
    return schedule;
  }

  ScheduleSearch search_;
  const MinimizeOptions& options_;
  MinimizeResult& best_;

  // Of the best run.
  std::vector<Landmark> landmarks_;
  EventRange ranges_[kCpusMax][kOperationsMax];
  // Scenarios for which the searches found nothing.
  std::vector<Scenario> failed_;
};

}  // namespace

InputSize SizeOf(const Input& input) {
  InputSize size;
  size.cpus = input.scenario.cpu_count;
  for (const OperationList& operations : input.scenario.cpus) {
    size.operations += static_cast<int>(operations.size());
    for (const Operation& operation : operations) size.pages += operation.count;
  }
  for (const PageState page : input.scenario.layout.pages) size.pages += page != PageState::kNone;
  size.preemptions = static_cast<int>(input.schedule.size());
  return size;
}

bool Minimize(const Input& input, const RunContext& context, const MinimizeOptions& options,
              MinimizeResult& result) {
  const auto best = std::make_unique<MinimizeResult>();
  Minimizer minimizer(context, options, *best);
  if (!minimizer.Begin(input)) return false;
  minimizer.Run();
  // The engine is to hold its trace. Where ThreadSanitizer reports nothing this time, it holds a
  // longer one, which begins alike.
  const Report last = ReplayFound(best->input, context, options.oracle);
  if (!MissedByChance(last, options.oracle)) best->report = last;
  best->runs = minimizer.runs() + 1;
  result = *best;
  return true;
}

}  // namespace walkrace
