#include "engine/random_program.h"

#include "base/random.h"
#include "engine/steps.h"

namespace walkrace {
namespace {

using Kind = RandomProgram::Kind;

constexpr int kDataWords = 3;
constexpr int kFirstLock = 8;
constexpr int kLocks = 2;
constexpr int kHandledWord = 7;
constexpr wr_site kProgramSite = {"random_program", "operation", 2};

void HandleInterrupt(CpuId cpu) {
  const uint64_t before = test_arena[kHandledWord]++;
  TestEngine().TouchMemory(&test_arena[kHandledWord], Touched::kWrite);
  TestEngine().Note(EventKind::kIpiHandle, 0, kNoLocation, before, before + 1, &kProgramSite, cpu);
}

void RunOperation(const RandomProgram::Operation& operation, CpuId self) {
  switch (operation.kind) {
    case Kind::kStore:
      return Store(operation.word, operation.value);
    case Kind::kAdd:
      FetchAdd(operation.word, operation.value);
      return;
    case Kind::kNote:
      TestEngine().TouchMemory(&test_arena[kHandledWord], Touched::kRead);
      return TestEngine().Note(EventKind::kNote, operation.value, kNoLocation,
                               test_arena[kHandledWord], 0, &kProgramSite, self);
    case Kind::kLock:
      return LockWord(kFirstLock + operation.word % kLocks);
    case Kind::kUnlock:
      return UnlockWord(kFirstLock + operation.word % kLocks);
    case Kind::kInterruptsOff:
      return InterruptsOff();
    case Kind::kInterruptsOn:
      return InterruptsOn();
    case Kind::kInterrupt:
      TestEngine().PostInterrupt(operation.value % TestEngine().cpu_count());
      return;
    case Kind::kLoadAndSkipIfOdd:
    case Kind::kKindCount:
      return;
  }
}

void RunCpu(void* context, CpuId self) {
  const auto& operations = static_cast<const RandomProgram*>(context)->operations[self];
  for (size_t i = 0; i < operations.size(); ++i) {
    if (operations[i].kind == Kind::kLoadAndSkipIfOdd) {
      i += Load(operations[i].word) & 1;
    } else {
      RunOperation(operations[i], self);
    }
  }
}

}  // namespace

RandomProgram DrawProgram(uint64_t seed, bool may_block) {
  Random random(SplitSeed(seed, 1));  // not the numbers that a strategy draws from this seed
  const Kind kind_end = may_block ? Kind::kKindCount : Kind::kLock;
  RandomProgram program;
  program.cpu_count = 1 + static_cast<int>(random.Below(kCpusMax));
  for (int cpu = 0; cpu < program.cpu_count; ++cpu) {
    const uint32_t count = random.Below(RandomProgram::kOperationsMax + 1);
    for (uint32_t i = 0; i < count; ++i) {
      (void)program.operations[cpu].push_back(
          {static_cast<Kind>(random.Below(static_cast<uint32_t>(kind_end))),
           static_cast<uint8_t>(random.Below(kDataWords)), static_cast<uint8_t>(random.Below(6))});
    }
  }
  return program;
}

RecordedRun RunRandomProgram(Strategy& strategy, uint64_t seed, const RandomProgram& program) {
  TestEngine().set_interrupt_handler(&HandleInterrupt);
  return RunProgram(strategy, seed, program.cpu_count, &RunCpu,
                    const_cast<RandomProgram*>(&program));
}

}  // namespace walkrace
