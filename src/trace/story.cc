#include "trace/story.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "kernel/notes.h"
#include "machine/inspect.h"
#include "trace/deeds.h"
#include "trace/words.h"

namespace walkrace {
namespace {

constexpr uint64_t kNoOperation = UINT64_MAX;
constexpr CpuMask kEveryCpu = ~CpuMask{0};

// What is left untold of one CPU since its last item.
class Fold {
 public:
  // `operation` is the CPU's that the event is of.
  void Add(const Event& event, size_t index, uint64_t operation) {
    last_index_ = index;
    if (IsStep(event)) {
      if (steps_ == 0) first_operation_ = operation;
      last_operation_ = operation;
      ++steps_;
    }
  }

  Deeds& deeds() { return deeds_; }

  // Whether it deserves a line.
  bool IsWorthIt(int steps_min) const {
    return steps_ > 0 && steps_min >= 0 && (steps_ >= steps_min || deeds_.AreWorthALine());
  }

  std::string Text(size_t names_max) const {
    const std::string words = deeds_.Words(names_max);
    return absl::StrCat("... ", steps_, steps_ == 1 ? " step" : " steps", words.empty() ? "" : ": ",
                        words);
  }

  size_t last_index() const { return last_index_; }
  uint64_t first_operation() const { return first_operation_; }
  uint64_t last_operation() const { return last_operation_; }
  void Clear() { *this = Fold(); }

 private:
  int steps_ = 0;
  size_t last_index_ = 0;
  uint64_t first_operation_ = kNoOperation;
  uint64_t last_operation_ = kNoOperation;
  Deeds deeds_;
};

// The distance of each to the next anchor before or behind.
std::vector<size_t> DistancesTo(const std::vector<bool>& anchors) {
  std::vector<size_t> distance(anchors.size(), std::numeric_limits<size_t>::max() / 2);
  for (size_t i = 0; i < anchors.size(); ++i) {
    if (anchors[i]) {
      distance[i] = 0;
    } else if (i > 0) {
      distance[i] = distance[i - 1] + 1;
    }
  }
  for (size_t i = anchors.size(); i-- > 1;) {
    distance[i - 1] = std::min(distance[i - 1], distance[i] + 1);
  }
  return distance;
}

class Teller {
 public:
  Teller(const TraceView& view, const std::vector<EventGrade>& grades, const StoryDetail& detail)
      : view_(view), grades_(grades), detail_(detail) {}

  std::vector<StoryItem> Tell() {
    ChooseTold();
    for (size_t i = 0; i < view_.count; ++i) {
      const Event& event = view_.events[i];
      if (event.cpu >= kCpusMax) continue;
      if (event.kind == EventKind::kNote && event.detail == WR_NOTE_OP_BEGIN) {
        BeginOperation(event);
        if (MarkOf(view_, i) != 0) TellEvent(i);
      } else if (told_[i]) {
        TellEvent(i);
      } else {
        AddToFold(i);
      }
    }
    TellWaits();
    return std::move(items_);
  }

 private:
  bool IsClosest() const { return detail_.closest != SIZE_MAX; }

  void ChooseTold() {
    told_.resize(view_.count);
    std::vector<size_t> candidates;
    std::vector<bool> anchors;
    for (size_t i = 0; i < view_.count; ++i) {
      told_[i] = grades_[i].relevance <= detail_.least;
      if (MarkOf(view_, i) != 0) marked_ |= CpuMask{1} << view_.events[i].cpu;
      if (!told_[i]) continue;
      candidates.push_back(i);
      anchors.push_back(MarkOf(view_, i) != 0);
    }
    if (detail_.closest >= candidates.size()) return;
    anchors.back() = true;
    const std::vector<size_t> distance = DistancesTo(anchors);
    std::vector<size_t> order(candidates.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return std::pair(distance[a], a) < std::pair(distance[b], b);
    });
    for (size_t i = detail_.closest; i < order.size(); ++i) {
      const size_t index = candidates[order[i]];
      told_[index] = MarkOf(view_, index) != 0;
    }
  }

  // Told when something of the operation is, and only where the CPU has more than one.
  void BeginOperation(const Event& event) {
    const OperationList& operations = view_.scenario.cpus[event.cpu];
    if (operations.size() <= 1 || event.before >= operations.size()) return;
    operation_[event.cpu] = event.before;
  }

  void TellEvent(size_t index) {
    const Event& event = view_.events[index];
    const bool all = !IsClosest() || MarkOf(view_, index) != 0;
    FlushFolds(all ? kEveryCpu : CpuMask{1} << event.cpu);
    folds_[event.cpu].Clear();  // steps before this event are not told behind it
    TellOperation(event.cpu, operation_[event.cpu]);
    items_.push_back({.kind = StoryItem::kEvent,
                      .cpu = event.cpu,
                      .mark = MarkOf(view_, index),
                      .number = IsStep(event) ? event.number : uint16_t{0},
                      .function = FunctionOf(event),
                      .text = TextOf(index)});
  }

