// What libFuzzer and AFL++ call: one input in, one run, and on a violation a report and an abort.
// Back end by WALKRACE_BACKEND, threads where it is not set.
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "harness/interrupt.h"
#include "order_coverage.h"
#include "progress_file.h"
#include "target/report.h"

namespace walkrace {
namespace {

TargetRunner& Runner() {
  TargetRunner& runner = TargetRunner::Of(walkrace_target);
  const char* name = std::getenv("WALKRACE_BACKEND");  // NOLINT(concurrency-mt-unsafe)
  if (name == nullptr || name[0] == '\0') return runner;
  const BackendRow* row = FindBackend(name);
  if (row == nullptr) {
    (void)std::fprintf(stderr, "walkrace: unknown back end '%s': threads, fibers\n", name);
    _exit(kExitUsage);
  }
  runner.engine().set_backend(row->get());
  return runner;
}

}  // namespace
}  // namespace walkrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace walkrace;
  static TargetRunner& runner = Runner();
  static TargetInput& input = *new TargetInput();
  DecodeTargetInput(runner.target(), data, size, input);
  const TargetVerdict verdict = runner.Replay(input);
  CountOrders(runner.engine());
  CountSchedule();
  if (verdict.violated == nullptr) return 0;
  (void)std::fprintf(
      stderr,
      "\n==== walkrace: violation: %s ====\n"
      "%s"
      "---- next: give the file that the fuzzer saves, or the lines above the trace,\n"
      "to this target with DRIVER standalone: it minimises and replays ----\n",
      verdict.violated, ReportTarget(runner, input, verdict).c_str());
  (void)std::fflush(stderr);
  std::abort();
}
