#include "scenario_target.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "fuzz_context.h"
#include "harness/describe.h"
#include "harness/interrupt.h"
#include "harness/known_exposures.h"
#include "harness/runner.h"
#include "order_coverage.h"
#include "progress_file.h"
#include "report.h"
#include "scenario/byte_codec.h"

namespace walkrace {
namespace {

// Counts it, and does not end the process, unless WALKRACE_STRICT is set.
bool IsKnownExposure(const RunContext& run, const Report& report) {
  static const bool strict = Environment("WALKRACE_STRICT")[0] != '\0';
  if (strict) return false;
  const std::string signature = SignatureOf(Runner::Get().engine(), report.violation);
  if (FindKnownExposure(run, signature) == nullptr) return false;
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

}  // namespace

void ChooseContext(const char* target) {
  absl::Status status = ChooseFuzzContext(target);
  if (status.ok()) status = ChooseBackend(Environment("WALKRACE_BACKEND"));
  if (status.ok()) return;
  (void)std::fprintf(stderr,
                     "%s: %s (WALKRACE_VARIANT, WALKRACE_PROFILE, WALKRACE_PROFILE_FILE, "
                     "WALKRACE_BACKEND)\n",
                     target, std::string(status.message()).c_str());
  _exit(kExitUsage);  // not exit(): libFuzzer takes that for a finding
}

void FuzzScenario(const uint8_t* data, size_t size) {
  static Input& input = *new Input();
  DecodeBytes(data, size, input);

  const FuzzContext& context = *TheFuzzContext();
  const RunContext run = context.Of(input);
  Runner& runner = Runner::Get();
  const Report report = runner.Replay(input, run);
  CountOrders(runner.engine());
  CountSchedule();
  if (report.clean() || IsKnownExposure(run, report)) return;
  ResolvedContext found = context.resolved;
  found.run = run;
  PrintReport(runner, input.scenario, found, report);
  std::abort();
}

}  // namespace walkrace
