// What ThreadSanitizer is made to see and what it must not: a planted race is reported in the very
// first run in which both sides execute, whatever the order; the same accesses under each of the
// primitives' protections never are. In flavours without ThreadSanitizer the same programs run, and
// the number of reports is not looked at.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sanitizer/common_interface_defs.h>
#include <sys/mman.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "kernel/kernel_test_bed.h"
#include "kernel/planted_race.h"

namespace {

#ifdef WALKRACE_TSAN
constexpr bool kTsan = true;
#else
constexpr bool kTsan = false;
#endif

constexpr int kFramesMax = 8;
constexpr int kSidesMax = 2;

// Reports so far, and the stacks of the last one's two sides.
int reports;
void* stacks[kSidesMax][kFramesMax];

}  // namespace

#ifdef WALKRACE_TSAN
extern "C" {

int __tsan_get_report_mop(void* report, unsigned long index, int* tid, void** address, int* size,
                          int* write, int* atomic, void** trace, unsigned long trace_size);

void __tsan_on_report(void* report) {
  ++reports;
  for (int side = 0; side < kSidesMax; ++side) {
    for (void*& frame : stacks[side]) frame = nullptr;
    int ignored;
    void* address;
    __tsan_get_report_mop(report, side, &ignored, &address, &ignored, &ignored, &ignored,
                          stacks[side], kFramesMax);
  }
}

// Every race of this process counts, and none ends it.
const char* __tsan_default_options() {
  return "halt_on_error=0:exitcode=0:report_signal_unsafe=0:suppress_equal_stacks=0:"
         "suppress_equal_addresses=0:atexit_sleep_ms=0";
}

}  // extern "C"
#endif

namespace walkrace {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// "function file:line" of each frame, innermost first.
std::vector<std::string> Symbolize(void* const* stack) {
  std::vector<std::string> frames;
#ifdef WALKRACE_TSAN
  for (int i = 0; i < kFramesMax && stack[i] != nullptr; ++i) {
    char text[512] = "";
    __sanitizer_symbolize_pc(stack[i], "%f %s:%l", text, sizeof(text));
    frames.push_back(text);
  }
#else
  (void)stack;
#endif
  return frames;
}

// Reports are not printed while it lives: for tests that want hundreds of them.
class QuietReports {
 public:
  QuietReports() {
#ifdef WALKRACE_TSAN
    null_ = open("/dev/null", O_WRONLY);
    __sanitizer_set_report_fd(reinterpret_cast<void*>(static_cast<intptr_t>(null_)));
#endif
  }
  ~QuietReports() {
#ifdef WALKRACE_TSAN
    __sanitizer_set_report_fd(reinterpret_cast<void*>(intptr_t{STDERR_FILENO}));
    close(null_);
#endif
  }

 private:
  [[maybe_unused]] int null_ = -1;
};

// ThreadSanitizer ignores every later read of an address on which it has reported a race, whatever
// its suppress_equal_ options say ("prevents trapping on this address in future", DoReportRace() in
// tsan_rtl_access.cpp, clang 19). New pages at the same place make it forget.
void ForgetArena() {
  if (!kTsan) return;
  void* page = mmap(test_arena, sizeof(test_arena), PROT_READ | PROT_WRITE,
                    MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_EQ(page, test_arena);
}

// On each back end.
class RaceDetection : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    TestEngine().set_backend(FindBackend(GetParam())->get());
    planted.data = Word(0);
    planted.linked = Word(1);
    planted.lock = Word(2);
    planted.plain = reinterpret_cast<int*>(Word(3));
    planted.handled = reinterpret_cast<int*>(Word(4));
    reports = 0;
  }

  // Returns how many reports there were. `linked` and the marks are reset before.
  template <typename Function>
  int Run(Strategy& strategy, uint64_t seed, uint64_t linked, Function body) {
    ForgetArena();
    return RunAgain(strategy, seed, linked, body);
  }

  // The same, with what ThreadSanitizer knows of the last run's memory.
  template <typename Function>
  int RunAgain(Strategy& strategy, uint64_t seed, uint64_t linked, Function body) {
    planted.writer_executed = planted.readers_executed = false;
    const int before = reports;
    run_ = RunKernel(strategy, seed, 2, [&](CpuId cpu) {
      // No event has happened yet: nobody has looked at it.
      if (TestEngine().event_count() == 0) test_arena[1] = linked;
      body(cpu);
    });
    return reports - before;
  }

  static bool BothExecuted() { return planted.writer_executed && planted.readers_executed; }

