#include <cstdio>

#include "engine/strategies.h"
#include "harness/targets.h"
#include "oracle/oracles.h"
#include "scenario/scenario.h"
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

Json Operations() {
  static constexpr struct {
    const char *name, *summary;
  } kRows[] = {
      {"pin FIRST-LAST [write]", "pin_user_pages_fast, with write: FOLL_WRITE"},
      {"get FIRST-LAST [write]", "get_user_pages_fast, with write: FOLL_WRITE"},
      {"write-pinned", "writes through each reference that this CPU holds for writing"},
      {"read-pinned", "reads through each reference that this CPU holds"},
      {"unpin", "puts back all references that this CPU holds"},
      {"collapse FIRST-LAST", "collapse_huge_page on one region"},
      {"zap FIRST-LAST", "MADV_DONTNEED"},
      {"fault PAGE", "handle_mm_fault for writing"},
      {"read PAGE", "a load of this CPU, through its TLB"},
      {"write PAGE", "a store of this CPU, through its TLB"},
  };
  return Named(kRows, sizeof(kRows) / sizeof(kRows[0]));
}

Json Variants() {
  size_t count;
  const VariantRow* rows = VariantRows(&count);
  Json array = Named(rows, count);
  for (size_t i = 0; i < count; ++i) {
    array[i]["oracle"] = rows[i].oracle == nullptr ? Json() : Json(rows[i].oracle);
    array[i]["upstream"] = rows[i].upstream == nullptr ? Json() : Json(rows[i].upstream);
    array[i]["needs"] = rows[i].needs == nullptr ? Json() : Json(rows[i].needs);
    Json bites = Json::array();
    size_t profile_count;
    const Profile* profiles = Profiles(&profile_count);
    for (size_t p = 0; p < profile_count && rows[i].oracle != nullptr; ++p) {
      if (BitesOn(rows[i], profiles[p].name)) bites.push_back(profiles[p].name);
    }
    array[i]["bites_on"] = bites;
  }
  return array;
}

Json Everything() {
  Json json;
  size_t count;
  json["operations"] = Operations();
  const Profile* profiles = Profiles(&count);
  json["profiles"] = Named(profiles, count);
  json["variants"] = Variants();
  const OracleRow* oracles = OracleRows(&count);
  json["oracles"] = Named(oracles, count);
  const StrategyRow* strategies = StrategyRows(&count);
  json["strategies"] = Named(strategies, count);
  const TargetRow* targets = TargetRows(&count);
  json["targets"] = Named(targets, count);
  for (size_t i = 0; i < count; ++i) {
    json["targets"][i]["runs_scenarios"] = targets[i].runs_scenarios;
  }
  return json;
}

void PrintText(const Json& json) {
  for (const auto& [kind, rows] : json.items()) {
    std::printf("%s:\n", kind.c_str());
    for (const Json& row : rows) {
      std::printf("  %-26s %s\n", row["name"].get<std::string>().c_str(),
                  row["summary"].get<std::string>().c_str());
    }
  }
}

}  // namespace

void AddListCommand(CLI::App& app, int& exit_code) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command =
      app.add_subcommand("list", "operations, profiles, variants, oracles, strategies, targets");
  command->add_flag("--json", *json, "one object on one line");
  command->callback([json, &exit_code] {
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
