// The matrix as text, HTML and lines of JSON.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "harness/matrix.h"

namespace walkrace {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kStateWords[] = {"bites", "clean", "skipped"};

// The distinct values of a field, in the order of their first mention.
std::vector<std::string> Distinct(const std::vector<MatrixCell>& cells,
                                  std::string MatrixCell::* field) {
  std::vector<std::string> values;
  for (const MatrixCell& cell : cells) {
    if (std::find(values.begin(), values.end(), cell.*field) == values.end()) {
      values.push_back(cell.*field);
    }
  }
  return values;
}

const MatrixCell* Find(const std::vector<MatrixCell>& cells, const std::string& variant,
                       const std::string& profile) {
  for (const MatrixCell& cell : cells) {
    if (cell.variant == variant && cell.profile == profile) return &cell;
  }
  return nullptr;
}

// "2 p, 91" where it bites: preemptions and schedules. " lkmm" behind it where it was run so.
std::string Say(const MatrixCell* cell) {
  if (cell == nullptr) return "";
  const std::string marks = absl::StrCat(cell->memory.empty() ? "" : " ", cell->memory,
                                         cell->as_expected() ? "" : " (!)");
  switch (cell->state) {
    case MatrixCell::State::kBites:
      return absl::StrCat(cell->preemptions, " p, ", cell->schedules, marks);
    case MatrixCell::State::kClean:
      return absl::StrCat("-", cell->known_exposed == 0 ? "" : " exposed", marks);
    case MatrixCell::State::kSkipped:
      break;
  }
  return "n/a";
}

// What fires in the row, and why cells of it do not apply.
std::string Remark(const std::vector<MatrixCell>& cells, const std::string& variant) {
  std::vector<std::string> words;
  for (const MatrixCell& cell : cells) {
    if (cell.variant != variant) continue;
    const std::string& word = cell.state == MatrixCell::State::kBites ? cell.oracle : cell.why;
    if (!word.empty() && std::find(words.begin(), words.end(), word) == words.end()) {
      words.push_back(word);
    }
  }
  std::string remark;
  for (const std::string& word : words) absl::StrAppend(&remark, remark.empty() ? "" : "; ", word);
  return remark;
}

uint64_t CleanSchedulesMin(const std::vector<MatrixCell>& cells) {
  uint64_t least = UINT64_MAX;
  for (const MatrixCell& cell : cells) {
    if (cell.state == MatrixCell::State::kClean) least = std::min(least, cell.schedules);
  }
  return least == UINT64_MAX ? 0 : least;
}

std::string Legend(const std::vector<MatrixCell>& cells) {
  const bool weak = std::any_of(cells.begin(), cells.end(),
                                [](const MatrixCell& cell) { return !cell.memory.empty(); });
  return absl::StrCat(
      "`2 p, 91`: bites; the smallest schedule has 2 preemptions, the search took 91 schedules. "
      "`-`: clean, over at least ",
      CleanSchedulesMin(cells),
      " schedules. `exposed`: clean but for known exposures of the profile. `n/a`: does not apply; "
      "the remark says why. `(!)`: not what the registry expects.",
      weak ? " A memory model's name: under that, not `sc`; `p` then counts old loads and late "
             "stores as well."
           : "");
}

std::string Escaped(const std::string& text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}});
}

}  // namespace

std::string MatrixText(const std::vector<MatrixCell>& cells) {
  const auto profiles = Distinct(cells, &MatrixCell::profile);
  std::string text = absl::StrCat("| variant | first to fire |");
  for (const std::string& profile : profiles) absl::StrAppend(&text, " ", profile, " |");
  absl::StrAppend(&text, "\n| --- | --- |");
  for (size_t i = 0; i < profiles.size(); ++i) absl::StrAppend(&text, " --- |");
  for (const std::string& variant : Distinct(cells, &MatrixCell::variant)) {
    absl::StrAppend(&text, "\n| ", variant, " | ", Remark(cells, variant), " |");
    for (const std::string& profile : profiles) {
      absl::StrAppend(&text, " ", Say(Find(cells, variant, profile)), " |");
    }
  }
  return absl::StrCat(text, "\n\n", Legend(cells), "\n");
}

std::string MatrixHtml(const std::vector<MatrixCell>& cells) {
  const auto profiles = Distinct(cells, &MatrixCell::profile);
  std::string html =
      "<!doctype html><meta charset=\"utf-8\"><title>walkrace matrix</title>\n"
      "<style>table{border-collapse:collapse;font:13px monospace}"
      "td,th{border:1px solid #999;padding:2px 6px;text-align:left;vertical-align:top}"
      ".bites{background:#fdd}.clean{background:#dfd}.skipped{background:#eee}"
      ".surprise{outline:2px solid #d00}</style>\n<table>\n<tr><th>variant<th>first to fire";
  for (const std::string& profile : profiles) absl::StrAppend(&html, "<th>", Escaped(profile));
  for (const std::string& variant : Distinct(cells, &MatrixCell::variant)) {
    absl::StrAppend(&html, "\n<tr><th>", Escaped(variant), "<td>", Escaped(Remark(cells, variant)));
    for (const std::string& profile : profiles) {
      const MatrixCell* cell = Find(cells, variant, profile);
      if (cell == nullptr) {
        absl::StrAppend(&html, "<td>");
        continue;
      }
      absl::StrAppend(&html, "<td class=\"", kStateWords[static_cast<int>(cell->state)],
                      cell->as_expected() ? "" : " surprise", "\">", Escaped(Say(cell)));
      if (!cell->walk.empty()) {
        absl::StrAppend(&html, "<details><pre>", Escaped(cell->walk), "</pre></details>");
      }
    }
  }
  return absl::StrCat(html, "\n</table>\n<p>", Escaped(Legend(cells)), "</p>\n");
}

std::string MatrixLine(const MatrixCell& cell) {
  Json json;
  json["variant"] = cell.variant;
  json["profile"] = cell.profile;
  json["state"] = kStateWords[static_cast<int>(cell.state)];
  json["expected"] = cell.expected;
  json["oracle"] = cell.oracle.empty() ? Json() : Json(cell.oracle);
  json["schedules"] = cell.schedules;
  json["preemptions"] = cell.preemptions;
  json["known_exposed"] = cell.known_exposed;
  if (!cell.walk.empty()) json["walk"] = cell.walk;
  if (!cell.why.empty()) json["why"] = cell.why;
  if (!cell.memory.empty()) json["memory"] = cell.memory;
  if (!cell.profile_text.empty()) json["profile_text"] = cell.profile_text;
  return json.dump();
}

bool ParseMatrixLine(const std::string& line, MatrixCell& cell) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return false;
  const auto text = [&json](const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto number = [&json](const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
  };
  const std::string state = text("state");
  const auto* word = std::find(std::begin(kStateWords), std::end(kStateWords), state);
  if (word == std::end(kStateWords)) return false;
  cell = {text("variant"),
          text("profile"),
          static_cast<MatrixCell::State>(word - kStateWords),
          text("expected"),
          text("oracle"),
          number("schedules"),
          static_cast<int>(number("preemptions")),
          number("known_exposed"),
          text("walk"),
          text("why"),
          text("memory"),
          text("profile_text")};
  const bool shown = cell.state != MatrixCell::State::kBites || !cell.walk.empty();
  return shown && !cell.variant.empty() && !cell.profile.empty();
}

}  // namespace walkrace
