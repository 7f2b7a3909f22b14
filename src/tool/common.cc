#include "tool/common.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "harness/controls.h"
#include "machine/profile_file.h"
#include "paths/releases.h"

namespace walkrace {

std::string program_name = "walkrace";

void AddProfileFileOption(CLI::App& command, std::string& path) {
  command
      .add_option("--profile-file", path,
                  "a profile of your own (src/machine/profile_file.h), known by its name from then "
                  "on, and taken where neither --profile nor the file says one")
      ->envname("WALKRACE_PROFILE_FILE");
}

namespace {

constexpr const char* kMemoryHelp =
    "memory model: sc, tso, mca, lkmm, or hardware, what the profile says; none: ";

std::string KnownBackends() {
  size_t count;
  const BackendRow* rows = BackendRows(&count);
  return absl::StrJoin(rows, rows + count, ", ", [](std::string* out, const BackendRow& row) {
    absl::StrAppend(out, row.name);
  });
}

void ChooseBackend(const std::string& name) {
  const BackendRow* row = FindBackend(name.c_str());
  if (row == nullptr) {
    throw CLI::ValidationError(
        "--backend", absl::StrCat("unknown back end '", name, "'; known are: ", KnownBackends()));
  }
  Runner::Get().set_backend(row->get());
}

}  // namespace

void AddBackendOption(CLI::App& command) {
  command
      .add_option_function<std::string>("--backend", ChooseBackend,
                                        absl::StrCat("what carries the CPUs: ", KnownBackends(),
                                                     " (walkrace list); the trace is the same"))
      ->envname("WALKRACE_BACKEND");
}

void AddMemoryOption(CLI::App& command, std::string& memory, const std::string& none) {
  command.add_option("--memory", memory, kMemoryHelp + none)
      ->check(CLI::Validator(
          [](const std::string& name) { return std::string(CheckMemoryName(name).message()); },
          ""));
}

absl::StatusOr<const Profile*> LoadProfileOption(const std::string& path) {
  if (path.empty()) return nullptr;
  return LoadProfileFile(path);
}

void ContextOptions::AddTo(CLI::App& command) {
  AddNamesTo(command);
  AddBackendOption(command);
}

void ContextOptions::AddNamesTo(CLI::App& command) {
  command.add_option("--target", target, "fuzz target (walkrace list)");
  command.add_option("--variant", variants,
                     "pieces of real fixes to take out: one name, or several as a,b; none: the "
                     "unmodified paths");
  command.add_option("--kernel", kernel,
                     "take out the fixes that this Linux release does not have yet, instead of "
                     "--variant: " +
                         absl::StrJoin(Releases(), ", "));
  command.add_option("--tree", tree,
                     "the kernel tree whose code runs where it has any (walkrace list); none: "
                     "walkrace's own paths");
  command.add_option("--memory", memory, kMemoryHelp + std::string("sc"));
  command.add_option("--profile", profile, "architecture profile");
  AddProfileFileOption(command, profile_file);
}

absl::StatusOr<ContextNames> ContextOptions::Names() const {
  ContextNames names;
  names.target = target;
  names.profile = profile;
  names.tree = tree;
  names.memory = memory;
  auto added = LoadProfileOption(profile_file);
  if (!added.ok()) return added.status();
  if (*added != nullptr) names.default_profile = (*added)->name;
  auto split = SplitVariants(variants);
  if (!split.ok()) return split.status();
  names.variants = *std::move(split);
  if (!kernel.empty()) {
    if (!variants.empty()) {
      return absl::InvalidArgumentError(
          "--kernel and --variant both say what to take out; leave one of them out");
    }
    auto lacking = VariantsOfRelease(kernel, !memory.empty() && memory != "sc");
    if (!lacking.ok()) return lacking.status();
    for (const VariantRow* row : *lacking) names.variants.emplace_back(row->name);
  }
  names.variants_given = !kernel.empty() || !names.variants.empty();
  return names;
}

absl::StatusOr<LoadedInput> LoadInput(const std::string& path, const ContextOptions& options) {
  auto names = options.Names();
  if (!names.ok()) return names.status();
  auto file = ReadWalkFile(path);
  if (!file.ok()) return file.status();
  auto context = ResolveContext(*names, &*file);
  if (!context.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", context.status().message()));
  }
  return LoadedInput{*std::move(file), *std::move(context)};
}

absl::StatusOr<std::vector<std::string>> FilesOf(const std::vector<std::string>& corpus) {
  std::vector<std::string> files;
  for (const std::string& path : corpus) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    for (auto entry = std::filesystem::recursive_directory_iterator(path, error);
         !error && entry != std::filesystem::recursive_directory_iterator();
         entry.increment(error)) {
      const bool hidden = entry->path().filename().string().starts_with('.');
      if (hidden) entry.disable_recursion_pending();  // AFL++ keeps its state there
      if (!hidden && entry->is_regular_file(error)) files.push_back(entry->path().string());
    }
    if (error) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": ", error.message()));
    }
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) return absl::InvalidArgumentError("the corpus holds no file");
  return files;
}

std::string OracleExpected(const WalkFile& file) {
  return file.expect == "clean" ? "" : file.expect;
}

