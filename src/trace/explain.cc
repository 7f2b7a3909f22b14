#include "trace/explain.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "oracle/data_race_oracle.h"
#include "oracle/progress_oracle.h"
#include "trace/columns.h"
#include "trace/relevance.h"
#include "trace/story.h"
#include "trace/words.h"

namespace walkrace {
namespace {

constexpr size_t kWidthMin = 60;
constexpr size_t kPreemptionsNamed = 4;
constexpr size_t kOldLoadsNamed = 4;
constexpr int kNever = 1 << 30;
constexpr int kNoFolds = -1;

// From rich to terse: the first that fits is told.
constexpr StoryDetail kDetails[] = {
    {Relevance::kDetail, 3},     {Relevance::kDetail, 8},       {Relevance::kContext, 3},
    {Relevance::kContext, 8},    {Relevance::kContext, kNever}, {Relevance::kStory, 8},
    {Relevance::kStory, kNever},
};

// Behind those, with as many events as there is room for: the first that has room for `told_min`.
struct ClosestDetail {
  StoryDetail detail;
  size_t told_min;
};
constexpr StoryDetail Close(int fold_steps_min, bool fates, size_t names, size_t elsewhere) {
  return {.least = Relevance::kStory,
          .fold_steps_min = fold_steps_min,
          .fates = fates,
          .names_max = names,
          .names_max_elsewhere = elsewhere};
}
constexpr ClosestDetail kClosestDetails[] = {
    {Close(8, true, 3, 3), 8},       {Close(kNever, true, 3, 3), 6},
    {Close(kNever, false, 3, 0), 6}, {Close(kNever, false, 1, 0), 5},
    {Close(kNever, false, 0, 0), 0}, {Close(kNoFolds, false, 0, 0), 0},
};

using Lines = std::vector<std::string>;

void Append(Lines& lines, absl::string_view text, size_t width, size_t indent) {
  for (std::string& line : Wrap(text, width, indent)) lines.push_back(std::move(line));
}

// "CPU 0: pin 0-1 write; write-pinned; unpin"
std::string HeadOf(const TraceView& view, CpuId cpu) {
  std::string head = absl::StrCat("CPU ", cpu);
  const char* separator = ": ";
  for (const Operation& operation : view.scenario.cpus[cpu]) {
    absl::StrAppend(&head, separator, ToText(operation).text);
    separator = "; ";
  }
  return head;
}

// "(1) CPU 1, is_refcount_suitable(): load folio1.refcount: 1   src/paths/collapse.cc:18"
std::string MarkedWords(const TraceView& view, uint32_t index, int mark) {
  const Event& event = view.events[index];
  const std::string function = FunctionOf(event);
  std::string words =
      absl::StrCat("(", mark, ") CPU ", event.cpu, ": ", EventWords(event, &view.scenario));
  if (!function.empty()) absl::StrAppend(&words, " in ", function, "()");
  if (event.site != nullptr) absl::StrAppend(&words, ", ", event.site->file, ":", event.site->line);
  return words;
}

// What would have been well, or null where the two events do not say.
const char* Remedy(const TraceView& view) {
  const auto [first, second] = std::pair(view.violation.first_event, view.violation.second_event);
  if (first >= view.count || second >= view.count) return nullptr;
  if (view.events[first].cpu == view.events[second].cpu) return nullptr;
  if (second < first) return nullptr;  // it did, and all was not well
  const absl::string_view oracle = view.violation.oracle;
  if (oracle == kDataRaceName) return "Nothing orders (1) and (2).";
  return oracle == kProgressName ? "Had (2) come before (1), they would not wait for each other."
                                 : "Had (2) come before (1), the invariant would hold.";
}

void AppendFinding(const TraceView& view, size_t width, Lines& lines) {
  const Violation& violation = view.violation;
  if (violation.oracle == nullptr) {
    lines.push_back("No invariant is violated.");
    return;
  }
  Append(lines,
         absl::StrCat("Violated: ", violation.oracle, ". ", violation.message,
                      absl::EndsWith(violation.message, ".") ? "" : "."),
         width, 2);
  int marks = 0;
  for (const uint32_t index : {violation.first_event, violation.second_event}) {
    if (index >= view.count) continue;
    const int mark = MarkOf(view, index);
    if (mark == marks) continue;  // one event is both
    marks = mark;
    Append(lines, MarkedWords(view, index, mark), width, 4);
  }
  if (const char* remedy = Remedy(view); remedy != nullptr) lines.push_back(remedy);
}

// "CPU 0 before its event 11 (to CPU 1)"
std::string PreemptionWords(const Preemption& entry) {
  if (entry.event == 0) return absl::StrCat("CPU ", entry.to, " starts");
  return absl::StrCat("CPU ", entry.cpu, " before its event ", entry.event, " (to CPU ", entry.to,
                      ")");
}

std::string ScheduleWords(const TraceView& view) {
  size_t count = 0, old = 0, late = 0;
  std::vector<std::string> entries;
  for (const Preemption& entry : view.preemptions) {
    old += entry.kind == EntryKind::kOld;
    late += entry.kind == EntryKind::kLate;
    if (entry.kind != EntryKind::kPreempt) continue;
    if (++count <= kPreemptionsNamed) entries.push_back(PreemptionWords(entry));
  }
  std::string words = "No preemption";
  if (count != 0) {
    words = absl::StrCat(
        count, count == 1 ? " preemption: " : " preemptions: ", absl::StrJoin(entries, ", "));
  }
  if (count > kPreemptionsNamed) absl::StrAppend(&words, ", and so on");
  if (old != 0) absl::StrAppend(&words, "; ", old, old == 1 ? " old load" : " old loads");
  if (late != 0) absl::StrAppend(&words, "; ", late, late == 1 ? " late store" : " late stores");
  return words + ".";
}

// The first write to the load's location that it could have read and did not.
const Event* FirstMissed(const TraceView& view, const Engine::OldLoad& load) {
  const Event& event = view.events[load.event];
  const size_t from = load.store == Engine::kNoStore ? 0 : load.store + size_t{1};
  for (size_t i = from; i < load.event; ++i) {
    const Event& write = view.events[i];
    const bool writes = write.kind == EventKind::kStore ||
                        (write.kind == EventKind::kRmw && !write.failed) ||
                        write.kind == EventKind::kLock || write.kind == EventKind::kUnlock;
    if (writes && write.location == event.location && write.cpu != event.cpu) return &write;
  }
  return nullptr;
}

// "gup_pte_range() reads pmd[0] = T0, 3 steps old: CPU 1 did: clear pmd[0]: T0 -> none at step 14;
// nothing orders this read after that."
std::string OldLoadWords(const TraceView& view, const Engine::OldLoad& load) {
  const Event& event = view.events[load.event];
  std::string words =
      absl::StrCat("CPU ", event.cpu, ", ", FunctionOf(event), "(), reads ", NameOf(event.location),
                   " = ", ValueWords(event.location, event.before));
  const Event* const missed = FirstMissed(view, load);
  if (missed == nullptr) return absl::StrCat(words, ", which is old.");
  const uint32_t age = event.step - missed->step;
  return absl::StrCat(words, ", ", age, age == 1 ? " step" : " steps", " old: at step ",
                      missed->step, " CPU ", missed->cpu, " did ", EventWords(*missed, nullptr),
                      "; nothing orders this read after that.");
}

// "CPU 1, pte_alloc(), stores to pmd[0] at step 9, and that takes effect at step 14."
std::string LateStoreWords(const TraceView& view, size_t issue) {
  const Event& event = view.events[issue];
  std::string words =
      absl::StrCat("CPU ", event.cpu, ", ", FunctionOf(event), "(), stores to ",
                   NameOf(event.location), " at step ", event.step, ", and that takes effect ");
  for (size_t i = issue + 1; i < view.count; ++i) {
    const Event& store = view.events[i];
    if (store.kind != EventKind::kStore || store.cpu != event.cpu || store.site != event.site ||
        store.location != event.location) {
      continue;
    }
    return absl::StrCat(words, "at step ", store.step, ".");
  }
  return words + "never in this run.";
}

void AppendWeakMemory(const TraceView& view, size_t width, Lines& lines) {
  size_t named = 0;
  for (const Engine::OldLoad& load : view.old_loads) {
    if (load.event >= view.count || ++named > kOldLoadsNamed) break;
    Append(lines, OldLoadWords(view, load), width, 2);
  }
  for (size_t i = 0; i < view.count; ++i) {
    if (view.events[i].kind != EventKind::kIssue || ++named > 2 * kOldLoadsNamed) continue;
    Append(lines, LateStoreWords(view, i), width, 2);
  }
}

std::string CountWords(const TraceView& view, const std::vector<StoryItem>& story, bool full) {
  // Counted as replay counts: what was noted on the way is no event.
  const auto told = std::count_if(story.begin(), story.end(), [](const StoryItem& item) {
    return item.kind == StoryItem::kEvent && item.number != 0;
  });
  const auto all = std::count_if(view.events, view.events + view.count, IsStep);
  return absl::StrCat(" ", told, " of ", all, " events shown", full ? "." : "; --full shows all.");
}

class Explainer {
 public:
  Explainer(const TraceView& view, const ExplainOptions& options)
      : view_(view),
        options_(options),
        width_(std::max(options.width, kWidthMin)),
        grades_(GradeEvents(view)) {}

