#include "machine/profile_file.h"

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/file.h"

namespace walkrace {
namespace {

constexpr size_t kFileBytesMax = 1 << 16;
constexpr size_t kNameMax = 40;
constexpr size_t kSummaryMax = 200;
constexpr size_t kShownMax = 40;

// The words of each knob, in the order of its enumerators.
constexpr std::array kClears = {"xchg", "relaxed-xchg", "plain", "two-step"};
constexpr std::array kBarriers = {"at-clear", "with-flush", "with-ipi"};
constexpr std::array kFlushes = {"all-cpus", "mm-cpumask", "serializes", "skips-preempted",
                                 "nobody"};
constexpr std::array kTableFrees = {"at-once", "rcu", "rcu-ipi-fallback"};
constexpr std::array kAnswers = {"no", "yes"};
constexpr std::array kReads = {"atomic", "pte-halves", "halves", "all-halves"};
constexpr std::array kMemories = {"sc", "tso", "mca", "lkmm"};
static_assert(static_cast<size_t>(MemoryKind::kLkmm) + 1 == kMemories.size());
static_assert(static_cast<size_t>(Clear::kTwoStep) + 1 == kClears.size());
static_assert(static_cast<size_t>(ClearBarrier::kWithIpi) + 1 == kBarriers.size());
static_assert(static_cast<size_t>(FlushIpi::kNobody) + 1 == kFlushes.size());
static_assert(static_cast<size_t>(TableFree::kRcuIpiFallback) + 1 == kTableFrees.size());
static_assert(static_cast<size_t>(EntryRead::kAllHalves) + 1 == kReads.size());

struct Knob {
  const char* key;
  const char* const* words;
  size_t word_count;
  void (*set)(Profile& profile, size_t value);
};

template <auto member>
void Set(Profile& profile, size_t value) {
  auto& knob = profile.*member;
  knob = static_cast<std::remove_reference_t<decltype(knob)>>(value);
}

template <auto member, size_t n>
constexpr Knob KnobOf(const char* key, const std::array<const char*, n>& words) {
  return {key, words.data(), n, &Set<member>};
}

constexpr Knob kKnobs[] = {
    KnobOf<&Profile::clear>("clear", kClears),
    KnobOf<&Profile::clear_barrier>("clear-barrier", kBarriers),
    KnobOf<&Profile::collapse_flush>("collapse-flush", kFlushes),
    KnobOf<&Profile::other_flush>("other-flush", kFlushes),
    KnobOf<&Profile::table_free>("table-free", kTableFrees),
    KnobOf<&Profile::deposit_writes_table>("deposit-writes-table", kAnswers),
    KnobOf<&Profile::moves_page_tables>("moves-page-tables", kAnswers),
    KnobOf<&Profile::folds_at_run_time>("folds-at-run-time", kAnswers),
    KnobOf<&Profile::skips_lazy_cpus>("skips-lazy-cpus", kAnswers),
    KnobOf<&Profile::trims_cpumask>("trims-cpumask", kAnswers),
    KnobOf<&Profile::entry_read>("entry-read", kReads),
    KnobOf<&Profile::batched_unmap_flush>("batched-unmap-flush", kAnswers),
    KnobOf<&Profile::deposits_for_files>("deposits-for-files", kAnswers),
    KnobOf<&Profile::memory>("memory", kMemories),
};

std::string Found(std::string_view word) {
  if (word.empty()) return "found nothing";
  return absl::StrCat("found '", absl::CHexEscape(std::string(word.substr(0, kShownMax))),
                      word.size() > kShownMax ? "..." : "", "'");
}

bool IsNameChar(char c) { return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.'; }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  absl::StatusOr<ParsedProfile> Parse() {
    for (size_t begin = 0; status_.ok() && begin < text_.size();) {
      const size_t end = std::min(text_.find('\n', begin), text_.size());
      ++line_;
      Line(text_.substr(begin, end - begin));
      begin = end + 1;
    }
    if (status_.ok()) CheckComplete();
    if (!status_.ok()) return status_;
    if (parsed_.summary.empty()) parsed_.summary = "from a profile file";
    return parsed_;
  }

 private:
  void Fail(size_t column, std::string_view wrong, std::string_view expected) {
    if (!status_.ok()) return;
    status_ = absl::InvalidArgumentError(absl::StrCat("line ", line_, ", column ", column + 1, ": ",
                                                      std::string(wrong), "; expected ",
                                                      std::string(expected)));
  }

  static std::string Keys() {
    std::string keys = "name, like, summary";
    for (const Knob& knob : kKnobs) absl::StrAppend(&keys, ", ", knob.key);
    return keys;
  }

  void Line(std::string_view line) {
    line = line.substr(0, line.find('#'));
    const auto strip = [&](size_t begin, size_t end, size_t* column) {
      while (begin < end && absl::ascii_isspace(line[begin])) ++begin;
      while (end > begin && absl::ascii_isspace(line[end - 1])) --end;
      *column = begin;
      return line.substr(begin, end - begin);
    };
    size_t key_column = 0;
    if (strip(0, line.size(), &key_column).empty()) return;
    const size_t equals = line.find('=');
    const std::string_view key = strip(0, std::min(equals, line.size()), &key_column);
    if (!IsKey(key)) return Fail(key_column, Found(key), absl::StrCat("one of ", Keys()));
    if (equals == std::string_view::npos) {
      return Fail(line.size(), "found no '='", absl::StrCat("'", std::string(key), " = VALUE'"));
    }
    if (Said(key)) {
      return Fail(key_column, absl::StrCat("'", std::string(key), "' a second time"),
                  "each key at most once");
    }
    said_.emplace_back(key);
    const std::string_view value = strip(equals + 1, line.size(), &column_);
    Assign(key, value);
  }