absl::StatusOr<std::vector<const VariantRow*>> VariantsOfRelease(const std::string& release,
                                                                 bool weak_memory) {
  if (!IsRelease(release)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "unknown kernel '", release, "'; known are: ", absl::StrJoin(Releases(), ", ")));
  }
  const auto left_out = LeftOutOf(release, weak_memory);
  if (!left_out.empty()) {
    std::fprintf(stderr, "walkrace: Linux %s has as well, and left out here: %s\n", release.c_str(),
                 absl::StrJoin(left_out, ", ").c_str());
  }
  std::fprintf(stderr,
               "walkrace: races that are not built (src/paths/RACES.md) are in no bundle\n");
  return VariantsOf(release, weak_memory);
}

int UsageError(const absl::Status& status) {
  std::fprintf(stderr, "walkrace: %s\n", std::string(status.message()).c_str());
  return kExitUsage;
}

int InfrastructureError(const absl::Status& status) {
  UsageError(status);
  return kExitInfrastructure;
}

bool WriteOrPrint(const std::string& path, const std::string& text, const char* what) {
  const absl::Status status = WriteFileAtomically(path, text);
  if (status.ok()) return true;
  std::fprintf(stderr, "walkrace: %s\n%s, so that it is not lost:\n%s",
               std::string(status.message()).c_str(), what, text.c_str());
  return false;
}

CLI::Validator WholeNumber() {
  return CLI::Validator(
      [](const std::string& text) -> std::string {
        uint64_t number;
        const bool digits = text.find_first_not_of("0123456789") == std::string::npos;
        if (digits && absl::SimpleAtoi(text, &number)) return "";
        return absl::StrCat("'", text, "' is no whole number from 0 to ", UINT64_MAX);
      },
      "");
}

void WarnWhereBlind(const ResolvedContext& context) {
  for (const VariantRow* row : context.variants) {
    const char* why = WhySkipped(*row);
    if (NeedsWeakMemory(*row) && context.run.memory == MemoryKind::kSc) {
      why = "needs: weak-memory (add --memory lkmm)";
    }
    if (why == nullptr) continue;
    std::fprintf(stderr, "walkrace: variant %s cannot be seen here, %s: clean says nothing\n",
                 row->name, why);
  }
}

int ExitCodeOf(const Report& report) {
  if (report.clean()) return kExitClean;
  return std::strcmp(report.violation.oracle, "data-race") == 0 ? kExitDataRace : kExitViolation;
}

nlohmann::ordered_json VerdictJson(const ResolvedContext& context, const Report& report,
                                   const std::string& signature) {
  nlohmann::ordered_json json;
  const std::string variants = context.VariantNames();
  json["verdict"] = report.clean() ? "clean" : "violation";
  json["oracle"] = nullptr;
  json["target"] = context.target->name;
  if (context.run.tree != nullptr) json["tree"] = context.run.tree->name;
  if (context.run.memory != MemoryKind::kSc) {
    json["memory"] = MemoryRowOf(context.run.memory).name;
  }
  json["variant"] = nullptr;
  if (!variants.empty()) json["variant"] = variants;
  json["profile"] = context.run.profile->name;
  json["preemptions"] = report.run.preemptions;
  json["events"] = report.run.steps;
  json["trace_hash"] = absl::StrFormat("%016x", report.run.trace_hash);
  if (!report.clean()) {
    json["oracle"] = report.violation.oracle;
    json["message"] = report.violation.message;
    json["signature"] = signature;
  }
  return json;
}

std::string VerdictText(const Report& report, const std::string& signature) {
  if (report.clean()) return "clean";
  return absl::StrCat("violation: ", report.violation.oracle, "\n  ", report.violation.message,
                      "\n  signature: ", signature);
}

void PrintFinding(const WalkFile& file, const ResolvedContext& context, const std::string& save,
                  bool saved) {
  if (save.empty()) {
    std::printf("\n%s\n(saved nowhere: add --save FILE)\n", PrintText(file).c_str());
    return;
  }
  if (!saved) return;
  const char* name = save.c_str();
  const char* program = program_name.c_str();
  const std::string flag = ProfileFileFlag(context);
  std::printf("  saved to %s\nnext:\n  %s replay %s%s\n  %s minimize %s -o %s.min.walk%s\n", name,
              program, name, flag.c_str(), program, name, name, flag.c_str());
}

std::string ProfileFileFlag(const ResolvedContext& context) {
  const std::string& file = FileOfProfile(*context.run.profile);
  return file.empty() ? "" : absl::StrCat(" --profile-file ", file);
}

std::string ContextFlags(const ResolvedContext& context) {
  const std::string variants = context.VariantNames();
  return absl::StrCat(
      " --target ", context.target->name,
      context.run.tree == nullptr ? "" : absl::StrCat(" --tree ", context.run.tree->name),
      context.run.memory == MemoryKind::kSc
          ? ""
          : absl::StrCat(" --memory ", MemoryRowOf(context.run.memory).name),
      variants.empty() ? "" : absl::StrCat(" --variant ", variants), " --profile ",
      context.run.profile->name, ProfileFileFlag(context));
}

}  // namespace walkrace
