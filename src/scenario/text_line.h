// One line of a .walk file, read word by word. Keeps the first error, with line and column; after
// it every read returns nothing, so that a caller checks ok() once, before it uses what it read.
// Any bytes are allowed; the text must outlive the line. For the parser only.
#ifndef WALKRACE_SCENARIO_TEXT_LINE_H_
#define WALKRACE_SCENARIO_TEXT_LINE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "scenario/scenario.h"
#include "scenario/text_codec.h"

namespace walkrace {

absl::Status TextError(TextPlace place, std::string_view wrong, std::string_view expected);

// "found 'word'", shortened and escaped for a message; "found nothing" where it is empty.
std::string Found(std::string_view word);

struct PageRange {
  uint8_t page = 0;
  uint8_t count = 0;
};

class TextLine {
 public:
  // `text` is without its line feed. Carriage returns at the end do not count.
  TextLine(std::string_view text, size_t number);

  bool IsBlank() const { return text_.empty() && !has_comment_; }
  bool IsComment() const { return text_.empty() && has_comment_; }
  std::string_view comment() const { return comment_; }  // without '#' and one blank

  // Returns the next word, or nothing at the end of the line or at a comment.
  std::string_view Word();
  // Returns the rest of the line, without blanks at its ends.
  std::string_view Rest();

  // The next word must be `word`.
  void Expect(std::string_view word);
  // The next word must be a number from `low` to `high`; `what` names it in messages.
  uint32_t Number(std::string_view what, uint32_t low, uint32_t high);
  // A page below kPagesMax; "3" or "0-7"; a range that is exactly one region.
  uint8_t Page();
  PageRange Pages();
  PageRange Region();
  // Reads the next word if it is `word`.
  bool Take(std::string_view word);
  // No word may follow. `expected` says in messages what could have.
  void End(std::string_view expected = "the end of the line");

  // Where the word that was read last begins; after the last word: the end of the line.
  TextPlace place() const { return {number_, word_begin_ + 1}; }
  // Sets the error, at place() (plus `offset` bytes), unless there is one already.
  void Fail(std::string_view wrong, std::string_view expected, size_t offset = 0);
  bool ok() const { return status_.ok(); }
  const absl::Status& status() const { return status_; }

 private:
  void SkipBlanks();

  std::string_view text_;  // without comment and without blanks at its end
  std::string_view comment_;
  bool has_comment_ = false;
  size_t number_;
  size_t position_ = 0;
  size_t word_begin_ = 0;
  absl::Status status_;
};

}  // namespace walkrace

#endif  // WALKRACE_SCENARIO_TEXT_LINE_H_
