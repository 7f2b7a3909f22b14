// A run retold: the events that matter, in order, with what lies between them in a few words.
#ifndef WALKRACE_TRACE_STORY_H_
#define WALKRACE_TRACE_STORY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "trace/relevance.h"
#include "trace/trace_view.h"

namespace walkrace {

struct StoryItem {
  enum Kind : uint8_t {
    kOperation,  // an operation of the scenario begins
    kEvent,
    kFold,  // steps that are not told one by one
    kWait,  // the CPU cannot go on
  };
  Kind kind;
  CpuId cpu;
  int mark = 0;               // see MarkOf
  uint16_t number = 0;        // of a step; 0: no step
  std::string function = {};  // of an event; may be empty
  std::string text = {};
};

struct StoryDetail {
  Relevance least = Relevance::kNoise;  // the least relevant that is told
  // Fewer untold steps in a row, of which nothing is worth a word, are left out without a line.
  // Negative: all are.
  int fold_steps_min = 0;
  // Of those relevant enough, only so many: the closest to a marked one or to the last. Marked ones
  // are told in any case. What lies between is then told once for each CPU up to its next event or
  // the next marked one, not up to any CPU's next event.
  size_t closest = SIZE_MAX;
  bool fates = true;  // a fold says what became of folios and tables, not synchronisation alone
  // Of one kind in a fold: locks, folios. 0: see Deeds. The second is for the CPUs without a marked
  // event.
  size_t names_max = 3;
  size_t names_max_elsewhere = 3;
};

std::vector<StoryItem> TellStory(const TraceView& view, const std::vector<EventGrade>& grades,
                                 const StoryDetail& detail);

}  // namespace walkrace

#endif  // WALKRACE_TRACE_STORY_H_
