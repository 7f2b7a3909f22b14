// Lays a story out in one column a CPU, side by side, time running down.
#ifndef WALKRACE_TRACE_COLUMNS_H_
#define WALKRACE_TRACE_COLUMNS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "trace/story.h"

namespace walkrace {

// Breaks `text` at blanks into lines of at most `width` columns; longer words are cut.
// Lines after the first start with `indent` blanks. REQUIRES: indent < width.
std::vector<std::string> Wrap(absl::string_view text, size_t width, size_t indent);

struct ColumnLayout {
  int cpu_count;
  size_t width;                         // of all columns together
  std::vector<std::string> heads = {};  // one a CPU
  bool numbered = false;                // each step with its number: what a preemption names
};

// Lines without blanks at their ends. Functions stand as headings in their CPU's column, their
// events indented below; (1) and (2) stand before the marked events.
std::vector<std::string> LayOut(const std::vector<StoryItem>& items, const ColumnLayout& layout);

}  // namespace walkrace

#endif  // WALKRACE_TRACE_COLUMNS_H_