  static bool IsKey(std::string_view key) {
    if (key == "name" || key == "like" || key == "summary") return true;
    return std::any_of(std::begin(kKnobs), std::end(kKnobs),
                       [key](const Knob& knob) { return key == knob.key; });
  }
  bool Said(std::string_view key) const {
    return std::find(said_.begin(), said_.end(), key) != said_.end();
  }

  void Assign(std::string_view key, std::string_view value) {
    if (key == "name") return Name(value);
    if (key == "like") return Like(value);
    if (key == "summary") return Summary(value);
    for (const Knob& knob : kKnobs) {
      if (key != knob.key) continue;
      const auto* const end = knob.words + knob.word_count;
      const auto* const word = std::find(knob.words, end, value);
      if (word == end) {
        return Fail(column_, Found(value),
                    absl::StrCat("one of ", absl::StrJoin(knob.words, end, ", ")));
      }
      knob.set(parsed_.profile, word - knob.words);
    }
  }

  void Name(std::string_view value) {
    if (value.empty() || value.size() > kNameMax ||
        !std::all_of(value.begin(), value.end(), IsNameChar)) {
      return Fail(
          column_, Found(value),
          absl::StrCat("a name of at most ", kNameMax, " letters, digits, '-', '_' and '.'"));
    }
    parsed_.name = std::string(value);
    if (FindProfile(parsed_.name.c_str()) != nullptr) {
      Fail(column_, Found(value), "a name that no profile has yet");
    }
  }

  void Like(std::string_view value) {
    if (std::any_of(std::begin(kKnobs), std::end(kKnobs),
                    [this](const Knob& knob) { return Said(knob.key); })) {
      return Fail(column_, "'like' after what it would overwrite", "it before the knobs");
    }
    const Profile* base = FindProfile(std::string(value).c_str());
    if (base == nullptr || value.find('\0') != std::string_view::npos) {
      return Fail(column_, Found(value), absl::StrCat("a built-in profile: ", BuiltIn()));
    }
    parsed_.profile = *base;
    parsed_.profile.name = parsed_.profile.summary = nullptr;
  }

  static std::string BuiltIn() {
    size_t count;
    const Profile* rows = Profiles(&count);
    return absl::StrJoin(rows, rows + count, ", ", [](std::string* out, const Profile& row) {
      absl::StrAppend(out, row.name);
    });
  }

  void Summary(std::string_view value) {
    const auto printable = [](char c) { return absl::ascii_isprint(c); };
    if (value.empty() || value.size() > kSummaryMax ||
        !std::all_of(value.begin(), value.end(), printable)) {
      return Fail(column_, Found(value),
                  absl::StrCat("one line of at most ", kSummaryMax, " printable ASCII characters"));
    }
    parsed_.summary = std::string(value);
  }

  void CheckComplete() {
    ++line_;
    if (!Said("name")) return Fail(0, "found the end without a name", "'name = NAME'");
    if (Said("like")) return;
    for (const Knob& knob : kKnobs) {
      if (Said(knob.key)) continue;
      return Fail(0, absl::StrCat("found the end without ", knob.key),
                  absl::StrCat("'", knob.key,
                               " = VALUE', or 'like = PROFILE' for all that is not "
                               "said"));
    }
  }

  std::string_view text_;
  size_t line_ = 0;
  size_t column_ = 0;  // of the value
  std::vector<std::string> said_;
  ParsedProfile parsed_ = {};
  absl::Status status_;
};

// The one that was loaded; lives as long as the process.
struct Loaded {
  std::string path, text;
  ParsedProfile parsed;
  const Profile* profile = nullptr;
};
Loaded& TheLoaded() {
  static Loaded& loaded = *new Loaded();
  return loaded;
}

const std::string& kNone = *new std::string();

}  // namespace

absl::StatusOr<ParsedProfile> ParseProfile(std::string_view text) { return Parser(text).Parse(); }

absl::StatusOr<const Profile*> LoadProfileFile(const std::string& path) {
  Loaded& loaded = TheLoaded();
  if (loaded.profile != nullptr) {
    if (loaded.path == path) return loaded.profile;
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": one profile file at a time; ", loaded.path, " is in use already"));
  }
  auto content = ReadFile(path, kFileBytesMax);
  if (!content.ok()) return content.status();
  auto parsed = ParseProfile(*content);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", parsed.status().message()));
  }
  loaded.path = path;
  loaded.text = *std::move(content);
  loaded.parsed = *std::move(parsed);
  Profile profile = loaded.parsed.profile;
  profile.name = loaded.parsed.name.c_str();
  profile.summary = loaded.parsed.summary.c_str();
  loaded.profile = AddProfile(profile);
  if (loaded.profile == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": one profile at a time"));
  }
  return loaded.profile;
}

const std::string& FileOfProfile(const Profile& profile) {
  return TheLoaded().profile == &profile ? TheLoaded().path : kNone;
}

const std::string& TextOfProfile(const Profile& profile) {
  return TheLoaded().profile == &profile ? TheLoaded().text : kNone;
}

}  // namespace walkrace
