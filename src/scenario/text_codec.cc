#include "scenario/text_codec.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/check.h"
#include "machine/profiles.h"
#include "scenario/byte_codec.h"
#include "scenario/operation_table.h"
#include "scenario/text_parser.h"

namespace walkrace {
namespace {

constexpr size_t kTraceLineLength = 90;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";  // some editors put it in front

// Skips comments and blank lines, as the parser does.
bool LooksLikeText(std::string_view content) {
  if (content.starts_with(kByteOrderMark)) content.remove_prefix(kByteOrderMark.size());
  for (;;) {
    const size_t first = content.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return false;
    content.remove_prefix(first);
    if (content.front() != '#') return content.starts_with("walkrace");
    const size_t line_end = content.find('\n');
    if (line_end == std::string_view::npos) return false;
    content.remove_prefix(line_end);
  }
}

void AppendRange(int first, int end, std::string* text) {
  absl::StrAppend(text, first);
  if (end - first > 1) absl::StrAppend(text, "-", end - 1);
}

// Returns the end of the run of pages that one map line can say, from `first` on.
int RunEnd(const Layout& layout, int first) {
  if (layout.huge[first / kPagesPerRegion]) return first + kPagesPerRegion;
  int end = first + 1;
  while (end < kPagesMax && !layout.huge[end / kPagesPerRegion] &&
         layout.pages[end] == layout.pages[first]) {
    ++end;
  }
  return end;
}

void AppendLayout(const Layout& layout, std::string* text) {
  if (layout.levels != Layout().levels) absl::StrAppend(text, "levels ", layout.levels, "\n");
  Layout standard;
  standard.levels = layout.levels;
  for (int region = 0; region < kRegionsMax; ++region) {
    standard.backing[region] = layout.backing[region];
    if (layout.backing[region] == Backing::kAnon) continue;
    absl::StrAppend(text, "backing ");
    AppendRange(region * kPagesPerRegion, (region + 1) * kPagesPerRegion, text);
    absl::StrAppend(text, " ", BackingWords()[static_cast<size_t>(layout.backing[region])], "\n");
  }
  if (layout == standard) return;
  const size_t before = text->size();
  for (int page = 0, end; page < kPagesMax; page = end) {
    end = RunEnd(layout, page);
    if (layout.pages[page] == PageState::kNone) continue;
    absl::StrAppend(text, layout.huge[page / kPagesPerRegion] ? "map-huge " : "map ");
    AppendRange(page, end, text);
    absl::StrAppend(text, layout.pages[page] == PageState::kWritable ? " rw\n" : " ro\n");
  }
  if (text->size() == before) absl::StrAppend(text, "map none\n");
}

void AppendCpus(const Scenario& scenario, std::string* text) {
  const int last = scenario.cpu_count - 1;
  if (scenario.cpus[last].empty() && scenario.mm_of_cpu[last] == 0) {
    absl::StrAppend(text, "cpus ", scenario.cpu_count, "\n");
  }
  for (int cpu = 0; cpu < scenario.cpu_count; ++cpu) {
    if (scenario.cpus[cpu].empty() && scenario.mm_of_cpu[cpu] == 0) continue;
    absl::StrAppend(text, "cpu ", cpu);
    if (scenario.mm_of_cpu[cpu] != 0) absl::StrAppend(text, " mm ", scenario.mm_of_cpu[cpu]);
    absl::StrAppend(text, "\n");
    for (const Operation& operation : scenario.cpus[cpu]) {
      absl::StrAppend(text, "  ", ToText(operation).text, "\n");
    }
  }
}

void AppendPreemption(const Preemption& entry, std::string_view name, std::string* text) {
  if (entry.kind != EntryKind::kPreempt) {
    absl::StrAppend(text, entry.kind == EntryKind::kOld ? "old" : "late", " cpu ", entry.cpu,
                    " event ", entry.event, " by ", entry.amount, name.empty() ? "" : " at ");
    text->append(name).append("\n");
    return;
  }
  absl::StrAppend(text, "preempt cpu ", entry.cpu);
  if (entry.event == 0) {
    absl::StrAppend(text, " at start");
  } else {
    absl::StrAppend(text, " before event ", entry.event);
  }
  absl::StrAppend(text, " to cpu ", entry.to, name.empty() ? "" : " at ");
  text->append(name).append("\n");
}

void AppendTrace(std::string_view trace, std::string* text) {
  for (; !trace.empty(); trace.remove_prefix(std::min(trace.size(), kTraceLineLength))) {
    text->append("trace ").append(trace.substr(0, kTraceLineLength)).append("\n");
  }
}

void AppendLine(std::string_view word, std::string_view value, std::string* text) {
  if (!value.empty()) text->append(word).append(" ").append(value).append("\n");
}

}  // namespace

absl::StatusOr<WalkFile> ParseText(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  absl::StatusOr<WalkFile> file(absl::in_place);
  absl::Status status = TextParser(*file).Parse(text);
  if (!status.ok()) return status;
  return file;
}

std::string PrintText(const WalkFile& file) {
  WR_CHECK(file.preemption_names.size() == file.input.schedule.size());
  const Scenario& scenario = file.input.scenario;
  std::string text = "walkrace 1\n";
  for (const std::string& comment : file.comments) {
    absl::StrAppend(&text, comment.empty() ? "#" : "# ", comment, "\n");
  }
  AppendLine("target", file.target, &text);
  AppendLine("tree", file.tree, &text);
  AppendLine("memory", file.memory, &text);
  AppendLine("variant", absl::StrJoin(file.variants, ","), &text);
  if (scenario.profile != kNoProfile) {
    AppendLine("profile", ProfileAt(scenario.profile).name, &text);
  }
  AppendLine("expect", file.expect, &text);
  AppendLayout(scenario.layout, &text);
  AppendCpus(scenario, &text);
  for (size_t i = 0; i < file.input.schedule.size(); ++i) {
    AppendPreemption(file.input.schedule[i], file.preemption_names[i], &text);
  }
  AppendTrace(file.trace, &text);
  return text;
}

absl::StatusOr<WalkFile> ParseAny(std::string_view content) {
  if (LooksLikeText(content)) return ParseText(content);
  absl::StatusOr<WalkFile> file(absl::in_place);
  DecodeBytes(reinterpret_cast<const uint8_t*>(content.data()), content.size(), file->input);
  file->preemption_names.resize(file->input.schedule.size());
  return file;
}

}  // namespace walkrace