  // In the default order and with CPU 1 first: the first two runs of this process that execute the
  // code. Reports must come in the first of them that executes both sides.
  template <typename Function>
  void ExpectReportInTheFirstRun(uint64_t linked, Function body) {
    FollowSchedule cpu_0_first({});
    FollowSchedule cpu_1_first({{0, 0, 1}});
    int got = Run(cpu_0_first, 0, linked, body);
    if (!BothExecuted()) {
      EXPECT_EQ(got, 0);
      got = Run(cpu_1_first, 0, linked, body);
    }
    EXPECT_TRUE(BothExecuted());
    if (kTsan) EXPECT_GE(got, 1);
  }

  // Each of `runs` runs under random schedules is reported if, and only if, both sides executed.
  template <typename Function>
  void ExpectReportInEachRun(uint64_t linked, uint64_t runs, Function body) {
    const QuietReports quiet;
    const std::unique_ptr<Strategy> strategy = MakeRandomStrategy();
    int both = 0;
    for (uint64_t seed = 0; seed < runs; ++seed) {
      const int got = Run(*strategy, seed, linked, body);
      both += BothExecuted();
      if (kTsan) ASSERT_EQ(got > 0, BothExecuted()) << Describe(run_);
    }
    EXPECT_GE(both, static_cast<int>(runs / 8));
  }

  // Nothing is reported in 1,000 runs, of which many execute both sides. A missing edge shows in
  // each run with one order of the two sides. pct starts with either CPU in every second run, so an
  // order is missed with a probability of 2^-500; one that needs a preemption at one of up to 20
  // events as well, with (1 - 1/40)^500, below 1e-5.
  template <typename Function>
  void ExpectNoReport(uint64_t linked, Function body) {
    int both = 0;
    for (const char* name : {"random", "pct"}) {
      const std::unique_ptr<Strategy> strategy = FindStrategy(name)->make({});
      for (uint64_t seed = 0; seed < 500; ++seed) {
        ASSERT_EQ(Run(*strategy, seed, linked, body), 0) << Describe(run_);
        ASSERT_EQ(run_.result.outcome, Outcome::kFinished) << Describe(run_);
        both += BothExecuted();
      }
    }
    EXPECT_GE(both, 100);
  }

  RecordedRun run_;
};

INSTANTIATE_TEST_SUITE_P(Backends, RaceDetection, ::testing::Values("threads", "fibers"),
                         [](const auto& info) { return std::string(info.param); });

// --- Planted races ----------------------------------------------------------------------------

TEST_P(RaceDetection, APlainIntIsReportedInTheFirstRun) {
  ExpectReportInTheFirstRun(0, Unprotected);
}

TEST_P(RaceDetection, APlainIntIsReportedInEachRunUnderAnySchedule) {
  ExpectReportInEachRun(0, 100, Unprotected);
}

TEST_P(RaceDetection, AReportNamesFunctionFileAndLineOfBothSides) {
  FollowSchedule empty({});
  Run(empty, 0, 0, Unprotected);
  if (!kTsan) return;
  ASSERT_EQ(reports, 1);
  // CPU 1 came second.
  const std::vector<std::string> reader = Symbolize(stacks[0]);
  const std::vector<std::string> writer = Symbolize(stacks[1]);
  ASSERT_GE(reader.size(), 2u);
  ASSERT_GE(writer.size(), 2u);
  const std::string file = "src/kernel/planted_race.cc:";
  EXPECT_THAT(reader[0],
              AllOf(HasSubstr("PlantedRead"), HasSubstr(file + std::to_string(kPlantedReadLine))));
  EXPECT_THAT(reader[1], AllOf(HasSubstr("Unprotected"), HasSubstr(file)));
  EXPECT_THAT(writer[0], AllOf(HasSubstr("PlantedWrite"),
                               HasSubstr(file + std::to_string(kPlantedWriteLine))));
  EXPECT_THAT(writer[1], AllOf(HasSubstr("Unprotected"), HasSubstr(file)));
}

TEST_P(RaceDetection, PlainAccessesByPrimitivesAreReportedAtTheirCaller) {
  const auto body = [](CpuId cpu) { AccessData(cpu, {WR_PLAIN, WR_DATA}, {WR_PLAIN, WR_DATA}); };
  ExpectReportInTheFirstRun(0, body);
  for (void* const* stack : {stacks[0], stacks[1]}) {
    if (!kTsan) break;
    const std::vector<std::string> frames = Symbolize(stack);
    ASSERT_FALSE(frames.empty());
    EXPECT_THAT(frames[0],
                AllOf(HasSubstr("AccessData"), HasSubstr("src/kernel/planted_race.cc:")));
  }
  ExpectReportInEachRun(0, 50, body);
}

