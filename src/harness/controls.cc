#include "harness/controls.h"

#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "harness/hunt.h"
#include "harness/interrupt.h"
#include "harness/race_reports.h"

namespace walkrace {
namespace {

constexpr uint64_t kCleanSchedules = 1000;  // for each strategy
constexpr uint64_t kControlSeed = 1;

// Nothing where it was interrupted before it could tell.
std::optional<ControlResult> RunControl(const VariantRow& variant, const Profile& profile,
                                        const std::string& memory) {
  ControlResult result = {&variant, &profile, "", "", ""};
  if (const char* why = WhySkipped(variant); why != nullptr) {
    result.expected = result.found = "skipped";
    result.why = why;
    return result;
  }
  result.found = "clean";

  const auto file = ControlFile(&variant);
  HuntOptions hunt;
  hunt.context = ControlContext(&variant, profile, memory);
  result.memory = hunt.context.run.memory;
  hunt.strategy_options.depth = variant.pct_depth;
  hunt.seed = kControlSeed;
  hunt.scenario = &file->input.scenario;
  hunt.schedules_max =
      MustBite(&variant, profile, result.memory) ? kControlSchedulesMax : kCleanSchedules;
  size_t count;
  const StrategyRow* strategies = ControlStrategyRows(&count);
  for (size_t i = 0; i < count; ++i) {
    hunt.strategy = &strategies[i];
    const HuntResult hunted = Hunt(hunt);
    result.schedules += hunted.schedules;
    if (hunted.interrupted) return std::nullopt;
    if (hunted.first_violation_at == 0) continue;
    result.found = hunted.found();
    break;
  }
  result.expected = ExpectedOf(&variant, profile, result.memory, result.found);
  return result;
}

}  // namespace

MemoryKind OwnMemory(const VariantRow* variant) {
  return variant != nullptr && NeedsWeakMemory(*variant) ? MemoryKind::kLkmm : MemoryKind::kSc;
}

bool MustBite(const VariantRow* variant, const Profile& profile, MemoryKind memory) {
  return variant != nullptr && BitesOn(*variant, profile) && !variant->rare &&
         memory >= OwnMemory(variant);
}

std::string ExpectedOf(const VariantRow* variant, const Profile& profile, MemoryKind memory,
                       const std::string& found) {
  if (variant == nullptr) return "clean";
  const MemoryKind own = OwnMemory(variant);
  const bool bites = BitesOn(*variant, profile);
  if (found == "clean") return MustBite(variant, profile, memory) ? variant->oracle : "clean";
  if (memory == own) {
    if (MayFireFirst(*variant, profile, found.c_str())) return found;
    return bites ? variant->oracle : "clean";
  }
  return memory > own || bites ? found : "clean";
}

ResolvedContext ControlContext(const VariantRow* variant, const Profile& profile,
                               const std::string& memory) {
  ResolvedContext context = {};
  context.target = FindTarget("gup_vs_mm");
  context.run.profile = &profile;
  const auto kind = memory.empty() ? OwnMemory(variant) : MemoryNamed(memory, profile);
  WR_CHECK(kind.has_value());
  context.run.memory = *kind;
  if (variant != nullptr) {
    context.variants = {variant};
    AddCuts(*variant, &context.run.cuts);
  }
  return context;
}

std::unique_ptr<WalkFile> ControlFile(const VariantRow* variant) {
  if (variant == nullptr) return nullptr;
  auto file = ParseText(absl::StrCat("walkrace 1\n", variant->control));
  WR_CHECK(file.ok());
  return std::make_unique<WalkFile>(*std::move(file));
}

const char* WhySkipped(const VariantRow& variant) {
  if (variant.needs == nullptr) return nullptr;
  if (std::strcmp(variant.needs, "tsan") != 0) return nullptr;
  return RaceDetectorPresent() ? nullptr : "needs: tsan (run the controls of the tsan flavour)";
}

std::vector<ControlResult> RunControls(const ControlOptions& options) {
  std::vector<ControlResult> results;
  size_t variant_count, profile_count;
  const VariantRow* variants = VariantRows(&variant_count);
  const Profile* profiles = Profiles(&profile_count);
  for (const VariantRow* v = variants; v != variants + variant_count; ++v) {
    if (options.variant != nullptr && options.variant != v) continue;
    for (const Profile* p = profiles; p != profiles + profile_count; ++p) {
      if (options.profile != nullptr && options.profile != p) continue;
      if (Interrupted()) return results;
      std::optional<ControlResult> result = RunControl(*v, *p, options.memory);
      if (!result.has_value()) return results;
      results.push_back(*std::move(result));
      if (options.each) options.each(results.back());
    }
  }
  return results;
}

}  // namespace walkrace
