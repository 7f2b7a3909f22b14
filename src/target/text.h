// The text form of an input of a target: what a person reads, writes and keeps.
//   walkrace-target 1
//   target radix_tree
//   expect a lookup saw a freed leaf
//   cpu 0
//     lookup 3
//   cpu 1
//     remove 3
//   preempt cpu 1 before event 7 to cpu 0 at erase store root[0]
// Comments go from # to the end of a line. What stands behind "at" names the event in the run that
// wrote it: for the reader, and to see that the code has changed since.
#ifndef WALKRACE_TARGET_TEXT_H_
#define WALKRACE_TARGET_TEXT_H_

#include <string>
#include <string_view>
#include <vector>

#include "target/runner.h"

namespace walkrace {

struct TargetText {
  TargetInput input;
  std::string expect;              // empty: nothing is said
  std::vector<std::string> names;  // of the event of each preemption; empty where it has none
};

// Whether it begins as the text form does; all else is bytes.
bool IsTargetText(std::string_view content);

// Returns what is wrong, with its line, or an empty string. Any content is answered.
std::string ParseTargetText(const wr_target& target, std::string_view content, TargetText& text);

// `input` as the runner's last run took it, with its schedule as it took effect.
std::string PrintTargetText(TargetRunner& runner, const TargetInput& input, const char* expect);

// "erase store root[0]": of the last run, where its CPU did it or was about to; else empty.
std::string NameOfEvent(TargetRunner& runner, const Preemption& preemption);

}  // namespace walkrace

#endif  // WALKRACE_TARGET_TEXT_H_