TEST_P(RaceDetection, AMarkedAccessAgainstAPlainOneIsReportedAtItsCaller) {
  const auto marked_load = [](CpuId cpu) {
    AccessData(cpu, {WR_PLAIN, WR_DATA}, {WR_RELAXED, WR_DATA});
  };
  const auto marked_store = [](CpuId cpu) {
    AccessData(cpu, {WR_FULL, WR_DATA}, {WR_PLAIN, WR_DATA});
  };
  ExpectReportInTheFirstRun(0, marked_load);
  const std::vector<std::string> load = Symbolize(stacks[0]);
  ExpectReportInTheFirstRun(0, marked_store);
  const std::vector<std::string> store = Symbolize(stacks[1]);
  if (!kTsan) return;
  for (const auto& frames : {load, store}) {
    ASSERT_GE(frames.size(), 2u);
    EXPECT_THAT(frames[1],
                AllOf(HasSubstr("AccessData"), HasSubstr("src/kernel/planted_race.cc:")));
  }
}

TEST_P(RaceDetection, WithoutTheIpiTheWriteIsReported) {
  const auto body = [](CpuId cpu) { UnlinkWaitWrite(cpu, Wait::kNot, Section::kIrqOff); };
  ExpectReportInTheFirstRun(1, body);
  ExpectReportInEachRun(1, 50, body);
}

// CPU 1 is interrupted between its two reads, and CPU 0 writes before the second.
TEST_P(RaceDetection, WithoutTheSectionTheIpiDoesNotProtect) {
  FollowSchedule schedule({{0, 0, 1}, {2, 1, 0}, {3, 1, 0}});
  const int got =
      Run(schedule, 0, 1, [](CpuId cpu) { UnlinkWaitWrite(cpu, Wait::kIpi, Section::kNone); });
  EXPECT_EQ(CpusOf(run_), "100101");
  EXPECT_TRUE(BothExecuted());
  if (kTsan) EXPECT_GE(got, 1);
}

TEST_P(RaceDetection, WithoutTheSectionRcuDoesNotProtect) {
  const auto body = [](CpuId cpu) { UnlinkWaitWrite(cpu, Wait::kRcu, Section::kNone); };
  ExpectReportInTheFirstRun(1, body);
  ExpectReportInEachRun(1, 50, body);
}

TEST_P(RaceDetection, ARelaxedPublicationIsReported) {
  ExpectReportInTheFirstRun(0, [](CpuId cpu) { Publish(cpu, {WR_RELAXED, WR_RELAXED, WR_DATA}); });
}

TEST_P(RaceDetection, AReleaseWithoutAnAcquireIsReported) {
  ExpectReportInTheFirstRun(0, [](CpuId cpu) { Publish(cpu, {WR_RELEASE, WR_RELAXED, WR_DATA}); });
}

TEST_P(RaceDetection, AFailedCompareAndExchangeOrdersNothing) {
  ExpectReportInTheFirstRun(0, [](CpuId cpu) { PublishToCmpxchg(cpu, 7); });
}

// The runtime's shadow stack must survive bodies that do not return.
TEST_P(RaceDetection, AfterAThousandDeadlocksARaceIsStillReportedWithItsStack) {
  FollowSchedule schedule({{2, 0, 1}});
  for (int i = 0; i < 1000; ++i) {
    Run(schedule, 0, 0, [](CpuId cpu) { Deadlock(cpu, 50); });
    ASSERT_EQ(run_.result.outcome, Outcome::kDeadlock);
  }
  EXPECT_EQ(reports, 0);
  ExpectReportInTheFirstRun(0, Unprotected);
  if (!kTsan) return;
  const std::vector<std::string> reader = Symbolize(stacks[0]);
  ASSERT_GE(reader.size(), 2u);
  EXPECT_LT(reader.size(), 6u) << "frames of abandoned runs";
  EXPECT_THAT(reader[0], HasSubstr("PlantedRead"));
  EXPECT_THAT(reader[1], HasSubstr("Unprotected"));
}

// --- The twins that must not be reported ------------------------------------------------------

TEST_P(RaceDetection, ASpinLockProtects) { ExpectNoReport(0, UnderSpinLock); }

TEST_P(RaceDetection, AReadWriteLockProtects) { ExpectNoReport(0, UnderReadWriteLock); }

TEST_P(RaceDetection, AnIpiProtectsFromIrqOffSections) {
  ExpectNoReport(1, [](CpuId cpu) { UnlinkWaitWrite(cpu, Wait::kIpi, Section::kIrqOff); });
}

// The deterministic twin: the reader has ended when the IPI is sent, and the sender handles it.
TEST_P(RaceDetection, AnIpiProtectsFromACpuThatHasEnded) {
  FollowSchedule schedule({{0, 0, 1}});
  EXPECT_EQ(
      Run(schedule, 0, 1, [](CpuId cpu) { UnlinkWaitWrite(cpu, Wait::kIpi, Section::kIrqOff); }),
      0);
  EXPECT_TRUE(BothExecuted());
}

