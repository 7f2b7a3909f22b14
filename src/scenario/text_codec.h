// The text form, `.walk`: an input with what people add to it. Line-based, '#' starts a comment,
// the first line that is not a comment gives the version. Grammar: src/scenario/README.md.
//
//   walkrace 1
//   target gup_vs_collapse
//   variant collapse-race
//   profile arm64
//   expect no-pinned-page-freed
//   map 0-1 rw
//   cpu 0
//     pin 0-1 write
//     write-pinned
//     unpin
//   cpu 1
//     collapse 0-7
//   preempt cpu 0 at start to cpu 1
//   preempt cpu 1 before event 9 to cpu 0 at gup_pte_range load pmd[0]
//
// and, under a weak memory model (line "memory lkmm"), loads that read an older value, by so many
// writes, and stores that take effect later, by so many events of their CPU:
//
//   old cpu 0 event 14 by 1 at gup_pte_range load pmd[0]
//   late cpu 1 event 9 by 3 at collapse_huge_page store pmd[0]
#ifndef WALKRACE_SCENARIO_TEXT_CODEC_H_
#define WALKRACE_SCENARIO_TEXT_CODEC_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "scenario/scenario.h"

namespace walkrace {

inline constexpr std::string_view kTraceLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
inline constexpr size_t kLettersAnEvent = 2;

struct TextPlace {
  size_t line = 0;  // both count from 1; 0: nowhere
  size_t column = 0;
};

// Where the words stand that the harness checks, for its messages.
struct WordPlaces {
  TextPlace target, expect, tree, memory;
  std::vector<TextPlace> variants;  // as many as the file names

  // Two files that say the same are the same.
  friend bool operator==(const WordPlaces&, const WordPlaces&) { return true; }
};

struct WalkFile {
  Input input;
  // Empty where the file does not say. Known names only are accepted for the profile; target,
  // variant and expectation are words ([a-z0-9_-]+) that the harness checks.
  std::string target;
  std::vector<std::string> variants;
  std::string expect;
  std::string tree;    // the kernel tree whose code ran ([A-Za-z0-9._+-]+); empty: walkrace's paths
  std::string memory;  // the memory model ([a-z0-9_-]+); empty: sc
  WordPlaces places;
  // For each entry of input.schedule, the event that it was recorded before ("gup_pte_range load
  // pmd[0]"), or empty. Same length as the schedule.
  std::vector<std::string> preemption_names;
  // The run that was recorded, kLettersAnEvent of kTraceLetters for each event
  // (harness/recorded_trace.h); empty where the file does not say.
  std::string trace;
  // Comment lines above the version line or directly below it (no blank line between), without
  // "# ", in order. Comments elsewhere, and behind something on a line, are dropped.
  std::vector<std::string> comments;

  friend bool operator==(const WalkFile&, const WalkFile&) = default;
};

// Returns an InvalidArgument error "line L, column C: what is wrong; what is expected". Lines and
// columns count from 1, columns in bytes.
absl::StatusOr<WalkFile> ParseText(std::string_view text);

// ParseText(PrintText(file)) == file. Comments come out below the version line.
// REQUIRES: the input is normalized; target, variants and expectation are words; event names have
// no '#', no control characters and no blanks at their ends; comments have no line break; the trace
// is whole events.
std::string PrintText(const WalkFile& file);

// Either form, told apart by content: text iff the bytes begin like a .walk file (comments, blank
// lines and then the word "walkrace"). Never fails on bytes.
absl::StatusOr<WalkFile> ParseAny(std::string_view content);

}  // namespace walkrace

#endif  // WALKRACE_SCENARIO_TEXT_CODEC_H_
