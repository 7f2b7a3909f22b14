#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "engine/backend.h"
#include "engine/strategies.h"
#include "harness/known_exposures.h"
#include "harness/targets.h"
#include "kernel/port/trees.h"
#include "oracle/oracles.h"
#include "scenario/operation_table.h"
#include "tool/commands.h"
#include "tool/common.h"

namespace walkrace {
namespace {

using Json = nlohmann::ordered_json;

template <typename Row>
Json Named(const Row* rows, size_t count) {
  Json array = Json::array();
  for (size_t i = 0; i < count; ++i) {
    array.push_back({{"name", rows[i].name}, {"summary", rows[i].summary}});
  }
  return array;
}

// "mprotect PAGES [write]"
std::string FormOf(const OperationRow& row) {
  static constexpr const char* kOperands[] = {"", " PAGE", " FIRST-LAST", " FIRST-LAST"};
  std::string form = std::string(row.word) + kOperands[static_cast<int>(row.operand)];
  for (const FlagWord& flag : FlagWords()) {
    if ((row.may_flags & flag.flag) != 0) form += std::string(" [") + flag.word + "]";
  }
  return form;
}

Json Operations() {
  Json array = Json::array();
  for (const OperationRow& row : OperationRows()) {
    array.push_back({{"name", FormOf(row)}, {"summary", row.summary}});
  }
  return array;
}

Json Exposures() {
  Json array = Json::array();
  for (const KnownExposure& row : KnownExposures()) {
    Json on = Json::array();
    size_t count;
    const Profile* profiles = Profiles(&count);
    for (size_t p = 0; p < count; ++p) {
      if (row.on(profiles[p])) on.push_back(profiles[p].name);
    }
    Json schedules = Json::array();
    for (const char* file : row.schedules) {
      if (file != nullptr) schedules.push_back(file);
    }
    array.push_back({{"name", row.name},
                     {"summary", row.account},
                     {"signature", row.signature},
                     {"on", on},
                     {"schedules", schedules}});
    if (row.tree_before != nullptr) array.back()["tree_before"] = row.tree_before;
  }
  return array;
}

Json Variants() {
  size_t count;
  const VariantRow* rows = VariantRows(&count);
  Json array = Named(rows, count);
  for (size_t i = 0; i < count; ++i) {
    array[i]["oracle"] = rows[i].oracle == nullptr ? Json() : Json(rows[i].oracle);
    array[i]["id"] = rows[i].id == nullptr ? Json() : Json(rows[i].id);
    array[i]["fixed_in"] = rows[i].fixed_in == nullptr ? Json() : Json(rows[i].fixed_in);
    array[i]["fixed_later"] =
        rows[i].fixed_later_in == nullptr
            ? Json()
            : Json(absl::StrCat(rows[i].fixed_later_on, " ", rows[i].fixed_later_in));
    array[i]["introduced_in"] =
        rows[i].introduced_in == nullptr ? Json() : Json(rows[i].introduced_in);
    array[i]["upstream"] = rows[i].upstream == nullptr ? Json() : Json(rows[i].upstream);
    array[i]["needs"] = rows[i].needs == nullptr ? Json() : Json(rows[i].needs);
    array[i]["control"] = absl::StrCat("walkrace 1\n", rows[i].control);
    array[i]["depth"] = rows[i].pct_depth;
    Json bites = Json::array();
    size_t profile_count;
    const Profile* profiles = Profiles(&profile_count);
    for (size_t p = 0; p < profile_count; ++p) {
      if (BitesOn(rows[i], profiles[p])) bites.push_back(profiles[p].name);
    }
    array[i]["bites_on"] = bites;
  }
  return array;
}

// The kernel trees that are built in, and the files of theirs that run.
Json KernelTrees() {
  Json array = Json::array();
  size_t count;
  const wr_tree* const* rows = Trees(&count);
  for (size_t i = 0; i < count; ++i) {
    const std::vector<std::string> files = absl::StrSplit(rows[i]->files, ' ');
    array.push_back({{"name", rows[i]->name},
                     {"summary", absl::StrCat("Linux ", rows[i]->release)},
                     {"release", rows[i]->release},
                     {"files", files}});
  }
  return array;
}

// What --memory takes.
Json MemoryModels() {
  size_t count;
  const MemoryRow* rows = MemoryRows(&count);
  Json array = Named(rows, count);
  array.push_back({{"name", kHardwareMemory}, {"summary", "what the profile's processors do"}});
  return array;
}

Json Everything() {
  Json json;
  size_t count;
  json["operations"] = Operations();
  const Profile* profiles = Profiles(&count);
  json["profiles"] = Named(profiles, count);
  for (size_t i = 0; i < count; ++i) {
    json["profiles"][i]["memory"] = MemoryRowOf(profiles[i].memory).name;
  }
  json["variants"] = Variants();
  const OracleRow* oracles = OracleRows(&count);
  json["oracles"] = Named(oracles, count);
  const StrategyRow* strategies = StrategyRows(&count);
  json["strategies"] = Named(strategies, count);
  const BackendRow* backends = BackendRows(&count);
  json["backends"] = Named(backends, count);
  json["memory_models"] = MemoryModels();
  const TargetRow* targets = TargetRows(&count);
  json["targets"] = Named(targets, count);
  for (size_t i = 0; i < count; ++i) {
    json["targets"][i]["runs_scenarios"] = targets[i].runs_scenarios;
  }
  json["known_exposed"] = Exposures();
  json["kernel_trees"] = KernelTrees();
  return json;
}

// "a, b"
std::string Joined(const Json& words) {
  return absl::StrJoin(words.get<std::vector<std::string>>(), ", ");
}

void PrintText(const Json& json) {
  for (const auto& [kind, rows] : json.items()) {
    std::printf("%s:%s\n", kind.c_str(), rows.empty() ? " none" : "");
    for (const Json& row : rows) {
      const std::string needs = row.contains("needs") && row["needs"].is_string()
                                    ? " (needs: " + row["needs"].get<std::string>() + ")"
                                    : "";
      std::printf("  %-26s %s%s\n", row["name"].get<std::string>().c_str(),
                  row["summary"].get<std::string>().c_str(), needs.c_str());
      if (row.contains("files")) std::printf("    files: %s\n", Joined(row["files"]).c_str());
      if (row.contains("schedules")) {
        std::printf("    signature: %s\n    on: %s\n    schedules: %s\n",
                    row["signature"].get<std::string>().c_str(), Joined(row["on"]).c_str(),
                    Joined(row["schedules"]).c_str());
      }
      if (row.contains("tree_before")) {
        std::printf("    of kernel trees before %s\n",
                    row["tree_before"].get<std::string>().c_str());
      }
    }
  }
}

}  // namespace

void AddListCommand(CLI::App& app, int& exit_code) {
  auto json = std::make_shared<bool>(false);
  auto profile_file = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand(
      "list",
      "operations, profiles, variants, oracles, strategies, back ends, memory models, targets, "
      "kernel trees");
  command->add_flag("--json", *json, "one object on one line");
  AddProfileFileOption(*command, *profile_file);
  command->callback([json, profile_file, &exit_code] {
    if (auto added = LoadProfileOption(*profile_file); !added.ok()) {
      exit_code = UsageError(added.status());
      return;
    }
    const Json everything = Everything();
    if (*json) {
      std::printf("%s\n", everything.dump().c_str());
    } else {
      PrintText(everything);
    }
    exit_code = kExitClean;
  });
}

}  // namespace walkrace
