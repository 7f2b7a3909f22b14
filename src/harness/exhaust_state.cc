#include "harness/exhaust_state.h"

#include <nlohmann/json.hpp>

#include "base/build_id.h"
#include "engine/strategies.h"
#include "scenario/text_codec.h"

namespace walkrace {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kFormat[] = "walkrace exhaust 2";
constexpr uint64_t kMaskMax = (uint64_t{1} << kCpusMax) - 1;

Json JsonOf(const std::vector<SearchNode::Branch>& branches) {
  Json json = Json::array();
  for (const SearchNode::Branch& branch : branches) {
    Json entries = Json::array();
    for (const Footprint::Entry& entry : branch.footprint.entries()) {
      entries.push_back({entry.object, entry.how});
    }
    json.push_back({{"cpu", branch.cpu}, {"touches", std::move(entries)}});
  }
  return json;
}

// Each returns false where the JSON is not as PrintState writes it.
bool Read(const Json& json, const char* key, uint64_t max, uint64_t* value) {
  if (!json.is_object() || !json.contains(key) || !json[key].is_number_unsigned()) return false;
  *value = json[key].get<uint64_t>();
  return *value <= max;
}

bool ReadMask(const Json& json, const char* key, CpuMask* mask) {
  uint64_t value;
  if (!Read(json, key, kMaskMax, &value)) return false;
  *mask = static_cast<CpuMask>(value);
  return true;
}

bool ReadCpu(const Json& json, const char* key, CpuId* cpu) {
  uint64_t value;
  if (!Read(json, key, kCpusMax - 1, &value)) return false;
  *cpu = static_cast<CpuId>(value);
  return true;
}

bool ReadBranches(const Json& json, const char* key, std::vector<SearchNode::Branch>* branches) {
  if (!json.contains(key) || !json[key].is_array()) return false;
  for (const Json& one : json[key]) {
    SearchNode::Branch branch;
    if (!ReadCpu(one, "cpu", &branch.cpu)) return false;
    if (!one.contains("touches") || !one["touches"].is_array()) return false;
    for (const Json& entry : one["touches"]) {
      if (!entry.is_array() || entry.size() != 2 || !entry[0].is_number_unsigned() ||
          !entry[1].is_number_unsigned()) {
        return false;
      }
      const auto how = entry[1].get<uint64_t>();
      if (how > 15) return false;
      for (uint64_t bit = 1; bit <= how; bit *= 2) {
        if ((how & bit) == 0) continue;
        branch.footprint.Add(entry[0].get<uint32_t>(), static_cast<Touched>(bit));
      }
    }
    branch.footprint.Settle();
    branches->push_back(std::move(branch));
  }
  return true;
}

bool ReadNode(const Json& json, SearchNode* node) {
  return ReadMask(json, "runnable", &node->runnable) && ReadMask(json, "waiting", &node->waiting) &&
         ReadMask(json, "to_try", &node->to_try) && ReadMask(json, "asleep", &node->asleep) &&
         ReadCpu(json, "chosen", &node->chosen) && (node->runnable >> node->chosen & 1) != 0 &&
         ReadBranches(json, "sleep", &node->sleep) &&
         ReadBranches(json, "predicted", &node->predicted);
}

uint64_t MixInto(uint64_t hash, uint64_t value) {
  hash ^= value;
  hash *= 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 29);
}

uint64_t HashOf(const std::string& text, uint64_t hash) {
  for (const char c : text) hash = MixInto(hash, static_cast<unsigned char>(c));
  return hash;
}

// Of all but the checksum itself.
uint64_t ChecksumOf(Json json) {
  json.erase("checksum");
  return HashOf(json.dump(), 1);
}

}  // namespace

uint64_t FingerprintOf(const Scenario& scenario, const ResolvedContext& context,
                       std::optional<uint32_t> preemptions, bool strict) {
  WalkFile file;
  file.input.scenario = scenario;
  NameContext(context, file);
  uint64_t hash = MixInto(BuildId(), preemptions.has_value() ? 1 + *preemptions : 0);
  hash = MixInto(HashOf(PrintText(file), hash), strict ? 1 : 0);
  Input input;
  input.scenario = scenario;
  return MixInto(hash, Runner::Get().Replay(input, context.run).run.trace_hash);
}

std::string PrintState(const ExhaustState& state) {
  Json json;
  json["format"] = kFormat;
  json["fingerprint"] = state.fingerprint;
  json["seconds"] = state.seconds;
  json["known_exposed"] = state.known_exposed;
  json["bounds_done"] = state.bounds_done;
  json["bounded_schedules"] = state.bounded_schedules;
  json["schedules"] = state.schedules;
  json["classes"] = state.classes;
  json["path"] = Json::array();
  for (const SearchNode& node : state.path) {
    json["path"].push_back({{"runnable", node.runnable},
                            {"waiting", node.waiting},
                            {"to_try", node.to_try},
                            {"asleep", node.asleep},
                            {"chosen", node.chosen},
                            {"sleep", JsonOf(node.sleep)},
                            {"predicted", JsonOf(node.predicted)}});
  }
  json["checksum"] = ChecksumOf(json);
  return json.dump() + "\n";
}

absl::StatusOr<ExhaustState> ParseState(const std::string& text) {
  absl::Status invalid =
      absl::InvalidArgumentError("no search that exhaust has stopped; say another --resume FILE");
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("format") || json["format"] != kFormat) return invalid;
  ExhaustState state;
  uint64_t bounds, checksum;
  if (!Read(json, "checksum", UINT64_MAX, &checksum) || checksum != ChecksumOf(json)) {
    return invalid;
  }
  if (!Read(json, "fingerprint", UINT64_MAX, &state.fingerprint) ||
      !Read(json, "known_exposed", UINT64_MAX, &state.known_exposed) ||
      !Read(json, "bounds_done", kStepsMax + 1, &bounds) ||
      !Read(json, "bounded_schedules", UINT64_MAX, &state.bounded_schedules) ||
      !Read(json, "schedules", UINT64_MAX, &state.schedules) ||
      !Read(json, "classes", UINT64_MAX, &state.classes) || !json.contains("seconds") ||
      !json["seconds"].is_number() || !json.contains("path") || !json["path"].is_array() ||
      json["path"].size() > kStepsMax) {
    return invalid;
  }
  state.bounds_done = static_cast<uint32_t>(bounds);
  state.seconds = json["seconds"].get<double>();
  for (const Json& one : json["path"]) {
    if (!ReadNode(one, &state.path.emplace_back())) return invalid;
  }
  return state;
}

}  // namespace walkrace
