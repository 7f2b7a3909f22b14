// The words of a litmus file, one after the other, and its first error: after it every read gives
// the end, so that a caller checks ok() once, before it uses what it read. Any bytes are allowed;
// the text must outlive the lexer. For the parser only.
#ifndef WALKRACE_LITMUS_LEXER_H_
#define WALKRACE_LITMUS_LEXER_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "litmus/program.h"

namespace walkrace::litmus {

struct TextPlace {
  size_t line = 1;  // both count from 1; columns in bytes
  size_t column = 1;
};

enum class TokenKind : uint8_t { kEnd, kWord, kNumber, kString, kSymbol };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view text;
  Value number = 0;  // of kNumber
  TextPlace place;

  bool Is(std::string_view expected) const {
    return kind != TokenKind::kString && text == expected;
  }
};

// "found 'word'", shortened and escaped for a message; "found the end of the file".
std::string Found(const Token& token);

// Inside threads "(*x" is an expression; elsewhere "(*" begins a comment, as "/*" and "//" do
// everywhere.
enum class Comments : uint8_t { kHerd, kC };

class Lexer {
 public:
  // `file` is what errors name.
  Lexer(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  // Takes effect with the next token, even where that was peeked at.
  void set_comments(Comments comments) { comments_ = comments; }

  const Token& Peek();
  Token Take();
  bool TakeIf(std::string_view expected);
  void Expect(std::string_view expected);
  // The next token must be a word; `what` names it in messages.
  Token Word(std::string_view what);
  // What is left of the line, without comments that begin in it; blanks at its ends are dropped.
  std::string_view RestOfLine();

  // Sets the error "FILE:LINE:COLUMN: wrong; expected ...", unless there is one already.
  void Fail(TextPlace place, std::string_view wrong, std::string_view expected);
  // The token is not what could stand there.
  void FailAt(const Token& token, std::string_view expected) {
    Fail(token.place, Found(token), expected);
  }
  bool ok() const { return status_.ok(); }
  const absl::Status& status() const { return status_; }

  // The word behind the first "Result:" of a comment that was read, where it is a verdict.
  const std::string& result() const { return result_; }

 private:
  bool SkipComment();
  void SkipBlanks();
  void SkipTo(size_t end);
  void TakeComment(size_t begin_length, std::string_view end, bool nests);
  void ReadNumber(size_t length, Token& token);
  Token Next();
  std::string_view Ahead() const { return text_.substr(position_); }

  std::string_view text_;
  std::string_view file_;
  Comments comments_ = Comments::kHerd;
  size_t position_ = 0;
  TextPlace place_;
  // The token at position_, and what comes behind it.
  bool peeked_ = false;
  Comments peeked_comments_ = Comments::kHerd;
  Token token_;
  size_t after_ = 0;
  std::string result_;
  absl::Status status_;
};

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_LEXER_H_
