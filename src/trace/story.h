// A run retold: the events that matter, in order, with what lies between them in a few words.
#ifndef WALKRACE_TRACE_STORY_H_
#define WALKRACE_TRACE_STORY_H_

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
  int fold_steps_min = 0;
};

std::vector<StoryItem> TellStory(const TraceView& view, const std::vector<EventGrade>& grades,
                                 const StoryDetail& detail);

// The `count` items that are closest to a marked one or to the end, in order; every marked one is
// kept. Gaps are told as such.
std::vector<StoryItem> KeepClosest(const std::vector<StoryItem>& items, size_t count);

}  // namespace walkrace

#endif  // WALKRACE_TRACE_STORY_H_
