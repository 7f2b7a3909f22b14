// A run for tools: every event with its words, the violation, the two events whose order did it,
// the preemptions.
#ifndef WALKRACE_TRACE_EXPLAIN_JSON_H_
#define WALKRACE_TRACE_EXPLAIN_JSON_H_

#include <nlohmann/json.hpp>

#include "trace/trace_view.h"

namespace walkrace {

// {"cpus": [{"cpu", "operations": [text]}],
//  "events": [{"index", "step", "cpu", "number", "kind", "function", "file", "line", "object",
//              "before", "after", "before_raw", "after_raw", "note", "text", "mark"}],
//  "violation": {"oracle", "message", "step", "cpu", "first_event", "second_event"} or null,
//  "preemptions": [{"cpu", "event", "to", "at"}]}
// "before" and "after" are values in words, null where there is no object; the raw ones are
// numbers (of a note: what kernel/notes.h says of it). "mark" is 1, 2 or null; "note" is null but
// for notes. Events are named by their index; step, cpu and number tell them apart for people.
nlohmann::json ExplainJson(const TraceView& view);

}  // namespace walkrace

#endif  // WALKRACE_TRACE_EXPLAIN_JSON_H_
