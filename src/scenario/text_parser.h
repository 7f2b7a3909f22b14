// Reads a .walk file line by line into a WalkFile: one method a kind of line. For ParseText only.
#ifndef WALKRACE_SCENARIO_TEXT_PARSER_H_
#define WALKRACE_SCENARIO_TEXT_PARSER_H_

#include <string_view>

#include "absl/status/status.h"
#include "scenario/text_codec.h"
#include "scenario/text_line.h"

namespace walkrace {

class TextParser {
 public:
  // REQUIRES: `file` is as it was made; it outlives the parser.
  explicit TextParser(WalkFile& file) : file_(file) {}

  // Call it once. The file is of no use after an error.
  absl::Status Parse(std::string_view text);

 private:
  struct Directive {
    std::string_view word;
    void (TextParser::*parse)(TextLine& line);
    bool once;
  };
  static const Directive kDirectives[];

  // The frame: text_parser.cc.
  void Line(TextLine& line);
  void Comment(TextLine& line);
  void Version(TextLine& line);
  bool TryDirective(std::string_view word, TextLine& line);
  bool TryOperation(std::string_view word, TextLine& line);
  absl::Status CheckBackings();
  absl::Status CheckCpuCount(TextPlace end) const;

  // The lines, after their first word: text_parser_lines.cc.
  void Target(TextLine& line);
  void Tree(TextLine& line);
  void Memory(TextLine& line);
  void Old(TextLine& line);
  void Late(TextLine& line);
  void MemoryEntry(EntryKind kind, TextLine& line);
  void Entry(const Preemption& entry, TextLine& line);
  void Variants(TextLine& line);
  void ProfileName(TextLine& line);
  void Expectation(TextLine& line);
  void Levels(TextLine& line);
  void Map(TextLine& line);
  void MapHuge(TextLine& line);
  void MapPages(PageRange range, TextLine& line);
  void BackingOf(TextLine& line);
  void CpuCount(TextLine& line);
  void CpuBlock(TextLine& line);
  void Preempt(TextLine& line);
  void Trace(TextLine& line);
  uint8_t PreemptedCpu(TextLine& line);

  WalkFile& file_;
  bool versioned_ = false;
  bool keep_comments_ = true;
  uint32_t seen_ = 0;  // bit n: a line of kDirectives[n]
  bool mapped_ = false;
  bool mapped_none_ = false;
  int block_ = -1;  // the CPU whose operations come
  int block_max_ = -1;
  uint32_t blocks_ = 0;  // bit n: there was a block of CPU n
  TextPlace backing_places_[kRegionsMax];
  TextPlace count_place_;   // of "cpus N"
  int preempted_max_ = -1;  // the highest CPU that a preemption names
  TextPlace preempted_place_;
};

}  // namespace walkrace

#endif  // WALKRACE_SCENARIO_TEXT_PARSER_H_
