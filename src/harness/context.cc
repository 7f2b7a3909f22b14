#include "harness/context.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "kernel/port/trees.h"
#include "oracle/oracles.h"

namespace walkrace {
namespace {

constexpr size_t kFileBytesMax = 64 << 20;

// "collapse-race, no-pmd-recheck, ..."
template <typename Row>
std::string KnownNames(const Row* rows, size_t count) {
  return absl::StrJoin(rows, rows + count, ", ",
                       [](std::string* out, const Row& row) { absl::StrAppend(out, row.name); });
}

std::string KnownProfiles() {
  size_t count;
  const Profile* rows = Profiles(&count);
  return KnownNames(rows, count);
}

std::string KnownTargets() {
  size_t count;
  const TargetRow* rows = TargetRows(&count);
  return KnownNames(rows, count);
}

// `place` is where a file says it; nowhere for an option.
absl::Status Unknown(const char* kind, const std::string& name, const std::string& known,
                     TextPlace place = {}) {
  return absl::InvalidArgumentError(absl::StrCat(
      place.line == 0 ? "" : absl::StrCat("line ", place.line, ", column ", place.column, ": "),
      "unknown ", kind, " '", name, "'; known are: ", known));
}

// Without those that were named before, in the order of the first.
std::vector<std::string> EachOnce(const std::vector<std::string>& names) {
  std::vector<std::string> once;
  for (const std::string& name : names) {
    if (std::find(once.begin(), once.end(), name) == once.end()) once.push_back(name);
  }
  return once;
}

// What both an option and the file say must be the same.
absl::StatusOr<std::string> Agree(const char* what, const std::string& option,
                                  const std::string& file) {
  if (option.empty()) return file;
  if (file.empty() || file == option) return option;
  return absl::InvalidArgumentError(absl::StrCat("the file says ", what, " ", file,
                                                 ", the option --", what, " says ", option,
                                                 "; leave one of them out, or make them agree"));
}

absl::StatusOr<const TargetRow*> ResolveTarget(const std::string& option, const WalkFile* file) {
  auto name = Agree("target", option, file == nullptr ? "" : file->target);
  if (!name.ok()) return name.status();
  if (name->empty()) {
    return absl::InvalidArgumentError("no target is said; add --target or a 'target' line");
  }
  const TargetRow* row = FindTarget(name->c_str());
  if (row == nullptr) {
    return Unknown("target", *name, KnownTargets(),
                   file == nullptr ? TextPlace() : file->places.target);
  }
  if (!row->runs_scenarios) {
    return absl::InvalidArgumentError(absl::StrCat(
        "target ", *name, " takes no scenarios; run it with fuzz/run --target ", *name));
  }
  return row;
}

absl::StatusOr<const Profile*> ResolveProfile(const ContextNames& options, const WalkFile* file) {
  std::string in_file;
  if (file != nullptr && file->input.scenario.profile != kNoProfile) {
    in_file = ProfileAt(file->input.scenario.profile).name;
  }
  auto name = Agree("profile", options.profile, in_file);
  if (!name.ok()) return name.status();
  if (name->empty()) name = options.default_profile;
  if (name->empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "no profile is said; add --profile or a 'profile' line (", KnownProfiles(), ")"));
  }
  const Profile* profile = FindProfile(name->c_str());
  if (profile == nullptr) return Unknown("profile", *name, KnownProfiles());
  return profile;
}

absl::StatusOr<const wr_tree*> ResolveTree(const ContextNames& options, const WalkFile* file) {
  auto name = Agree("tree", options.tree, file == nullptr ? "" : file->tree);
  if (!name.ok()) return name.status();
  if (name->empty()) return nullptr;
  const wr_tree* tree = FindTree(name->c_str());
  if (tree != nullptr) return tree;
  size_t count;
  const wr_tree* const* rows = Trees(&count);
  const std::string known =
      absl::StrJoin(rows, rows + count, ", ",
                    [](std::string* out, const wr_tree* row) { absl::StrAppend(out, row->name); });
  return Unknown("kernel tree", *name,
                 count == 0 ? "none in this build: configure it with -DWALKRACE_KERNEL_TREE=" +
                                  *name + "=DIR, or let fuzz/run --kernel-tree DIR build it"
                            : known,
                 file == nullptr ? TextPlace() : file->places.tree);
}

absl::Status UnknownMemory(const std::string& name, TextPlace place = {}) {
  size_t count;
  const MemoryRow* const rows = MemoryRows(&count);
  return Unknown("memory model", name, absl::StrCat(KnownNames(rows, count), ", ", kHardwareMemory),
                 place);
}

absl::StatusOr<MemoryKind> ResolveMemory(const ContextNames& options, const WalkFile* file,
                                         const Profile& profile) {
  auto name = Agree("memory", options.memory, file == nullptr ? "" : file->memory);
  if (!name.ok()) return name.status();
  if (name->empty()) return MemoryKind::kSc;
  if (const auto kind = MemoryNamed(*name, profile); kind.has_value()) return *kind;
  return UnknownMemory(*name, file == nullptr ? TextPlace() : file->places.memory);
}

