// The interleaving of a run as people draw it in a mail: one column a CPU, time running down, the
// violated invariant and the two events whose order did it below. Tells what matters for the
// finding; `full` tells every event.
#ifndef WALKRACE_TRACE_EXPLAIN_H_
#define WALKRACE_TRACE_EXPLAIN_H_

#include <cstddef>
#include <string>

#include "trace/trace_view.h"

namespace walkrace {

struct ExplainOptions {
  bool full = false;       // every event, however many lines that takes
  size_t width = 100;      // columns of text, at least 60
  size_t lines_max = 40;   // aimed at by telling less; the heads and the finding are never cut
  std::string title = {};  // a line above all, such as target, variant and profile; may be empty
};

// Ends with a line break.
std::string ExplainText(const TraceView& view, const ExplainOptions& options = {});

}  // namespace walkrace

#endif  // WALKRACE_TRACE_EXPLAIN_H_