  std::string TextOf(size_t index) const {
    const Event& event = view_.events[index];
    // The note behind a user's access says better what it was.
    if (MarkOf(view_, index) != 0 && event.location != kNoLocation &&
        ObjectAt(event.location).kind == ObjectKind::kContent && index + 1 < view_.count) {
      const Event& note = view_.events[index + 1];
      if (note.kind == EventKind::kNote && note.location == event.location &&
          note.cpu == event.cpu) {
        return NoteWords(note, &view_.scenario);
      }
    }
    std::string words = EventWords(event, &view_.scenario);
    if (!grades_[index].again) return words;
    return absl::StrCat("re-read ", absl::StripPrefix(words, "load "),
                        grades_[index].changed ? " (changed)" : " (no change)");
  }

  void AddToFold(size_t index) {
    const Event& event = view_.events[index];
    Fold& fold = folds_[event.cpu];
    fold.Add(event, index, operation_[event.cpu]);
    fold.deeds().AddSynchronisation(event);
    if (grades_[index].relevance == Relevance::kNoise) return;
    fold.deeds().AddSection(event);
    if (detail_.fates) fold.deeds().AddFate(event);
  }

  void TellOperation(CpuId cpu, uint64_t operation) {
    if (operation == told_operation_[cpu] || operation == kNoOperation) return;
    told_operation_[cpu] = operation;
    items_.push_back({.kind = StoryItem::kOperation, .cpu = cpu, .text = NameOf(cpu, operation)});
  }

  // "pin 0-1 write", "pin 0-1 write; write 0", "pin 0-1 write; ...; unpin": of one that the fold
  // begins in and one that it ends in.
  void TellOperationsOf(CpuId cpu, const Fold& fold) {
    const uint64_t first = fold.first_operation();
    const uint64_t last = fold.last_operation();
    if (first == last || first == kNoOperation) return TellOperation(cpu, last);
    told_operation_[cpu] = kNoOperation;  // what follows says which of them it is in
    items_.push_back({.kind = StoryItem::kOperation,
                      .cpu = cpu,
                      .text = absl::StrCat(NameOf(cpu, first), last == first + 1 ? "; " : "; ...; ",
                                           NameOf(cpu, last))});
  }

  std::string NameOf(CpuId cpu, uint64_t operation) const {
    return ToText(view_.scenario.cpus[cpu][operation]).text;
  }

  // In the order of their last steps, so that each stands where its CPU stopped.
  void FlushFolds(CpuMask which) {
    std::vector<CpuId> cpus;
    for (CpuId cpu = 0; cpu < kCpusMax; ++cpu) {
      if ((which >> cpu & 1) == 0) continue;
      if (folds_[cpu].IsWorthIt(detail_.fold_steps_min)) cpus.push_back(cpu);
    }
    std::sort(cpus.begin(), cpus.end(),
              [this](CpuId a, CpuId b) { return folds_[a].last_index() < folds_[b].last_index(); });
    for (const CpuId cpu : cpus) {
      TellOperationsOf(cpu, folds_[cpu]);
      const size_t names =
          (marked_ >> cpu & 1) != 0 ? detail_.names_max : detail_.names_max_elsewhere;
      items_.push_back({.kind = StoryItem::kFold, .cpu = cpu, .text = folds_[cpu].Text(names)});
    }
    for (CpuId cpu = 0; cpu < kCpusMax; ++cpu) {
      if ((which >> cpu & 1) != 0) folds_[cpu].Clear();
    }
  }

  void TellWaits() {
    for (CpuId cpu = 0; cpu < view_.cpu_count && cpu < kCpusMax; ++cpu) {
      const PendingEvent& wait = view_.waits_for[cpu];
      if (wait.site == nullptr) continue;
      FlushFolds(kEveryCpu);
      TellOperation(cpu, operation_[cpu]);
      items_.push_back({.kind = StoryItem::kWait,
                        .cpu = cpu,
                        .function = wait.site->function,
                        .text = WaitWords(wait.kind, wait.location)});
    }
  }

  const TraceView& view_;
  const std::vector<EventGrade>& grades_;
  const StoryDetail detail_;
  Fold folds_[kCpusMax];
  std::vector<bool> told_;  // by event
  CpuMask marked_ = 0;      // the CPUs with a marked event
  uint64_t operation_[kCpusMax] = {kNoOperation, kNoOperation, kNoOperation, kNoOperation};
  uint64_t told_operation_[kCpusMax] = {kNoOperation, kNoOperation, kNoOperation, kNoOperation};
  std::vector<StoryItem> items_;
};

}  // namespace

std::vector<StoryItem> TellStory(const TraceView& view, const std::vector<EventGrade>& grades,
                                 const StoryDetail& detail) {
  return Teller(view, grades, detail).Tell();
}

}  // namespace walkrace