absl::StatusOr<std::vector<const VariantRow*>> ResolveVariants(const ContextNames& options,
                                                               const WalkFile* file) {
  std::vector<std::string> names = options.variants;
  std::vector<TextPlace> places;
  if (file != nullptr && !file->variants.empty()) {
    std::vector<std::string> in_file = EachOnce(file->variants);
    std::sort(in_file.begin(), in_file.end());
    std::vector<std::string> in_options = EachOnce(names);
    std::sort(in_options.begin(), in_options.end());
    if (options.variants_given && in_file != in_options) {
      return absl::InvalidArgumentError(
          absl::StrCat("the file says variant ", absl::StrJoin(file->variants, ","),
                       ", the option --variant says ", absl::StrJoin(names, ","),
                       "; leave one of them out, or make them agree"));
    }
    names = file->variants;
    places = file->places.variants;
  }
  places.resize(names.size());
  std::vector<const VariantRow*> rows;
  for (size_t i = 0; i < names.size(); ++i) {
    const VariantRow* row = FindVariant(names[i].c_str());
    if (row == nullptr) {
      size_t count;
      const VariantRow* known = VariantRows(&count);
      return Unknown("variant", names[i], KnownNames(known, count), places[i]);
    }
    if (std::find(rows.begin(), rows.end(), row) == rows.end()) rows.push_back(row);
  }
  return rows;
}

}  // namespace

std::optional<MemoryKind> MemoryNamed(const std::string& name, const Profile& profile) {
  if (name == kHardwareMemory) return profile.memory;
  const MemoryRow* row = FindMemory(name.c_str());
  if (row == nullptr) return std::nullopt;
  return row->kind;
}

absl::Status CheckMemoryName(const std::string& name) {
  if (name == kHardwareMemory || FindMemory(name.c_str()) != nullptr) return absl::OkStatus();
  return UnknownMemory(name);
}

std::string ResolvedContext::VariantNames() const {
  return absl::StrJoin(variants, ",", [](std::string* out, const VariantRow* row) {
    absl::StrAppend(out, row->name);
  });
}

absl::StatusOr<std::vector<std::string>> SplitVariants(const std::string& list) {
  std::vector<std::string> names = absl::StrSplit(list, ',', absl::SkipWhitespace());
  if (names.empty() && !list.empty()) {
    size_t count;
    const VariantRow* known = VariantRows(&count);
    return absl::InvalidArgumentError(
        absl::StrCat("'", list, "' names no variant; known are: ", KnownNames(known, count)));
  }
  for (std::string& name : names) {
    name = std::string(absl::StripAsciiWhitespace(name));
    if (FindVariant(name.c_str()) == nullptr) {
      size_t count;
      const VariantRow* known = VariantRows(&count);
      return Unknown("variant", name, KnownNames(known, count));
    }
  }
  return EachOnce(names);
}

absl::StatusOr<ResolvedContext> ResolveContext(const ContextNames& options, const WalkFile* file) {
  ResolvedContext context = {};
  auto target = ResolveTarget(options.target, file);
  if (!target.ok()) return target.status();
  context.target = *target;
  auto variants = ResolveVariants(options, file);
  if (!variants.ok()) return variants.status();
  context.variants = *std::move(variants);
  auto profile = ResolveProfile(options, file);
  if (!profile.ok()) return profile.status();
  context.run.profile = *profile;
  auto tree = ResolveTree(options, file);
  if (!tree.ok()) return tree.status();
  context.run.tree = *tree;
  auto memory = ResolveMemory(options, file, *context.run.profile);
  if (!memory.ok()) return memory.status();
  context.run.memory = *memory;
  if (file != nullptr && !file->expect.empty() && file->expect != "clean" &&
      !IsOracleName(file->expect.c_str())) {
    size_t count;
    const OracleRow* known = OracleRows(&count);
    return Unknown("expectation", file->expect, "clean, " + KnownNames(known, count),
                   file->places.expect);
  }
  for (const VariantRow* row : context.variants) AddCuts(*row, &context.run.cuts);
  if (context.target->always_variant != nullptr) {
    AddCuts(*FindVariant(context.target->always_variant), &context.run.cuts);
  }
  return context;
}

absl::StatusOr<WalkFile> ReadWalkFile(const std::string& path) {
  auto content = ReadFile(path, kFileBytesMax);
  if (!content.ok()) return content.status();
  auto file = ParseAny(*content);
  if (!file.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", file.status().message()));
  }
  return file;
}

void NameContext(const ResolvedContext& context, WalkFile& file) {
  file.target = context.target->name;
  file.tree = context.run.tree == nullptr ? "" : context.run.tree->name;
  file.memory = context.run.memory == MemoryKind::kSc ? "" : MemoryRowOf(context.run.memory).name;
  file.variants.clear();
  file.places = {};
  for (const VariantRow* row : context.variants) file.variants.push_back(row->name);
  file.input.scenario.profile = IndexOf(*context.run.profile);
}

}  // namespace walkrace
