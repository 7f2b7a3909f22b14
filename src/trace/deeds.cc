#include "trace/deeds.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kernel/notes.h"
#include "machine/inspect.h"
#include "oracle/note_fields.h"
#include "trace/words.h"

namespace walkrace {
namespace {

constexpr Deeds::Noun kCpu = {"CPU ", "CPUs "};
constexpr const char* kTakes = "takes";
constexpr const char* kSends = "IPI to";
constexpr const char* kWaits = "IPI handled by";
constexpr const char* kReceives = "IPI from";

// {0, 1, 2, 5}: "0-2", "5".
std::vector<std::string> RunsOf(const std::set<int>& numbers) {
  std::vector<std::string> runs;
  for (auto first = numbers.begin(); first != numbers.end();) {
    auto last = first;
    auto next = std::next(first);
    while (next != numbers.end() && *next == *last + 1) last = next++;
    runs.push_back(*last == *first ? absl::StrCat(*first) : absl::StrCat(*first, "-", *last));
    first = next;
  }
  return runs;
}

// "a, b, c and 2 more"
std::string ListOf(std::vector<std::string> names, size_t names_max) {
  std::string more;
  if (names.size() > names_max) {
    more = absl::StrCat(" and ", names.size() - names_max, " more");
    names.resize(names_max);
  }
  return absl::StrJoin(names, ", ") + more;
}

}  // namespace

void Deeds::AddFate(const Event& event) {
  if (event.kind != EventKind::kNote) return;
  const uint64_t pfn = PageNoteOf(event).pfn;
  switch (event.detail) {
    case WR_NOTE_PAGE_RETURNED:
      return AddFrame("returns", pfn);
    case WR_NOTE_PAGE_PUT:
      return AddFrame("puts back", pfn);
    case WR_NOTE_COUNT_CHECK:
      return AddFrame("checks", pfn);
    case WR_NOTE_PAGE_REPLACED:
      return AddFrame("replaces", pfn);
    case WR_NOTE_FOLIO_ALLOC:
      return AddFrame("allocates", event.before);
    case WR_NOTE_FOLIO_FREE:
      return AddFrame("frees", event.before);
    case WR_NOTE_TABLE_ALLOC:
      return AddTable("allocates", event.before);
    case WR_NOTE_TABLE_FREE:
      return AddTable("frees", event.before);
    case WR_NOTE_TABLE_DEPOSIT:
      return AddTable("deposits", event.before);
    case WR_NOTE_TABLE_WITHDRAW:
      return AddTable("withdraws", event.before);
    default:
      return;
  }
}

void Deeds::AddSynchronisation(const Event& event) {
  switch (event.kind) {
    case EventKind::kLock:
      return AddName(kTakes, NameOf(event.location), "locks");
    case EventKind::kTlb: {
      if (event.detail != kTlbFlushOwn && event.detail != kTlbFlushAll) return;
      Kind& kind = KindOf("flushes", {"page ", "pages "}, "TLB flush");
      const uint64_t end = std::min<uint64_t>(event.after, kAreaPages);
      for (uint64_t page = event.before; page < end; ++page) {
        kind.numbers.insert(static_cast<int>(page));
      }
      return;
    }
    case EventKind::kIpiSend:
      return AddCpus(kSends, event.before, "IPI");
    case EventKind::kIpiWait:
      // Behind the IPI it says nothing new.
      if (!Has(kSends)) AddCpus(kWaits, event.before, "IPI handled");
      return;
    case EventKind::kIpiHandle:
      if (event.before < kCpusMax) AddCpus(kReceives, uint64_t{1} << event.before, "IPI handled");
      return;
    case EventKind::kRcuCall:
      KindOf("asks for a grace period", {}, "grace period");
      return;
    case EventKind::kRcuDone:
      KindOf("grace period over", {}, "grace period over");
      return;
    default:
      return;
  }
}

void Deeds::AddSection(const Event& event) {
  const auto add = [&](Section& section) {
    if (section.first == EventKind::kBegin) section.first = event.kind;
    section.last = event.kind;
  };
  if (event.kind == EventKind::kIrqOff || event.kind == EventKind::kIrqOn) add(interrupts_);
  if (event.kind == EventKind::kRcuLock || event.kind == EventKind::kRcuUnlock) add(rcu_);
}

bool Deeds::AreWorthALine() const {
  if (interrupts_.last == EventKind::kIrqOff || rcu_.last == EventKind::kRcuLock) return true;
  return std::any_of(kinds_.begin(), kinds_.end(), [](const Kind& kind) {
    const absl::string_view verb = kind.verb;
    return verb != kTakes && verb != kWaits && verb != kReceives;
  });
}

std::string Deeds::Words(size_t names_max) const {
  std::vector<std::string> deeds;
  for (const Kind& kind : kinds_) {
    if (names_max == 0) {
      if (kind.word != nullptr) deeds.emplace_back(kind.word);
      continue;
    }
    std::string deed = kind.verb;
    const bool several = kind.numbers.size() > 1;
    std::vector<std::string> names = RunsOf(kind.numbers);
    if (!names.empty()) names.front().insert(0, several ? kind.noun.several : kind.noun.one);
    names.insert(names.end(), kind.names.begin(), kind.names.end());
    if (!names.empty())
      absl::StrAppend(&deed, " ",
                      ListOf(std::move(names),
                             absl::string_view(kind.noun.one) == kCpu.one ? kCpusMax : names_max));
    deeds.push_back(std::move(deed));
  }
  for (const Section& section : {interrupts_, rcu_}) {
    // One that begins and ends here is of these steps alone.
    if (section.first == EventKind::kBegin) continue;
    const bool ends = section.last == EventKind::kIrqOn || section.last == EventKind::kRcuUnlock;
    if (ends && section.first != section.last) continue;
    Event event = {};
    event.kind = section.last;
    event.location = kNoLocation;
    deeds.push_back(EventWords(event, nullptr));
  }
  return absl::StrJoin(deeds, "; ");
}

Deeds::Kind& Deeds::KindOf(const char* verb, const Noun& noun, const char* word) {
  for (Kind& kind : kinds_) {
    if (absl::string_view(kind.verb) != verb) continue;
    if (absl::string_view(kind.noun.one) == noun.one) return kind;
  }
  kinds_.push_back({.verb = verb, .noun = noun, .word = word});
  return kinds_.back();
}

bool Deeds::Has(const char* verb) const {
  return std::any_of(kinds_.begin(), kinds_.end(),
                     [verb](const Kind& kind) { return absl::string_view(kind.verb) == verb; });
}

void Deeds::AddFrame(const char* verb, uint64_t pfn) {
  if (pfn == 0 || pfn >= kFramesMax) return AddName(verb, absl::StrCat("pfn ", pfn));
  std::string name = NameOfFrame(static_cast<uint16_t>(pfn));
  if (name != absl::StrCat("folio", pfn)) return AddName(verb, std::move(name));  // a tail page
  KindOf(verb, {"folio", "folios "}).numbers.insert(static_cast<int>(pfn));
}

void Deeds::AddTable(const char* verb, uint64_t pfn) {
  const uint64_t index = pfn - kTablePfnBase;
  AddName(verb, index < kTablesMax ? absl::StrCat("table ", NameOfTable(static_cast<int>(index)))
                                   : absl::StrCat("a wild table, pfn ", pfn));
}

void Deeds::AddName(const char* verb, std::string name, const char* word) {
  std::vector<std::string>& names = KindOf(verb, {}, word).names;
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
}

void Deeds::AddCpus(const char* verb, uint64_t mask, const char* word) {
  for (CpuId cpu = 0; cpu < kCpusMax; ++cpu) {
    if ((mask >> cpu & 1) != 0) KindOf(verb, kCpu, word).numbers.insert(cpu);
  }
}

}  // namespace walkrace