  std::string Text() {
    std::vector<StoryItem> story;
    if (options_.full) {
      story = TellStory(view_, grades_, {Relevance::kNoise, 0});
    } else {
      story = FittingStory();
    }
    return absl::StrCat(absl::StrJoin(LinesOf(story), "\n"), "\n");
  }

 private:
  std::vector<StoryItem> FittingStory() const {
    std::vector<StoryItem> story;
    for (const StoryDetail& detail : kDetails) {
      story = TellStory(view_, grades_, detail);
      if (LinesOf(story).size() <= options_.lines_max) return story;
    }
    // Even the tersest is too long: what is close to the two events, as much as there is room for.
    for (const auto& [detail, told_min] : kClosestDetails) {
      const size_t fits = CountThatFits(detail);
      story = TellStory(view_, grades_, WithClosest(detail, fits));
      if (fits >= told_min && LinesOf(story).size() <= options_.lines_max) return story;
    }
    return story;
  }

  static StoryDetail WithClosest(StoryDetail detail, size_t count) {
    detail.closest = count;
    return detail;
  }

  size_t CountThatFits(const StoryDetail& detail) const {
    size_t fits = 0;
    for (size_t count = view_.count; count > 0; count /= 2) {
      while (fits + count <= view_.count &&
             LinesOf(TellStory(view_, grades_, WithClosest(detail, fits + count))).size() <=
                 options_.lines_max) {
        fits += count;
      }
    }
    return fits;
  }

  Lines LinesOf(const std::vector<StoryItem>& story) const {
    Lines lines;
    if (!options_.title.empty()) Append(lines, options_.title, width_, 2);
    ColumnLayout layout{.cpu_count = view_.cpu_count, .width = width_, .numbered = options_.full};
    for (CpuId cpu = 0; cpu < view_.cpu_count; ++cpu) layout.heads.push_back(HeadOf(view_, cpu));
    for (std::string& line : LayOut(story, layout)) lines.push_back(std::move(line));
    lines.emplace_back();
    AppendFinding(view_, width_, lines);
    AppendWeakMemory(view_, width_, lines);
    Append(lines, ScheduleWords(view_) + CountWords(view_, story, options_.full), width_, 2);
    return lines;
  }

  const TraceView& view_;
  const ExplainOptions& options_;
  const size_t width_;
  const std::vector<EventGrade> grades_;
};

}  // namespace

std::string ExplainText(const TraceView& view, const ExplainOptions& options) {
  return Explainer(view, options).Text();
}

}  // namespace walkrace
