// What the subcommands share: context options, verdicts in text and JSON, exit codes.
#ifndef WALKRACE_TOOL_COMMON_H_
#define WALKRACE_TOOL_COMMON_H_

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "harness/context.h"
#include "harness/interrupt.h"

namespace walkrace {

// Where --profile-file was given: reads it and adds its profile; else returns null.
absl::StatusOr<const Profile*> LoadProfileOption(const std::string& path);
void AddProfileFileOption(CLI::App& command, std::string& path);

// --backend, which takes effect where it is parsed.
void AddBackendOption(CLI::App& command);

// --target, --variant, --kernel, --profile, --profile-file and --backend.
struct ContextOptions {
  std::string target;
  std::string variants;
  std::string kernel;
  std::string profile;
  std::string tree;
  std::string memory;
  std::string profile_file;

  void AddTo(CLI::App& command);
  void AddNamesTo(CLI::App& command);  // all but --backend
  absl::StatusOr<ContextNames> Names() const;
};

// A file read in either form, and the context of its run.
struct LoadedInput {
  WalkFile file;
  ResolvedContext context;
};
absl::StatusOr<LoadedInput> LoadInput(const std::string& path, const ContextOptions& options);

// --memory of a command that has no file: checked where it is parsed. `none`: what none stands for.
void AddMemoryOption(CLI::App& command, std::string& memory, const std::string& none);
inline constexpr const char* kOwnMemoryHelp =
    "lkmm for variants that need weak memory, else sc. What bites under a row's own model must "
    "bite "
    "under weaker ones, what is clean under it must be clean under stronger ones";

// The regular files of folders that are not hidden, and files, sorted: a folder has no order.
absl::StatusOr<std::vector<std::string>> FilesOf(const std::vector<std::string>& corpus);

// The oracle of the file's `expect` line; empty where it has none, or expects clean.
std::string OracleExpected(const WalkFile& file);

// The variants of a --kernel option; what weak memory alone shows where that is to be run.
// Says on standard error what the release has, and this leaves out.
absl::StatusOr<std::vector<const VariantRow*>> VariantsOfRelease(const std::string& release,
                                                                 bool weak_memory);

// Prints "walkrace: MESSAGE" to stderr and returns kExitUsage.
//
// Output paths: one that cannot be used is usage, and is looked at before long work. Where writing
// fails all the same afterwards, hunt keeps the exit code of what it found; others end with
// kExitInfrastructure.
int UsageError(const absl::Status& status);

// The same for what is no fault of the caller: returns kExitInfrastructure.
int InfrastructureError(const absl::Status& status);

// Writes what long work has found. Where that fails says so, with the text itself, on stderr, and
// returns false. `what` is "The finding".
bool WriteOrPrint(const std::string& path, const std::string& text, const char* what);

// For options that count: digits only, up to 2^64-1. CLI11 alone lets -1 and 2^64 pass.
CLI::Validator WholeNumber();

// Says on stderr where a variant of the context can bite only in another flavour.
void WarnWhereBlind(const ResolvedContext& context);

// 0, 66 or 77.
int ExitCodeOf(const Report& report);

// The fields that hunt and replay share.
nlohmann::ordered_json VerdictJson(const ResolvedContext& context, const Report& report,
                                   const std::string& signature);

// "violation: ORACLE" and its message, or "clean".
std::string VerdictText(const Report& report, const std::string& signature);

// What to do with a finding: where it was saved (`saved`) and what to type next; or the file
// itself, where nobody named a place to `save` it in.
void PrintFinding(const WalkFile& file, const ResolvedContext& context, const std::string& save,
                  bool saved);

// " --profile-file F" where the profile came from one.
std::string ProfileFileFlag(const ResolvedContext& context);
// " --target T --variant V --profile P --profile-file F", as far as they are said.
std::string ContextFlags(const ResolvedContext& context);

// The command by which this process was started, for "what to type next".
extern std::string program_name;

}  // namespace walkrace

#endif  // WALKRACE_TOOL_COMMON_H_
