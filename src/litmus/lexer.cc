#include "litmus/lexer.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace walkrace::litmus {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\f\v";
constexpr Value kNumberMax = 0xffff'ffff;  // addresses are larger
constexpr std::string_view kNumbers = "a number up to 4294967295, decimal or hexadecimal";

// Longer ones first.
constexpr std::string_view kLongSymbols[] = {
    "/\\", "\\/", "=>", "==", "!=", "<>", "<=", ">=", "&&", "||",
    "->",  "++",  "--", "+=", "-=", "<<", ">>", "|=", "&=", "*="};

bool BeginsWord(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool IsOfWord(char c) {
  return BeginsWord(c) || absl::ascii_isdigit(static_cast<unsigned char>(c));
}

size_t WordLength(std::string_view text) {
  return std::find_if_not(text.begin(), text.end(), IsOfWord) - text.begin();
}

}  // namespace

// Debian's Abseil has a string_view of its own: hence std::string where it is given one of ours.
std::string Found(const Token& token) {
  if (token.kind == TokenKind::kEnd) return "found the end of the file";
  constexpr size_t kShownMax = 40;
  return absl::StrCat("found '", absl::CHexEscape(std::string(token.text.substr(0, kShownMax))),
                      token.text.size() > kShownMax ? "..." : "", "'");
}

void Lexer::Fail(TextPlace place, std::string_view wrong, std::string_view expected) {
  if (!ok()) return;
  status_ = absl::InvalidArgumentError(absl::StrCat(std::string(file_), ":", place.line, ":",
                                                    place.column, ": ", std::string(wrong),
                                                    "; expected ", std::string(expected)));
  peeked_ = false;
}

void Lexer::SkipTo(size_t end) {
  for (; position_ < end; ++position_) {
    ++place_.column;
    if (text_[position_] == '\n') place_ = {place_.line + 1, 1};
  }
}

// A comment begins with `begin_length` bytes here.
void Lexer::TakeComment(size_t begin_length, std::string_view end, bool nests) {
  const TextPlace begin = place_;
  const size_t content = position_ + begin_length;
  size_t at = content;
  for (int open = 1; open > 0;) {
    at = std::min(text_.find_first_of("(*\n", at), text_.size());
    const std::string_view ahead = text_.substr(at);
    if (ahead.empty() && end != "\n") {
      return Fail(begin, "a comment that does not end", absl::StrCat("'", std::string(end), "'"));
    }
    if (ahead.empty() || ahead.starts_with(end)) {
      --open;
      at = std::min(text_.size(), at + end.size());
    } else if (nests && ahead.starts_with("(*")) {
      ++open;
      at += 2;
    } else {
      ++at;
    }
  }
  const std::string_view comment = text_.substr(content, at - content);
  constexpr std::string_view kResult = "Result:";
  if (const size_t found = comment.find(kResult); result_.empty() && found < comment.size()) {
    std::string_view word = comment.substr(found + kResult.size());
    word.remove_prefix(std::min(word.find_first_not_of(" \t"), word.size()));
    word = word.substr(0, WordLength(word));
    if (word == "Never" || word == "Sometimes" || word == "Always") result_ = std::string(word);
  }
  SkipTo(at);
}

bool Lexer::SkipComment() {
  const std::string_view ahead = Ahead();
  if (ahead.starts_with("//")) {
    TakeComment(2, "\n", false);
  } else if (ahead.starts_with("/*")) {
    TakeComment(2, "*/", false);
  } else if (comments_ == Comments::kHerd && ahead.starts_with("(*")) {
    TakeComment(2, "*)", true);
  } else {
    return false;
  }
  return ok();
}

void Lexer::SkipBlanks() {
  do {
    SkipTo(std::min(text_.find_first_not_of(kBlanks, position_), text_.size()));
  } while (SkipComment());
}

void Lexer::ReadNumber(size_t length, Token& token) {
  std::string_view digits = token.text;
  const bool hexadecimal = digits.starts_with("0x") || digits.starts_with("0X");
  if (hexadecimal) digits.remove_prefix(2);
  while (!digits.empty() &&
         std::string_view("uUlL").find(digits.back()) != std::string_view::npos) {
    digits.remove_suffix(1);
  }
  const bool octal = !hexadecimal && digits.size() > 1 && digits[0] == '0';
  const std::from_chars_result result = std::from_chars(
      digits.data(), digits.data() + digits.size(), token.number, hexadecimal ? 16 : 10);
  if (octal || result.ec != std::errc() || result.ptr != digits.data() + digits.size() ||
      token.number > kNumberMax) {
    FailAt(token, kNumbers);
  }
  after_ = position_ + length;
}

// Reads the token at position_, which is no blank; leaves position_ where it is.
Token Lexer::Next() {
  Token token;
  token.place = place_;
  after_ = position_;
  const std::string_view ahead = Ahead();
  if (ahead.empty() || !ok()) return token;
  size_t length = 1;
  if (BeginsWord(ahead[0])) {
    token.kind = TokenKind::kWord;
    length = WordLength(ahead);
  } else if (absl::ascii_isdigit(static_cast<unsigned char>(ahead[0]))) {
    token.kind = TokenKind::kNumber;
    length = WordLength(ahead);
    token.text = ahead.substr(0, length);
    ReadNumber(length, token);
    return ok() ? token : Token{};
  } else if (ahead[0] == '"') {
    token.kind = TokenKind::kString;
    const size_t end = ahead.find('"', 1);
    if (end == std::string_view::npos) {
      Fail(place_, "a string that does not end", "'\"'");
      return Token{};
    }
    length = end + 1;
  } else {
    token.kind = TokenKind::kSymbol;
    for (const std::string_view symbol : kLongSymbols) {
      if (ahead.starts_with(symbol)) length = std::max(length, symbol.size());
    }
  }
  token.text = ahead.substr(0, length);
  after_ = position_ + length;
  return token;
}

const Token& Lexer::Peek() {
  static const Token kEndToken;
  if (!ok()) return kEndToken;
  if (!peeked_ || peeked_comments_ != comments_) {
    SkipBlanks();
    token_ = Next();
    peeked_comments_ = comments_;
    peeked_ = ok();
  }
  return ok() ? token_ : kEndToken;
}

Token Lexer::Take() {
  const Token token = Peek();
  if (ok()) SkipTo(after_);
  peeked_ = false;
  return token;
}

bool Lexer::TakeIf(std::string_view expected) {
  if (!Peek().Is(expected)) return false;
  Take();
  return true;
}

void Lexer::Expect(std::string_view expected) {
  const Token token = Take();
  if (!token.Is(expected)) FailAt(token, absl::StrCat("'", std::string(expected), "'"));
}

Token Lexer::Word(std::string_view what) {
  const Token token = Take();
  if (token.kind != TokenKind::kWord) FailAt(token, what);
  return token;
}

std::string_view Lexer::RestOfLine() {
  if (!ok()) return {};
  peeked_ = false;
  SkipTo(std::min(text_.find_first_not_of(" \t", position_), text_.size()));
  size_t end = std::min(text_.find_first_of("\r\n", position_), text_.size());
  const std::string_view line = text_.substr(position_, end - position_);
  for (const std::string_view comment : {"(*", "/*", "//"}) {
    end = std::min(end, position_ + std::min(line.find(comment), line.size()));
  }
  std::string_view rest = text_.substr(position_, end - position_);
  SkipTo(end);
  return rest.substr(0, rest.find_last_not_of(" \t") + 1);
}

}  // namespace walkrace::litmus
