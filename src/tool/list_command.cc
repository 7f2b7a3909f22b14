#include <cstdio>

#include "engine/strategies.h"
#include "harness/known_exposures.h"
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
      {"split-pmd FIRST-LAST", "split_huge_pmd of one region"},
      {"split PAGE", "split_huge_page of the large folio that is mapped there"},
      {"munmap FIRST-LAST", "munmap of one region, which is mapped again, empty"},
      {"read PAGE", "a load of this CPU, through its TLB"},
      {"write PAGE", "a store of this CPU, through its TLB"},
      {"fork", "mm 1 gets mm 0's anonymous memory, if it has none yet"},
      {"soft-dirty", "clear_refs: every entry is write-protected"},
      {"mprotect FIRST-LAST [write]", "change_protection, to read-only or with write"},
      {"numa FIRST-LAST", "change_prot_numa: hints that the next fault takes back"},
  };
  return Named(kRows, sizeof(kRows) / sizeof(kRows[0]));
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
    array.push_back(
        {{"name", row.name}, {"summary", row.account}, {"signature", row.signature}, {"on", on}});
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
    array[i]["upstream"] = rows[i].upstream == nullptr ? Json() : Json(rows[i].upstream);
    array[i]["needs"] = rows[i].needs == nullptr ? Json() : Json(rows[i].needs);
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
  json["known_exposed"] = Exposures();
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
  auto profile_file = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("list", "operations, profiles, variants, oracles, strategies, targets");
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
