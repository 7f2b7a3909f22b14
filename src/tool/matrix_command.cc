#include <cstdio>
#include <map>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/duration.h"
#include "base/file.h"
#include "harness/controls.h"
#include "harness/matrix.h"
#include "machine/profile_file.h"
#include "tool/commands.h"
#include "tool/common.h"
#include "tool/progress.h"

namespace walkrace {
namespace {

constexpr size_t kFileBytesMax = 64 << 20;

struct MatrixArguments {
  std::string seconds = "1";
  std::string variants, kernel, profiles, profile_file, memory;
  std::string format = "text";
  std::string resume;
  std::string check;
};

using CellMap = std::map<std::pair<std::string, std::string>, MatrixCell>;

struct Axes {
  std::vector<const VariantRow*> variants;  // null: the unmodified paths
  std::vector<const Profile*> profiles;
};

std::vector<std::string> Words(const std::string& list) {
  return absl::StrSplit(list, ',', absl::SkipWhitespace());
}

absl::StatusOr<std::vector<const VariantRow*>> ChooseVariants(const MatrixArguments& arguments) {
  if (!arguments.kernel.empty()) {
    if (arguments.variants.empty()) {
      return VariantsOfRelease(arguments.kernel, arguments.memory != "sc");
    }
    return absl::InvalidArgumentError("--kernel and --variants both choose rows; leave one out");
  }
  std::vector<const VariantRow*> chosen;
  if (arguments.variants.empty()) {
    size_t count;
    const VariantRow* rows = VariantRows(&count);
    chosen.push_back(nullptr);
    for (const VariantRow* row = rows; row != rows + count; ++row) chosen.push_back(row);
    return chosen;
  }
  const std::vector<std::string> names = Words(arguments.variants);
  if (names.empty()) return absl::InvalidArgumentError("--variants names none; say a,b");
  for (const std::string& name : names) {
    if (name == kUnmodified) {
      chosen.push_back(nullptr);
      continue;
    }
    auto known = SplitVariants(name);
    if (!known.ok()) return known.status();
    chosen.push_back(FindVariant(name.c_str()));
  }
  return chosen;
}

absl::StatusOr<Axes> Choose(const MatrixArguments& arguments) {
  Axes axes;
  auto variants = ChooseVariants(arguments);
  if (!variants.ok()) return variants.status();
  axes.variants = *std::move(variants);
  size_t count;
  const Profile* rows = Profiles(&count);
  for (const Profile* row = rows; row != rows + count && arguments.profiles.empty(); ++row) {
    axes.profiles.push_back(row);
  }
  const std::vector<std::string> names = Words(arguments.profiles);
  if (names.empty() && !arguments.profiles.empty()) {
    return absl::InvalidArgumentError("--profiles names none; say a,b");
  }
  for (const std::string& name : names) {
    const Profile* profile = FindProfile(name.c_str());
    if (profile == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("unknown profile '", name, "'; walkrace list names the profiles"));
    }
    axes.profiles.push_back(profile);
  }
  return axes;
}

// The cells that a file holds: what an earlier, interrupted matrix got done. A line that was cut
// off at the end counts as not there.
absl::StatusOr<std::vector<MatrixCell>> ReadCells(const std::string& path) {
  auto content = ReadFile(path, kFileBytesMax);
  if (!content.ok()) return content.status();
  std::vector<MatrixCell> cells;
  size_t number = 0;
  const std::vector<std::string> lines = absl::StrSplit(*content, '\n');
  for (const std::string& line : lines) {
    ++number;
    if (line.empty()) continue;
    MatrixCell cell;
    if (ParseMatrixLine(line, cell)) {
      cells.push_back(cell);
    } else if (number != lines.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": line ", number,
                       ", column 1: no cell of a matrix; expected what "
                       "walkrace matrix --resume wrote"));
    }
  }
  return cells;
}

// The cells of a file that an earlier, interrupted matrix left, if there is one.
absl::StatusOr<CellMap> Known(const std::string& path) {
  CellMap known;
  auto done = ReadCells(path);
  if (absl::IsNotFound(done.status())) return known;
  if (!done.ok()) return done.status();
  for (const MatrixCell& cell : *done) {
    const Profile* profile = FindProfile(cell.profile.c_str());
    if (profile != nullptr && cell.profile_text != absl::CHexEscape(TextOfProfile(*profile))) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": its cells of ", cell.profile, " are of a profile file that said ",
                       "something else; keep this matrix in another file"));
    }
    known[{cell.variant, cell.profile}] = cell;
  }
  return known;
}

// Whether the cell is of the memory model that it is to be filled under.
bool IsOf(const MatrixCell& cell, const VariantRow* variant, const Profile& profile,
          const std::string& memory) {
  if (cell.state == MatrixCell::State::kSkipped) return true;
  const MemoryKind kind = ControlContext(variant, profile, memory).run.memory;
  return (cell.memory.empty() ? "sc" : cell.memory) == MemoryRowOf(kind).name;
}

class Progress {
 public:
  explicit Progress(size_t total) : total_(total) {}
  void Say(size_t done, const MatrixCell& cell) {
    if (!pace_.IsDue()) return;
    std::fprintf(stderr, "walkrace: %zu of %zu cells, last %s on %s: %s\n", done, total_,
                 cell.variant.c_str(), cell.profile.c_str(), cell.found().c_str());
  }

 private:
  const size_t total_;
  EveryTwoSeconds pace_;
};

std::string Lines(const std::vector<MatrixCell>& cells) {
  std::string lines;
  for (const MatrixCell& cell : cells) absl::StrAppend(&lines, MatrixLine(cell), "\n");
  return lines;
}

