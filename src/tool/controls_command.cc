#include <cstdio>

#include "absl/strings/str_cat.h"
#include "harness/controls.h"
#include "tool/commands.h"
#include "tool/common.h"

namespace walkrace {
namespace {

struct ControlsArguments {
  std::string variant, profile, profile_file, memory;
  bool json = false;
};

void PrintRow(const ControlResult& row) {
  const std::string under = row.memory == MemoryKind::kSc
                                ? ""
                                : absl::StrCat("under ", MemoryRowOf(row.memory).name, " ");
  std::printf("%-4s %-26s %-16s expected %-24s found %-24s %8llu schedules %s%s\n",
              row.as_expected() ? "ok" : "FAIL", row.variant->name, row.profile->name,
              row.expected.c_str(), row.found.c_str(),
              static_cast<unsigned long long>(row.schedules), under.c_str(), row.why.c_str());
  std::fflush(stdout);
}

nlohmann::ordered_json RowJson(const ControlResult& row) {
  nlohmann::ordered_json json;
  json["variant"] = row.variant->name;
  json["profile"] = row.profile->name;
  if (row.memory != MemoryKind::kSc) json["memory"] = MemoryRowOf(row.memory).name;
  json["expected"] = row.expected;
  json["found"] = row.found;
  json["schedules"] = row.schedules;
  if (!row.why.empty()) json["why"] = row.why;
  return json;
}

// Of each variant by itself; of all where none is named.
std::vector<ControlResult> RunControlsOf(const std::vector<std::string>& names,
                                         ControlOptions options) {
  if (names.empty()) return RunControls(options);
  std::vector<ControlResult> rows;
  for (const std::string& name : names) {
    options.variant = FindVariant(name.c_str());
    for (ControlResult& row : RunControls(options)) rows.push_back(std::move(row));
  }
  return rows;
}

int RunControlsCommand(const ControlsArguments& arguments) {
  ControlOptions options;
  auto names = SplitVariants(arguments.variant);
  if (!names.ok()) return UsageError(names.status());
  auto added = LoadProfileOption(arguments.profile_file);
  if (!added.ok()) return UsageError(added.status());
  options.profile = *added;
  options.memory = arguments.memory;
  if (!arguments.profile.empty()) {
    options.profile = FindProfile(arguments.profile.c_str());
    if (options.profile == nullptr) {
      return UsageError(absl::InvalidArgumentError(absl::StrCat(
          "unknown profile '", arguments.profile, "'; walkrace list names the profiles")));
    }
  }
  if (!arguments.json) options.each = PrintRow;
  const std::vector<ControlResult> rows = RunControlsOf(*names, options);

  size_t failed = 0, skipped = 0;
  nlohmann::ordered_json array = nlohmann::ordered_json::array();
  for (const ControlResult& row : rows) {
    failed += !row.as_expected();
    skipped += row.found == "skipped";
    array.push_back(RowJson(row));
  }
  if (arguments.json) {
    nlohmann::ordered_json json;
    json["controls"] = array;
    json["failed"] = failed;
    json["skipped"] = skipped;
    json["interrupted"] = Interrupted();
    std::printf("%s\n", json.dump().c_str());
  } else {
    if (Interrupted()) std::printf("interrupted\n");
    std::printf("%zu controls: %zu as expected, %zu not, %zu skipped\n", rows.size(),
                rows.size() - failed - skipped, failed, skipped);
  }
  if (failed != 0) return kExitInfrastructure;
  return Interrupted() ? kExitInterrupted : kExitClean;
}

}  // namespace

void AddControlsCommand(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<ControlsArguments>();
  CLI::App* command = app.add_subcommand(
      "controls", "every variant on every profile: caught where it bites, clean where it does not");
  command->add_option("--variant", arguments->variant, "these only: one name, or several as a,b");
  command->add_option("--profile", arguments->profile, "this one only");
  AddProfileFileOption(*command, arguments->profile_file);
  AddMemoryOption(*command, arguments->memory, kOwnMemoryHelp);
  AddBackendOption(*command);
  command->add_flag("--json", arguments->json, "one object on one line");
  command->callback([arguments, &exit_code] { exit_code = RunControlsCommand(*arguments); });
}

}  // namespace walkrace
