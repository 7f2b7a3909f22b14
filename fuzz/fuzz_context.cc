#include "fuzz_context.h"

#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "harness/run_aims.h"
#include "machine/profile_file.h"

namespace walkrace {
namespace {

constexpr char kDefaultProfile[] = "arm64";

FuzzContext* the_context;

absl::StatusOr<ResolvedContext> ResolveEnvironment(const char* target) {
  ContextNames names;
  names.target = target;
  auto variants = SplitVariants(Environment("WALKRACE_VARIANT"));
  if (!variants.ok()) return variants.status();
  names.variants = *std::move(variants);
  names.variants_given = !names.variants.empty();
  names.profile = Environment("WALKRACE_PROFILE");
  names.tree = Environment("WALKRACE_TREE");
  names.memory = Environment("WALKRACE_MEMORY");
  if (const std::string file = Environment("WALKRACE_PROFILE_FILE"); !file.empty()) {
    auto added = LoadProfileFile(file);
    if (!added.ok()) return added.status();
    if (names.profile.empty()) names.profile = (*added)->name;
  }
  if (names.profile.empty()) names.profile = kDefaultProfile;
  return ResolveContext(names, nullptr);
}

}  // namespace

const char* Environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): no threads yet
  return value == nullptr ? "" : value;
}

RunContext FuzzContext::Of(const Input& input) const {
  RunContext run = resolved.run;
  if (profile_is_fixed) return run;
  const uint8_t own = input.scenario.profile;
  run.profile = own == kNoProfile ? FindProfile(kDefaultProfile) : &ProfileAt(own);
  if (memory_is_hardware) run.memory = run.profile->memory;
  return run;
}

absl::Status ChooseFuzzContext(const char* target) {
  auto resolved = ResolveEnvironment(target);
  if (!resolved.ok()) return resolved.status();
  const bool fixed =
      Environment("WALKRACE_PROFILE")[0] != '\0' || Environment("WALKRACE_PROFILE_FILE")[0] != '\0';
  const bool hardware = std::strcmp(Environment("WALKRACE_MEMORY"), kHardwareMemory) == 0;
  delete std::exchange(the_context, new FuzzContext{*std::move(resolved), fixed, hardware});
  return absl::OkStatus();
}

const FuzzContext* TheFuzzContext() { return the_context; }

AimSource* TheAims() {
  static const bool wanted = Environment("WALKRACE_NO_AIMS")[0] == '\0';
  if (the_context == nullptr || !wanted) return nullptr;
  static RunAims& aims = *new RunAims([](const Input& input) { return the_context->Of(input); });
  return &aims;
}

}  // namespace walkrace
