#include "scenario/text_parser.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "scenario/operation_table.h"

namespace walkrace {
namespace {

constexpr size_t kCommentsMax = 1000;  // bounds what a hostile file makes us keep

// The words behind an operation's pages, to the end of the line.
uint8_t Flags(uint8_t may_flags, TextLine& line) {
  uint8_t flags = 0;
  std::string expected;
  for (const FlagWord& flag : FlagWords()) {
    if ((may_flags & flag.flag) == 0) continue;
    if (line.Take(flag.word)) {
      flags |= flag.flag;
      expected.clear();  // words come in their order
    } else {
      absl::StrAppend(&expected, "'", flag.word, "' or ");
    }
  }
  line.End(expected + "the end of the line");
  return flags;
}

}  // namespace

constexpr TextParser::Directive TextParser::kDirectives[] = {
    {"target", &TextParser::Target, true},
    {"variant", &TextParser::Variants, true},
    {"profile", &TextParser::ProfileName, true},
    {"expect", &TextParser::Expectation, true},
    {"levels", &TextParser::Levels, true},
    {"map", &TextParser::Map, false},
    {"map-huge", &TextParser::MapHuge, false},
    {"backing", &TextParser::BackingOf, false},
    {"cpus", &TextParser::CpuCount, true},
    {"cpu", &TextParser::CpuBlock, false},
    {"preempt", &TextParser::Preempt, false},
    {"trace", &TextParser::Trace, false},
    {"tree", &TextParser::Tree, true},
    {"memory", &TextParser::Memory, true},
    {"old", &TextParser::Old, false},
    {"late", &TextParser::Late, false},
};

absl::Status TextParser::Parse(std::string_view text) {
  TextPlace end{1, 1};
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t length = std::min(text.find('\n'), text.size());
    TextLine line(text.substr(0, length), number);
    Line(line);
    if (!line.ok()) return line.status();
    end = {number, length + 1};
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  if (!versioned_) return TextError(end, "the file has no version line", "'walkrace 1'");
  absl::Status status = CheckCpuCount(end);
  return status.ok() ? CheckBackings() : status;
}

void TextParser::Line(TextLine& line) {
  if (line.IsComment()) return Comment(line);
  if (!versioned_) {
    if (!line.IsBlank()) Version(line);
    return;
  }
  keep_comments_ = false;
  if (line.IsBlank()) return;
  const std::string_view word = line.Word();
  if (TryDirective(word, line) || TryOperation(word, line)) return;
  const auto append_word = [](std::string* out, const auto& row) { out->append(row.word); };
  line.Fail(Found(word),
            absl::StrCat(absl::StrJoin(kDirectives, ", ", append_word),
                         ", or an operation: ", absl::StrJoin(OperationRows(), ", ", append_word)));
}

void TextParser::Comment(TextLine& line) {
  if (!keep_comments_) return;
  if (file_.comments.size() == kCommentsMax) {
    return line.Fail("too many lines of comment at the top",
                     absl::StrCat("at most ", kCommentsMax));
  }
  file_.comments.emplace_back(line.comment());
}

void TextParser::Version(TextLine& line) {
  const std::string_view word = line.Word();
  if (word != "walkrace") return line.Fail(Found(word), "'walkrace 1' first");
  const std::string_view version = line.Word();
  if (version != "1") {
    return line.Fail(Found(version), "1: this walkrace reads version 1");
  }
  line.End();
  versioned_ = true;
}

bool TextParser::TryDirective(std::string_view word, TextLine& line) {
  const auto* const directive =
      std::find_if(std::begin(kDirectives), std::end(kDirectives),
                   [word](const Directive& row) { return row.word == word; });
  if (directive == std::end(kDirectives)) return false;
  const uint32_t bit = uint32_t{1} << (directive - kDirectives);
  if (directive->once && (seen_ & bit) != 0) {
    line.Fail(absl::StrCat("a second '", std::string(word), "' line"), "one at most");
    return true;
  }
  seen_ |= bit;
  block_ = -1;
  (this->*directive->parse)(line);
  line.End();
  return true;
}

bool TextParser::TryOperation(std::string_view word, TextLine& line) {
  const auto rows = OperationRows();
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [word](const OperationRow& r) { return word == r.word; });
  if (row == rows.end()) return false;
  if (block_ < 0) line.Fail("an operation outside of any CPU's block", "a line 'cpu N' above it");
  PageRange range;
  if (row->operand == Operand::kPage) range.page = line.Page();
  if (row->operand == Operand::kPages) range = line.Pages();
  if (row->operand == Operand::kRegion) range = line.Region();
  const uint8_t flags = Flags(row->may_flags, line);
  if (!line.ok()) return true;
  Operation operation{row->kind, range.page, range.count, static_cast<uint8_t>(row->flags | flags)};
  Normalize(operation);
  if (!file_.input.scenario.cpus[block_].push_back(operation)) {
    line.Fail("too many operations of one CPU", absl::StrCat("at most ", kOperationsMax));
  }
  return true;
}

// What can be said only when the whole file is read.
absl::Status TextParser::CheckBackings() {
  Scenario& scenario = file_.input.scenario;
  const Layout said = scenario.layout;
  Normalize(scenario);
  for (int region = 0; region < kRegionsMax; ++region) {
    if (scenario.layout.backing[region] == said.backing[region] &&
        scenario.layout.huge[region] == said.huge[region] &&
        std::equal(said.pages, said.pages + kPagesMax, scenario.layout.pages)) {
      continue;
    }
    if (backing_places_[region].line == 0) continue;
    return TextError(backing_places_[region], "this backing goes with other map lines",
                     "compound, hugetlb, hugetlb-cont, hugetlb-pud, dax: 'map' of the whole region "
                     "with one right; all of "
                     "these but compound: region 8-15; every file: no 'map-huge'");
  }
  return absl::OkStatus();
}

absl::Status TextParser::CheckCpuCount(TextPlace end) const {
  uint8_t& count = file_.input.scenario.cpu_count;
  if (count_place_.line == 0) {
    if (block_max_ < 0) return TextError(end, "the file has no CPU", "'cpu 0' or 'cpus N'");
    count = static_cast<uint8_t>(block_max_ + 1);
  }
  if (block_max_ >= count) {
    return TextError(count_place_, absl::StrCat("there is a block of CPU ", block_max_),
                     absl::StrCat("at least ", block_max_ + 1, " CPUs"));
  }
  if (preempted_max_ >= count) {
    return TextError(preempted_place_, absl::StrCat("the file has no CPU ", preempted_max_),
                     absl::StrCat("a CPU from 0 to ", count - 1));
  }
  return absl::OkStatus();
}

}  // namespace walkrace
