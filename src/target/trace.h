// The last run of a target in words.
#ifndef WALKRACE_TARGET_TRACE_H_
#define WALKRACE_TARGET_TRACE_H_

#include <string>

#include "target/runner.h"

namespace walkrace {

// "lookup 3".
std::string CallWords(const wr_target& target, const TargetCall& call);

// "erase store root[0]": says nothing of values, so that it names the event in every run.
std::string EventName(TargetRunner& runner, const Event& event);
std::string EventName(TargetRunner& runner, const PendingEvent& event);

// Event by event, a line each; where one CPU hands over to another.
std::string PrintTargetTrace(TargetRunner& runner);

}  // namespace walkrace

#endif  // WALKRACE_TARGET_TRACE_H_