TEST_P(RaceDetection, RcuProtectsFromIrqOffSections) {
  ExpectNoReport(1, [](CpuId cpu) { UnlinkWaitWrite(cpu, Wait::kRcu, Section::kIrqOff); });
}

TEST_P(RaceDetection, RcuProtectsFromReadSections) {
  ExpectNoReport(1, [](CpuId cpu) { UnlinkWaitWrite(cpu, Wait::kRcu, Section::kRcuRead); });
}

TEST_P(RaceDetection, WhatWasWrittenBeforeCallRcuIsReadInTheCallback) {
  FollowSchedule on_cpu_1({{0, 0, 1}, {3, 1, 0}});
  EXPECT_EQ(Run(on_cpu_1, 0, 0, WriteThenCallRcu), 0);
  EXPECT_EQ(CpusOf(run_), "11011") << "CPU 1 runs the callback at the end of its section";
  EXPECT_TRUE(BothExecuted());
  ExpectNoReport(0, WriteThenCallRcu);
}

TEST_P(RaceDetection, AnIpiOrdersSenderAndHandlerBothWays) { ExpectNoReport(0, WriteThenIpi); }

TEST_P(RaceDetection, AReleaseAndAnAcquireProtect) {
  ExpectNoReport(0, [](CpuId cpu) { Publish(cpu, {WR_RELEASE, WR_ACQUIRE, WR_DATA}); });
}

TEST_P(RaceDetection, ASuccessfulCompareAndExchangeAcquires) {
  ExpectNoReport(0, [](CpuId cpu) { PublishToCmpxchg(cpu, 1); });
}

TEST_P(RaceDetection, RelaxedEntriesPublishWhatTheyPointTo) {
  ExpectNoReport(0, [](CpuId cpu) { Publish(cpu, {WR_RELAXED, WR_RELAXED, WR_ENTRY}); });
}

TEST_P(RaceDetection, MarkedAccessesAreNoRace) {
  ExpectNoReport(0,
                 [](CpuId cpu) { AccessData(cpu, {WR_RELAXED, WR_DATA}, {WR_RELAXED, WR_DATA}); });
}

TEST_P(RaceDetection, UserMemoryIsNotLookedAt) {
  const Side user = {WR_PLAIN, WR_USER};
  const Side data = {WR_PLAIN, WR_DATA};
  ExpectNoReport(0, [=](CpuId cpu) { AccessData(cpu, user, user); });
  ExpectNoReport(0, [=](CpuId cpu) { AccessData(cpu, user, data); });
  ExpectNoReport(0, [=](CpuId cpu) { AccessData(cpu, data, user); });
}

// Whoever used memory in one run, anybody may use it in the next, the host in between.
TEST_P(RaceDetection, MemoryIsReusedByTheNextRun) {
  FollowSchedule empty({});
  Run(empty, 0, 0, UnderSpinLock);
  for (int i = 0; i < 20; ++i) {
    const CpuId user = i % 2;
    RunAgain(empty, 0, 0, [user](CpuId cpu) {
      if (cpu == user) Unprotected(0);
    });
    ASSERT_EQ(reports, 0) << "run " << i;
    PlantedWrite();
    ASSERT_EQ(reports, 0) << "after run " << i;
  }
}

TEST_P(RaceDetection, MemoryIsReusedAfterARunThatWasCutShort) {
  FollowSchedule schedule({{2, 0, 1}});
  Run(schedule, 0, 0, UnderSpinLock);
  for (int i = 0; i < 20; ++i) {
    const CpuId user = i % 2;
    RunAgain(schedule, 0, 0, [user](CpuId cpu) {
      if (cpu == user) PlantedWrite();
      Deadlock(cpu, 0);
    });
    ASSERT_EQ(run_.result.outcome, Outcome::kDeadlock);
    PlantedWrite();
    ASSERT_EQ(reports, 0) << "after run " << i;
  }
}

// A limit of the runtime that a search in one process must know: see ForgetArena.
TEST_P(RaceDetection, ASecondRaceAtOneAddressIsReportedOnlyAfterItIsForgotten) {
  FollowSchedule empty({});
  EXPECT_EQ(Run(empty, 0, 0, Unprotected), kTsan ? 1 : 0);
  EXPECT_EQ(RunAgain(empty, 0, 0, Unprotected), 0);
  EXPECT_EQ(Run(empty, 0, 0, Unprotected), kTsan ? 1 : 0);
}

}  // namespace
}  // namespace walkrace
