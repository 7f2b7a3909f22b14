#include "target/runner.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "engine/steps.h"
#include "harness/interrupt.h"
#include "harness/race_reports.h"
#include "kernel/race_detector.h"
#include "kernel/runtime.h"
#include "target/accesses.h"

namespace walkrace {
namespace {

// One address in every process, so that pointers in the shared memory are the same in every trace.
// Free in ThreadSanitizer's layout as well; where it is not, any other does.
constexpr uintptr_t kSharedAddress = uintptr_t{1} << 36;
constexpr size_t kSharedMax = size_t{64} << 20;
constexpr size_t kRowsMax = 256;

TargetRunner* the_runner;
const char* first_violated;
bool race_reported;

void OnRaceReport() { race_reported = true; }

const char* FaultOf(const wr_target& target) {
  if (target.name == nullptr) return "it has no name";
  if (target.shared_bytes == 0 || target.shared_bytes > kSharedMax) {
    return "shared_bytes is not from 1 to 64 MB";
  }
  if (target.operation_count == 0 || target.operation_count > kRowsMax) {
    return "operation_count is not from 1 to 256";
  }
  if (target.cpus_max < 0 || target.cpus_max > kCpusMax) return "cpus_max is not from 1 to 4";
  for (size_t i = 0; i < target.operation_count; ++i) {
    const wr_operation& operation = target.operations[i];
    if (operation.name == nullptr || operation.run == nullptr) {
      return "an operation has no name or no function";
    }
    if (std::strpbrk(operation.name, " \t\r\n#") != nullptr) {
      return "an operation's name is not one word";
    }
    if (operation.arguments > kRowsMax) return "an operation takes more than 256 arguments";
  }
  return nullptr;
}

size_t WholePages(size_t bytes) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

void* MapShared(size_t bytes) {
  void* at = reinterpret_cast<void*>(kSharedAddress);
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS;
  void* memory = mmap(at, bytes, PROT_READ | PROT_WRITE, kFlags | MAP_FIXED_NOREPLACE, -1, 0);
  if (memory == MAP_FAILED) memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  if (memory == MAP_FAILED) {
    (void)std::fprintf(stderr, "walkrace: no memory for what CPUs share (exit 71)\n");
    _exit(kExitOutOfMemory);
  }
  return memory;
}

}  // namespace

TargetRunner& TargetRunner::Of(const wr_target& target) {
  if (the_runner == nullptr) {
    if (const char* fault = FaultOf(target)) {
      (void)std::fprintf(
          stderr, "walkrace: the target is not what walkrace/target.h asks for: %s\n", fault);
      _exit(kExitUsage);
    }
    the_runner = new TargetRunner(target);
  }
  WR_CHECK(&the_runner->target_ == &target);
  return *the_runner;
}

TargetRunner::TargetRunner(const wr_target& target)
    : target_(target), engine_(OsThreads()), mapped_bytes_(WholePages(target.shared_bytes)) {
  shared_ = MapShared(mapped_bytes_);
  engine_.SetArena(shared_, mapped_bytes_);
  WatchAccesses(&engine_, shared_, mapped_bytes_);
  SetRaceListener(OnRaceReport);
}

void TargetRunner::RunCpu(void* runner, CpuId cpu) {
  const auto& self = *static_cast<TargetRunner*>(runner);
  for (const TargetCall& call : self.input_->calls[cpu]) {
    the_runner->engine_.Note(EventKind::kNote, 0, kNoLocation, call.operation, call.argument,
                             nullptr, cpu);
    self.target_.operations[call.operation].run(self.shared_, cpu, call.argument);
  }
}

TargetVerdict TargetRunner::Run(const TargetInput& input, Strategy& strategy, uint64_t seed) {
  if (race_reported) RaceDetectorForget(shared_, mapped_bytes_);
  race_reported = false;
  first_violated = nullptr;
  input_ = &input;
  BindKernel(&engine_);
  BeginKernel();
  __builtin_memset(shared_, 0, mapped_bytes_);
  if (target_.set_up != nullptr) target_.set_up(shared_);

  TargetVerdict verdict;
  StoreValues values(strategy);
  verdict.result = engine_.Run(values, seed, input.cpu_count, &TargetRunner::RunCpu, this);
  if (verdict.result.outcome == Outcome::kFinished && target_.judge != nullptr) {
    target_.judge(shared_);
  }
  if (first_violated != nullptr) {
    verdict.violated = first_violated;
  } else if (verdict.result.outcome == Outcome::kDeadlock) {
    verdict.violated = kDeadlock;
  } else if (verdict.result.outcome == Outcome::kStepBound) {
    verdict.violated = kNoEnd;
  } else if (race_reported) {
    verdict.violated = kDataRace;
    verdict.data_race = true;
  }
  return verdict;
}

TargetVerdict TargetRunner::Replay(const TargetInput& input) {
  replay_.set_schedule(&input.schedule);
  return Run(input, replay_, 0);
}

void TargetRunner::EndCrashedRun(const char* text) {
  if (!engine_.in_run()) return;
  walkrace_require(false, text);
  engine_.Stop();
  engine_.Arrive({EventKind::kFence, 0, Order::kPlain, 0, kNoLocation, nullptr, nullptr, nullptr});
}

}  // namespace walkrace

using namespace walkrace;

void walkrace_require(bool holds, const char* text) {
  if (holds || first_violated != nullptr) return;
  first_violated = text;
  if (the_runner->engine().in_run()) the_runner->engine().Stop();
}
