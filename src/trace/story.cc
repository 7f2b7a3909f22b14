#include "trace/story.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "kernel/notes.h"
#include "machine/inspect.h"
#include "trace/words.h"

namespace walkrace {
namespace {

// What is left untold of one CPU since its last item.
class Fold {
 public:
  void Add(const Event& event, const EventGrade& grade, size_t index) {
    last_index_ = index;
    if (IsStep(event)) ++steps_;
    if (grade.relevance != Relevance::kBackground) return;
    const Deed deed = DeedOf(event);
    if (deed.verb == nullptr) return;
    for (auto& [verb, objects] : deeds_) {
      if (verb != deed.verb) continue;
      absl::StrAppend(&objects, ", ", deed.object);
      return;
    }
    deeds_.emplace_back(deed.verb, deed.object);
  }

  // Whether it deserves a line.
  bool IsWorthIt(int steps_min) const {
    return steps_ > 0 && (steps_ >= steps_min || !deeds_.empty());
  }

  std::string Text() const {
    std::string text = absl::StrCat("... ", steps_, steps_ == 1 ? " step" : " steps");
    const char* separator = ": ";
    for (const auto& [verb, objects] : deeds_) {
      absl::StrAppend(&text, separator, verb, " ", objects);
      separator = "; ";
    }
    return text;
  }

  size_t last_index() const { return last_index_; }
  void Clear() { *this = Fold(); }

 private:
  int steps_ = 0;
  size_t last_index_ = 0;
  std::vector<std::pair<std::string, std::string>> deeds_;
};

class Teller {
 public:
  Teller(const TraceView& view, const std::vector<EventGrade>& grades, const StoryDetail& detail)
      : view_(view), grades_(grades), detail_(detail) {}

  std::vector<StoryItem> Tell() {
    for (size_t i = 0; i < view_.count; ++i) {
      const Event& event = view_.events[i];
      if (event.cpu >= kCpusMax) continue;
      if (event.kind == EventKind::kNote && event.detail == WR_NOTE_OP_BEGIN) {
        BeginOperation(event);
        if (MarkOf(view_, i) != 0) TellEvent(i);
      } else if (grades_[i].relevance <= detail_.least) {
        TellEvent(i);
      } else {
        folds_[event.cpu].Add(event, grades_[i], i);
      }
    }
    TellWaits();
    return std::move(items_);
  }

 private:
  // Told when something of the operation is, and only where the CPU has more than one.
  void BeginOperation(const Event& event) {
    const OperationList& operations = view_.scenario.cpus[event.cpu];
    if (operations.size() <= 1 || event.before >= operations.size()) return;
    operations_[event.cpu] = ToText(operations[event.before]).text;
  }

  void TellEvent(size_t index) {
    const Event& event = view_.events[index];
    FlushFolds();
    FlushOperation(event.cpu);
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

  void FlushOperation(CpuId cpu) {
    if (operations_[cpu].empty()) return;
    items_.push_back({.kind = StoryItem::kOperation, .cpu = cpu, .text = operations_[cpu]});
    operations_[cpu].clear();
  }

  // In the order of their last steps, so that each stands where its CPU stopped.
  void FlushFolds() {
    std::vector<CpuId> cpus;
    for (CpuId cpu = 0; cpu < kCpusMax; ++cpu) {
      if (folds_[cpu].IsWorthIt(detail_.fold_steps_min)) cpus.push_back(cpu);
    }
    std::sort(cpus.begin(), cpus.end(),
              [this](CpuId a, CpuId b) { return folds_[a].last_index() < folds_[b].last_index(); });
    for (const CpuId cpu : cpus) {
      FlushOperation(cpu);
      items_.push_back({.kind = StoryItem::kFold, .cpu = cpu, .text = folds_[cpu].Text()});
    }
    for (Fold& fold : folds_) fold.Clear();
  }

  void TellWaits() {
    for (CpuId cpu = 0; cpu < view_.cpu_count && cpu < kCpusMax; ++cpu) {
      const PendingEvent& wait = view_.waits_for[cpu];
      if (wait.site == nullptr) continue;
      FlushFolds();
      FlushOperation(cpu);
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
  std::string operations_[kCpusMax];
  std::vector<StoryItem> items_;
};

}  // namespace

std::vector<StoryItem> TellStory(const TraceView& view, const std::vector<EventGrade>& grades,
                                 const StoryDetail& detail) {
  return Teller(view, grades, detail).Tell();
}

std::vector<StoryItem> KeepClosest(const std::vector<StoryItem>& items, size_t count) {
  if (count >= items.size()) return items;
  // Distance to the next anchor before or behind.
  std::vector<size_t> distance(items.size(), std::numeric_limits<size_t>::max() / 2);
  for (size_t i = 0; i < items.size(); ++i) {
    const bool anchor = items[i].mark != 0 || i + 1 == items.size();
    if (anchor) {
      distance[i] = 0;
    } else if (i > 0) {
      distance[i] = distance[i - 1] + 1;
    }
  }
  for (size_t i = items.size() - 1; i-- > 0;) {
    distance[i] = std::min(distance[i], distance[i + 1] + 1);
  }
  std::vector<size_t> order(items.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(distance[a], a) < std::pair(distance[b], b);
  });
  std::vector<bool> kept(items.size());
  for (size_t i = 0; i < order.size(); ++i) kept[order[i]] = i < count || distance[order[i]] == 0;

  std::vector<StoryItem> closest;
  size_t left_out = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    if (!kept[i]) {
      ++left_out;
      continue;
    }
    if (left_out != 0) {
      closest.push_back({.kind = StoryItem::kFold,
                         .cpu = items[i].cpu,
                         .text = absl::StrCat("... ", left_out, " more")});
    }
    left_out = 0;
    closest.push_back(items[i]);
  }
  return closest;
}

}  // namespace walkrace