absl::Status Keep(const std::string& path, const CellMap& known) {
  std::vector<MatrixCell> cells;
  for (const auto& [key, cell] : known) cells.push_back(cell);
  return WriteFileAtomically(path, Lines(cells));
}

void Print(const std::string& format, const std::vector<MatrixCell>& cells) {
  const std::string text = format == "json"   ? Lines(cells)
                           : format == "html" ? MatrixHtml(cells)
                                              : MatrixText(cells);
  std::fputs(text.c_str(), stdout);
}

int RunCheck(const std::string& path) {
  auto cells = ReadCells(path);
  if (!cells.ok()) return UsageError(cells.status());
  if (cells->empty()) {
    return UsageError(absl::InvalidArgumentError(path + ": holds no cell; ci/matrix fills it"));
  }
  size_t changed = 0, done = 0;
  bool violation = false;
  Progress progress(cells->size());
  for (const MatrixCell& cell : *cells) {
    if (Interrupted()) return kExitInterrupted;
    const std::string difference = CheckCell(cell);
    progress.Say(++done, cell);
    if (difference.empty()) continue;
    ++changed;
    violation |= cell.state == MatrixCell::State::kClean;
    std::printf("changed: %s on %s: %s\n", cell.variant.c_str(), cell.profile.c_str(),
                difference.c_str());
  }
  std::printf("%zu cells: %zu as they were, %zu changed\n", cells->size(), cells->size() - changed,
              changed);
  if (violation) return kExitViolation;
  return changed == 0 ? kExitClean : kExitInfrastructure;
}

int RunMatrix(const MatrixArguments& arguments) {
  auto own = LoadProfileOption(arguments.profile_file);
  if (!own.ok()) return UsageError(own.status());
  if (!arguments.check.empty()) return RunCheck(arguments.check);
  const double seconds = ParseDuration(arguments.seconds);
  if (seconds < 0) {
    return UsageError(absl::InvalidArgumentError(
        absl::StrCat("'", arguments.seconds, "' is no duration; say 1, 90s, 15m")));
  }
  auto axes = Choose(arguments);
  if (!axes.ok()) return UsageError(axes.status());
  if (axes->variants.empty() && arguments.format == "text") {
    std::printf("Linux %s has the fix that each variant takes out: no rows\n",
                arguments.kernel.c_str());
    return kExitClean;
  }
  CellMap known;
  if (!arguments.resume.empty()) {
    auto kept = Known(arguments.resume);
    if (!kept.ok()) return UsageError(kept.status());
    known = *std::move(kept);
  }

  std::vector<MatrixCell> cells;
  Progress progress(axes->variants.size() * axes->profiles.size());
  for (const VariantRow* variant : axes->variants) {
    for (const Profile* profile : axes->profiles) {
      const char* name = variant == nullptr ? kUnmodified : variant->name;
      const auto found = known.find({name, profile->name});
      if (found != known.end() && !IsOf(found->second, variant, *profile, arguments.memory)) {
        return UsageError(absl::InvalidArgumentError(
            absl::StrCat(arguments.resume, ": its cell of ", name, " on ", profile->name,
                         " is of another memory model; keep this matrix in another file")));
      }
      cells.push_back(found != known.end()
                          ? found->second
                          : FillCell(variant, *profile, seconds, arguments.memory));
      if (Interrupted()) cells.pop_back();
      if (Interrupted()) break;
      if (!arguments.resume.empty() && found == known.end()) {
        known[{name, profile->name}] = cells.back();
        if (absl::Status status = Keep(arguments.resume, known); !status.ok()) {
          return UsageError(status);
        }
      }
      progress.Say(cells.size(), cells.back());
    }
    if (Interrupted()) break;
  }
  Print(arguments.format, cells);
  if (Interrupted()) {
    std::fprintf(stderr, "walkrace: interrupted after %zu cells%s\n", cells.size(),
                 arguments.resume.empty() ? "; with --resume FILE nothing is lost"
                                          : ": the same command goes on from there");
    return kExitInterrupted;
  }
  size_t surprises = 0;
  for (const MatrixCell& cell : cells) surprises += cell.as_expected() ? 0 : 1;
  if (surprises != 0) {
    std::fprintf(stderr, "walkrace: %zu cells are not what the registry expects: (!)\n", surprises);
  }
  return surprises == 0 ? kExitClean : kExitInfrastructure;
}

}  // namespace

void AddMatrixCommand(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<MatrixArguments>();
  CLI::App* command = app.add_subcommand(
      "matrix", "which variant bites on which profile, with the smallest schedule");
  command->add_option("--seconds-per-cell", arguments->seconds, "for clean cells (default 1)");
  command->add_option("--variants", arguments->variants, "rows: a,b; 'unmodified' is one");
  command->add_option("--kernel", arguments->kernel,
                      "rows: the fixes that this Linux release does not have yet");
  command->add_option("--profiles", arguments->profiles, "columns: a,b");
  AddProfileFileOption(*command, arguments->profile_file);
  AddMemoryOption(*command, arguments->memory, kOwnMemoryHelp);
  AddBackendOption(*command);
  command->add_option("--format", arguments->format, "text (Markdown), json (lines) or html")
      ->check(CLI::IsMember({"text", "json", "html"}));
  command->add_option("--resume", arguments->resume,
                      "keep finished cells in this file, and go on from what it holds");
  command->add_option("--check", arguments->check,
                      "check the cells of this file instead: replay what bites, run 2,000 "
                      "schedules of what is clean");
  command->footer(
      "Ends with 0 when every cell is what the registry expects, 3 when one is not; with --check\n"
      "77 when a clean cell is not clean any more, 3 when one does not bite any more.");
  command->callback([arguments, &exit_code] { exit_code = RunMatrix(*arguments); });
}

}  // namespace walkrace
