#include "scenario/text_line.h"

#include <charconv>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace walkrace {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kRegions = "a region, 0-7 or 8-15";
static_assert(kPagesPerRegion == 8 && kRegionsMax == 2, "kRegions lists them");

std::string_view WithoutBlanksAtEnd(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

// Accepts digits only. Returns false for anything else, and for numbers that do not fit.
bool ParseNumber(std::string_view text, uint32_t* number) {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const std::from_chars_result result = std::from_chars(begin, end, *number);
  return result.ec == std::errc() && result.ptr == end;
}

}  // namespace

// Debian's Abseil has a string_view of its own: hence std::string where it is given one of ours.
absl::Status TextError(TextPlace place, std::string_view wrong, std::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat("line ", place.line, ", column ", place.column,
                                                 ": ", std::string(wrong), "; expected ",
                                                 std::string(expected)));
}

std::string Found(std::string_view word) {
  if (word.empty()) return "found nothing";
  constexpr size_t kShownMax = 40;
  return absl::StrCat("found '", absl::CHexEscape(std::string(word.substr(0, kShownMax))),
                      word.size() > kShownMax ? "..." : "", "'");
}

TextLine::TextLine(std::string_view text, size_t number) : number_(number) {
  while (text.ends_with('\r')) text.remove_suffix(1);
  const size_t hash = text.find('#');
  has_comment_ = hash != std::string_view::npos;
  if (has_comment_) {
    comment_ = text.substr(hash + 1);
    if (comment_.starts_with(' ')) comment_.remove_prefix(1);
  }
  text_ = WithoutBlanksAtEnd(text.substr(0, hash));
}

void TextLine::SkipBlanks() {
  const size_t next = text_.find_first_not_of(kBlanks, position_);
  position_ = word_begin_ = next == std::string_view::npos ? text_.size() : next;
}

std::string_view TextLine::Word() {
  if (!ok()) return {};
  SkipBlanks();
  position_ = text_.find_first_of(kBlanks, word_begin_);
  if (position_ == std::string_view::npos) position_ = text_.size();
  return text_.substr(word_begin_, position_ - word_begin_);
}

std::string_view TextLine::Rest() {
  if (!ok()) return {};
  SkipBlanks();
  position_ = text_.size();
  return text_.substr(word_begin_);
}

void TextLine::Expect(std::string_view word) {
  const std::string_view found = Word();
  if (found != word) Fail(Found(found), absl::StrCat("'", std::string(word), "'"));
}

uint32_t TextLine::Number(std::string_view what, uint32_t low, uint32_t high) {
  const std::string_view word = Word();
  uint32_t number;
  if (ok() && ParseNumber(word, &number) && number >= low && number <= high) return number;
  Fail(Found(word), absl::StrCat(std::string(what), " from ", low, " to ", high));
  return 0;
}

uint8_t TextLine::Page() { return static_cast<uint8_t>(Number("a page", 0, kPagesMax - 1)); }

PageRange TextLine::Pages() {
  const std::string_view word = Word();
  if (!ok()) return {};
  const size_t dash = word.find('-');
  const std::string_view last_word = dash == std::string_view::npos ? word : word.substr(dash + 1);
  uint32_t first;
  uint32_t last;
  if (!ParseNumber(word.substr(0, dash), &first) || !ParseNumber(last_word, &last) ||
      first > last || last >= kPagesMax) {
    Fail(Found(word), absl::StrCat("pages like 3 or 0-7, of 0 to ", kPagesMax - 1));
    return {};
  }
  return {static_cast<uint8_t>(first), static_cast<uint8_t>(last - first + 1)};
}

PageRange TextLine::Region() {
  const PageRange range = Pages();
  if (!ok()) return {};
  if (range.page % kPagesPerRegion == 0 && range.count == kPagesPerRegion) return range;
  Fail("these pages are not one whole region", kRegions);
  return {};
}

bool TextLine::Take(std::string_view word) {
  const size_t before = position_;
  if (Word() == word) return true;
  position_ = before;
  return false;
}

void TextLine::End(std::string_view expected) {
  const std::string_view word = Word();
  if (!word.empty()) Fail(Found(word), expected);
}

void TextLine::Fail(std::string_view wrong, std::string_view expected, size_t offset) {
  if (!ok()) return;
  TextPlace where = place();
  where.column += offset;
  status_ = TextError(where, wrong, expected);
}

}  // namespace walkrace
