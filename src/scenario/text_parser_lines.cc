#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "machine/profiles.h"
#include "scenario/operation_table.h"
#include "scenario/text_parser.h"

namespace walkrace {
namespace {

// What a hostile file makes us keep is bounded.
constexpr size_t kVariantsMax = 64;
constexpr size_t kTraceMax = size_t{4} * kStepsMax * kLettersAnEvent;  // notes are no steps

bool IsName(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_' || c == '-';
  });
}

std::string Name(TextLine& line) {
  const std::string_view word = line.Word();
  if (!IsName(word)) line.Fail(Found(word), "a word of a-z, 0-9, '_' and '-'");
  return std::string(word);
}

// "before event N" or "at start".
uint16_t EventNumber(int cpu, TextLine& line) {
  const std::string_view word = line.Word();
  if (word == "at") {
    line.Expect("start");
    if (cpu != 0) line.Fail("only CPU 0 is at the start of a run", "'before event 1'");
    return 0;
  }
  if (word != "before") line.Fail(Found(word), "'before event N' or 'at start'");
  line.Expect("event");
  return static_cast<uint16_t>(line.Number("an event", 1, kStepsMax));
}

// "at NAME", or nothing.
std::string_view EventName(TextLine& line) {
  if (!line.Take("at")) {
    line.End("'at' and the event's name, or the end of the line");
    return {};
  }
  const std::string_view name = line.Rest();
  if (name.empty()) line.Fail(Found(name), "the name of an event");
  const auto control = std::find_if(name.begin(), name.end(), absl::ascii_iscntrl);
  if (control != name.end()) {
    line.Fail("a control character", "the name of an event", control - name.begin());
  }
  return name;
}

}  // namespace

void TextParser::Target(TextLine& line) {
  file_.target = Name(line);
  file_.places.target = line.place();
}

void TextParser::Tree(TextLine& line) {
  const std::string_view word = line.Word();
  const auto is_of_name = [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '+' || c == '-';
  };
  if (word.empty() || !std::all_of(word.begin(), word.end(), is_of_name)) {
    line.Fail(Found(word), "the name of a kernel tree: letters, digits, '.', '_', '+' and '-'");
  }
  file_.tree = std::string(word);
  file_.places.tree = line.place();
}

void TextParser::Memory(TextLine& line) {
  file_.memory = Name(line);
  file_.places.memory = line.place();
}

void TextParser::Expectation(TextLine& line) {
  file_.expect = Name(line);
  file_.places.expect = line.place();
}

void TextParser::Variants(TextLine& line) {
  const std::string_view list = line.Word();
  for (size_t begin = 0, end; begin <= list.size(); begin = end + 1) {
    end = std::min(list.find(',', begin), list.size());
    const std::string_view word = list.substr(begin, end - begin);
    if (!IsName(word)) {
      line.Fail(Found(word), "words of a-z, 0-9, '_' and '-', with ',' between them", begin);
    }
    if (file_.variants.size() == kVariantsMax) {
      line.Fail("too many variants", absl::StrCat("at most ", kVariantsMax), begin);
    }
    if (!line.ok()) return;
    file_.variants.emplace_back(word);
    file_.places.variants.push_back({line.place().line, line.place().column + begin});
  }
}

void TextParser::ProfileName(TextLine& line) {
  const std::string_view word = line.Word();
  size_t count;
  const Profile* const profiles = Profiles(&count);
  for (size_t i = 0; i < count; ++i) {
    if (word != profiles[i].name) continue;
    file_.input.scenario.profile = static_cast<uint8_t>(i);
    return;
  }
  const auto append_name = [](std::string* out, const Profile& row) { out->append(row.name); };
  line.Fail(Found(word), absl::StrCat("a profile: ", absl::StrJoin(profiles, profiles + count, ", ",
                                                                   append_name)));
}

void TextParser::Levels(TextLine& line) {
  file_.input.scenario.layout.levels =
      static_cast<uint8_t>(line.Number("a number of page table levels", 3, 5));
}

void TextParser::Map(TextLine& line) {
  if (!line.Take("none")) return MapPages(line.Pages(), line);
  if (mapped_) line.Fail("'map none' beside another map line", "one or the other");
  MapPages({}, line);
  mapped_none_ = true;
}

void TextParser::MapHuge(TextLine& line) {
  const PageRange range = line.Region();
  MapPages(range, line);
  file_.input.scenario.layout.huge[range.page / kPagesPerRegion] = true;
}

