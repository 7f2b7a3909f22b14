#include "trace/columns.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace walkrace {
namespace {

constexpr size_t kGap = 2;     // between columns
constexpr size_t kApart = 6;   // a function is named again behind so many items of others
constexpr size_t kIndent = 4;  // of events below their function: room for "(1) "

class Columns {
 public:
  Columns(const std::vector<StoryItem>& items, const ColumnLayout& layout)
      : items_(items),
        layout_(layout),
        columns_(std::max(layout.cpu_count, 1)),
        width_((layout.width - kGap * (columns_ - 1)) / columns_) {}

  std::vector<std::string> LayOut() {
    PrintHeads();
    for (size_t i = 0; i < items_.size(); ++i) PrintItem(i);
    return std::move(lines_);
  }

 private:
  void PrintHeads() {
    std::vector<std::vector<std::string>> heads;
    size_t height = 0;
    for (const std::string& head : layout_.heads) {
      heads.push_back(Wrap(head, width_, 2));
      height = std::max(height, heads.back().size());
    }
    for (size_t row = 0; row < height; ++row) {
      std::string line;
      for (size_t column = 0; column < heads.size(); ++column) {
        Place(line, column, row < heads[column].size() ? heads[column][row] : "");
      }
      PushLine(line);
    }
    std::string line;
    for (size_t column = 0; column < columns_; ++column) {
      Place(line, column, std::string(width_, '-'));
    }
    PushLine(line);
  }

  void PrintItem(size_t index) {
    const StoryItem& item = items_[index];
    std::string& heading = headings_[item.cpu];
    if (index - last_[item.cpu] > kApart) heading.clear();
    last_[item.cpu] = index;
    switch (item.kind) {
      case StoryItem::kOperation:
        heading.clear();
        PrintCell(item.cpu, absl::StrCat("[", item.text, "]"), 1);
        return;
      case StoryItem::kFold:
        PrintEvent(item);
        return;
      case StoryItem::kEvent:
      case StoryItem::kWait:
        break;
    }
    if (item.function.empty()) {
      heading.clear();
    } else if (item.function != heading) {
      const std::string alone = absl::StrCat(item.function, "() <-- ", item.text);
      if (StandsAlone(index) && alone.size() <= width_) {
        heading.clear();
        PrintCell(item.cpu, alone, 0);
        return;
      }
      heading = item.function;
      PrintCell(item.cpu, heading + "()", 2);
    }
    PrintEvent(item);
  }

  // Whether it is unmarked and its column goes on with something else.
  bool StandsAlone(size_t index) const {
    const StoryItem& item = items_[index];
    if (layout_.numbered || item.mark != 0 || item.kind == StoryItem::kWait) return false;
    for (size_t next = index + 1; next < items_.size(); ++next) {
      if (items_[next].cpu != item.cpu) continue;
      if (next - index > kApart) return true;
      return items_[next].kind != StoryItem::kFold && items_[next].function != item.function;
    }
    return true;
  }

  void PrintEvent(const StoryItem& item) {
    std::string lead;
    if (item.mark != 0) {
      lead = absl::StrCat("(", item.mark, ")");
    } else if (layout_.numbered && item.number != 0) {
      lead = absl::StrCat(item.number);
    }
    lead.resize(std::max(kIndent, lead.size() + 1), ' ');
    for (const std::string& part : Wrap(item.text, width_ - lead.size(), 2)) {
      PrintLine(item.cpu, lead + part);
      lead.assign(lead.size(), ' ');
    }
  }

  void PrintCell(CpuId cpu, const std::string& text, size_t indent) {
    for (const std::string& part : Wrap(text, width_, indent)) PrintLine(cpu, part);
  }

  void PrintLine(CpuId cpu, const std::string& text) {
    std::string line;
    Place(line, cpu, text);
    PushLine(line);
  }

  void Place(std::string& line, size_t column, absl::string_view text) const {
    line.resize(column * (width_ + kGap), ' ');
    absl::StrAppend(&line, text);
  }

  void PushLine(std::string& line) {
    absl::StripTrailingAsciiWhitespace(&line);
    lines_.push_back(std::move(line));
  }

  const std::vector<StoryItem>& items_;
  const ColumnLayout& layout_;
  const size_t columns_;
  const size_t width_;
  std::string headings_[kCpusMax];  // the function that each column is in
  size_t last_[kCpusMax] = {};      // the last item of each column
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> Wrap(absl::string_view text, size_t width, size_t indent) {
  std::vector<std::string> lines;
  std::string line;
  size_t start = 0;  // where the line's own text begins
  const auto flush = [&] {
    lines.push_back(line);
    line.assign(indent, ' ');
    start = indent;
  };
  for (absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    if (line.size() > start && line.size() + 1 + word.size() > width) flush();
    if (line.size() > start) line += ' ';
    while (word.size() > width - line.size()) {
      // Long words are function names: they break best behind an underscore.
      const size_t room = width - line.size();
      const size_t underscore = word.substr(0, room).rfind('_');
      const size_t part =
          underscore == absl::string_view::npos || underscore < room / 2 ? room : underscore + 1;
      absl::StrAppend(&line, word.substr(0, part));
      word.remove_prefix(part);
      flush();
    }
    absl::StrAppend(&line, word);
  }
  if (line.size() > start || lines.empty()) lines.push_back(line);
  return lines;
}

std::vector<std::string> LayOut(const std::vector<StoryItem>& items, const ColumnLayout& layout) {
  return Columns(items, layout).LayOut();
}

}  // namespace walkrace
