#include "scenario_target.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "harness/context.h"
#include "harness/describe.h"
#include "harness/interrupt.h"
#include "harness/known_exposures.h"
#include "harness/runner.h"
#include "machine/profile_file.h"
#include "order_coverage.h"
#include "progress_file.h"
#include "report.h"
#include "scenario/byte_codec.h"

namespace walkrace {
namespace {

constexpr char kDefaultProfile[] = "arm64";

struct FuzzContext {
  ResolvedContext resolved;
  bool profile_is_fixed;  // by WALKRACE_PROFILE; else the input's own counts
};

FuzzContext& Context() {
  static FuzzContext& context = *new FuzzContext();
  return context;
}

// Returns "" where it is not set.
const char* Environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): no threads yet
  return value == nullptr ? "" : value;
}

// Counts it, and does not end the process, unless WALKRACE_STRICT is set.
bool IsKnownExposure(const Report& report) {
  static const bool strict = Environment("WALKRACE_STRICT")[0] != '\0';
  if (strict) return false;
  const std::string signature = SignatureOf(Runner::Get().engine(), report.violation);
  const RunContext& run = Context().resolved.run;
  if (FindKnownExposure(*run.profile, run.cuts, signature) == nullptr) return false;
  CountKnownExposed();
  return true;
}

absl::Status ChooseBackend(const std::string& name) {
  if (name.empty()) return absl::OkStatus();
  const BackendRow* row = FindBackend(name.c_str());
  if (row == nullptr) {
    return absl::InvalidArgumentError("unknown back end '" + name + "' (walkrace list names them)");
  }
  Runner::Get().set_backend(row->get());
  return absl::OkStatus();
}

absl::StatusOr<ResolvedContext> ResolveEnvironment(const char* target) {
  if (absl::Status status = ChooseBackend(Environment("WALKRACE_BACKEND")); !status.ok()) {
    return status;
  }
  ContextNames names;
  names.target = target;
  auto variants = SplitVariants(Environment("WALKRACE_VARIANT"));
  if (!variants.ok()) return variants.status();
  names.variants = *std::move(variants);
  names.variants_given = !names.variants.empty();
  names.profile = Environment("WALKRACE_PROFILE");
  if (const std::string file = Environment("WALKRACE_PROFILE_FILE"); !file.empty()) {
    auto added = LoadProfileFile(file);
    if (!added.ok()) return added.status();
    if (names.profile.empty()) names.profile = (*added)->name;
  }
  if (names.profile.empty()) names.profile = kDefaultProfile;
  return ResolveContext(names, nullptr);
}

}  // namespace

void ChooseContext(const char* target) {
  auto resolved = ResolveEnvironment(target);
  if (!resolved.ok()) {
    (void)std::fprintf(stderr,
                       "%s: %s (WALKRACE_VARIANT, WALKRACE_PROFILE, WALKRACE_PROFILE_FILE, "
                       "WALKRACE_BACKEND)\n",
                       target, std::string(resolved.status().message()).c_str());
    _exit(kExitUsage);  // not exit(): libFuzzer takes that for a finding
  }
  Context().resolved = *std::move(resolved);
  Context().profile_is_fixed =
      Environment("WALKRACE_PROFILE")[0] != '\0' || Environment("WALKRACE_PROFILE_FILE")[0] != '\0';
}

void FuzzScenario(const uint8_t* data, size_t size) {
  static Input& input = *new Input();
  DecodeBytes(data, size, input);

  FuzzContext& context = Context();
  const uint8_t own_profile = input.scenario.profile;
  if (!context.profile_is_fixed) {
    context.resolved.run.profile =
        own_profile == kNoProfile ? FindProfile(kDefaultProfile) : &ProfileAt(own_profile);
  }
  Runner& runner = Runner::Get();
  const Report report = runner.Replay(input, context.resolved.run);
  CountOrders(runner.engine());
  CountSchedule();
  if (report.clean() || IsKnownExposure(report)) return;
  PrintReport(runner, input.scenario, context.resolved, report);
  std::abort();
}

}  // namespace walkrace