// The first line of its kind takes the default layout away. An empty range has no rights.
void TextParser::MapPages(PageRange range, TextLine& line) {
  PageState* const pages = file_.input.scenario.layout.pages;
  if (!mapped_) std::fill_n(pages, kPagesMax, PageState::kNone);
  if (mapped_none_) line.Fail("a map line beside 'map none'", "one or the other");
  mapped_ = true;
  if (range.count == 0) return;
  PageState* const first = pages + range.page;
  if (std::any_of(first, first + range.count,
                  [](PageState state) { return state != PageState::kNone; })) {
    line.Fail("some of these pages are mapped already", "each page once");
  }
  const std::string_view rights = line.Word();
  if (rights != "rw" && rights != "ro") line.Fail(Found(rights), "'rw' or 'ro'");
  std::fill_n(first, range.count, rights == "rw" ? PageState::kWritable : PageState::kReadOnly);
}

void TextParser::BackingOf(TextLine& line) {
  const PageRange range = line.Region();
  const std::string_view word = line.Word();
  const auto words = BackingWords();
  const auto found = std::find(words.begin(), words.end(), word);
  if (found == words.end()) {
    line.Fail(Found(word), absl::StrCat("a backing: ", absl::StrJoin(words, ", ")));
  }
  if (!line.ok()) return;
  const int region = range.page / kPagesPerRegion;
  file_.input.scenario.layout.backing[region] = static_cast<Backing>(found - words.begin());
  backing_places_[region] = line.place();
}

void TextParser::CpuCount(TextLine& line) {
  file_.input.scenario.cpu_count =
      static_cast<uint8_t>(line.Number("a number of CPUs", 1, kCpusMax));
  count_place_ = line.place();
}

void TextParser::CpuBlock(TextLine& line) {
  const int cpu = static_cast<int>(line.Number("a CPU", 0, kCpusMax - 1));
  if ((blocks_ >> cpu & 1) != 0) line.Fail("a second block of this CPU", "one at most");
  blocks_ |= uint32_t{1} << cpu;
  block_ = cpu;
  if (line.Take("mm")) {
    const int mm = static_cast<int>(line.Number("an mm", 0, kMmsMax - 1));
    if (cpu == 0 && mm != 0) line.Fail("CPU 0 runs in mm 0", "another CPU for mm 1");
    file_.input.scenario.mm_of_cpu[cpu] = static_cast<uint8_t>(mm);
  } else {
    line.End("'mm N' or the end of the line");
  }
  block_max_ = std::max(block_max_, cpu);
}

void TextParser::Preempt(TextLine& line) {
  Preemption entry;
  line.Expect("cpu");
  entry.cpu = PreemptedCpu(line);
  entry.event = EventNumber(entry.cpu, line);
  line.Expect("to");
  line.Expect("cpu");
  entry.to = PreemptedCpu(line);
  if (entry.cpu == entry.to) line.Fail("the CPU hands over to itself", "another CPU");
  Entry(entry, line);
}

void TextParser::Old(TextLine& line) { MemoryEntry(EntryKind::kOld, line); }
void TextParser::Late(TextLine& line) { MemoryEntry(EntryKind::kLate, line); }

// "cpu N event N by N".
void TextParser::MemoryEntry(EntryKind kind, TextLine& line) {
  Preemption entry;
  entry.kind = kind;
  line.Expect("cpu");
  entry.cpu = PreemptedCpu(line);
  line.Expect("event");
  entry.event = static_cast<uint16_t>(line.Number("an event", 1, kStepsMax));
  line.Expect("by");
  entry.amount = static_cast<uint8_t>(line.Number("an amount", 1, kAmountMax));
  Entry(entry, line);
}

// What stands behind each of them, and then it is one of the schedule's.
void TextParser::Entry(const Preemption& entry, TextLine& line) {
  const std::string_view name = EventName(line);
  if (!line.ok()) return;
  if (!file_.input.schedule.push_back(entry)) {
    return line.Fail("too many lines of schedule", absl::StrCat("at most ", kStepsMax));
  }
  file_.preemption_names.emplace_back(name);
}

// Whether the CPU exists is known when the whole file is read.
void TextParser::Trace(TextLine& line) {
  const std::string_view word = line.Word();
  const size_t wrong = word.find_first_not_of(kTraceLetters);
  if (word.empty() || wrong != std::string_view::npos || word.size() % kLettersAnEvent != 0) {
    line.Fail(Found(word), "two letters of A-Z, a-z, 0-9, '-' and '_' for each event",
              wrong == std::string_view::npos ? 0 : wrong);
  }
  if (file_.trace.size() + word.size() > kTraceMax) {
    line.Fail("too many events", absl::StrCat("at most ", kTraceMax / kLettersAnEvent));
  }
  if (line.ok()) file_.trace.append(word);
}

uint8_t TextParser::PreemptedCpu(TextLine& line) {
  const int cpu = static_cast<int>(line.Number("a CPU", 0, kCpusMax - 1));
  if (cpu > preempted_max_) {
    preempted_max_ = cpu;
    preempted_place_ = line.place();
  }
  return static_cast<uint8_t>(cpu);
}

}  // namespace walkrace
