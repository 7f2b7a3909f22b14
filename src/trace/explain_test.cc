#include "trace/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/random.h"
#include "trace/trace_maker.h"

namespace walkrace {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> LinesOf(const std::string& text) { return absl::StrSplit(text, '\n'); }

void ExpectFits(const std::string& text, size_t width, size_t lines_max) {
  const std::vector<std::string> lines = LinesOf(text);
  EXPECT_LE(lines.size() - 1, lines_max) << text;
  for (const std::string& line : lines) {
    EXPECT_LE(line.size(), width) << line;
    EXPECT_TRUE(line.empty() || line.back() != ' ') << "'" << line << "'";
  }
}

TEST(ExplainText, OfTheSeedsRaceReadsAsItsCommitMessage) {
  const TraceMaker run = SeedRace();
  const std::string text =
      ExplainText(run.View(), {.title = "variant collapse-race, profile arm64"});
  EXPECT_EQ(text, R"(variant collapse-race, profile arm64
CPU 0: pin 0 write                                 CPU 1: collapse 0-7
-------------------------------------------------  -------------------------------------------------
gup_pmd_range() <-- load pmd[0]: T0
gup_pte_range() <-- load T0.pte[0]: folio1 rw
                                                   pmdp_collapse_flush()
                                                       clear pmd[0]: T0 -> none
                                                       flush every TLB, pages 0-7, no IPI
                                                   is_refcount_suitable()
                                                   (1) load folio1.refcount: 1
                                                       checks: nobody else holds folio1
try_get_folio()
(2) folio1.refcount 1 -> 2
try_grab_folio() <-- folio1.refcount 2 -> 1025
gup_pte_range()
    re-read T0.pte[0]: folio1 rw (no change)
internal_get_user_pages_fast()
    returns folio1 for page 0
                                                   __collapse_huge_page_copy()
                                                       clear T0.pte[0]: folio1 rw -> none
                                                       replaces folio1 (page 0) by the huge page

Violated: no-pinned-page-freed. CPU 1 replaced page 0 (folio1), which CPU 0 holds.
(1) CPU 1: load folio1.refcount: 1 in is_refcount_suitable(), src/paths/test.cc:20
(2) CPU 0: folio1.refcount 1 -> 2 in try_get_folio(), src/paths/test.cc:13
Had (2) come before (1), the invariant would hold.
2 preemptions: CPU 0 before its event 5 (to CPU 1), CPU 1 before its event 4 (to CPU 0). 9 of 11
  events shown; --full shows all.
)");
}

TEST(ExplainText, FullShowsEveryEventWithItsNumber) {
  const TraceMaker run = SeedRace();
  const std::string text = ExplainText(run.View(), {.full = true});
  EXPECT_THAT(text, AllOf(HasSubstr("1   load pgd[0]: pud"), HasSubstr("2   load pud[1]: pmd"),
                          HasSubstr("6   folio1.refcount 2 -> 1025"), Not(HasSubstr("--full"))));
}

TEST(ExplainText, OfADeadlockEndsWithWhatEachWaitsFor) {
  TraceMaker run(2);
  const uint32_t off = run.Step(0, "lockless_pages_from_mm", EventKind::kIrqOff);
  run.Step(1, "collapse_huge_page", EventKind::kLock, "mmap_lock", 0, 0x80000000, 2);
  const uint32_t send = run.Step(1, "pmdp_collapse_flush", EventKind::kIpiSend, "", 1, 1);
  run.Violate("progress", "deadlock", off, send);
  TraceView view = run.View();
  view.waits_for[0] = {EventKind::kLock, Order::kAcquire, LocationNamed("mmap_lock"),
                       run.events()[off].site};
  view.waits_for[1] = {EventKind::kIpiWait, Order::kFull, kNoLocation, run.events()[send].site};
  EXPECT_EQ(ExplainText(view), R"(CPU 0                                              CPU 1
-------------------------------------------------  -------------------------------------------------
lockless_pages_from_mm()
(1) interrupts off
                                                   collapse_huge_page()
                                                       lock mmap_lock for writing
                                                   pmdp_collapse_flush()
                                                   (2) IPI to CPU 0
    waits for mmap_lock
                                                       waits for its IPI to be acknowledged

Violated: progress. deadlock.
(1) CPU 0: interrupts off in lockless_pages_from_mm(), src/paths/test.cc:22
(2) CPU 1: IPI to CPU 0 in pmdp_collapse_flush(), src/paths/test.cc:19
Had (2) come before (1), they would not wait for each other.
No preemption. 3 of 3 events shown; --full shows all.
)");
}

TEST(ExplainText, FoldsWhatDoesNotMatterAndNamesWhatItDid) {
  TraceMaker run = SeedRace();
  // A second page that is checked as well, before everything else.
  std::vector<Event> rest;
  rest.swap(run.events());
  for (int i = 0; i < 20; ++i) run.Load(1, "mm_find_pmd", "pud[1]", 0x2000003067);
  run.Note(1, "is_refcount_suitable", WR_NOTE_COUNT_CHECK, "folio2.refcount", AddressOf(1), 2);
  for (const Event& event : rest) run.Add(event);
  run.violation().first_event += 21;
  run.violation().second_event += 21;
  EXPECT_THAT(ExplainText(run.View()), HasSubstr("... 20 steps: checks folio2\n"));
}

// Four CPUs; CPU 2 takes locks, flushes, interrupts others and asks for a grace period, all of it
// of another region, while so much happens to pmd[0] that not all can be told.
TraceMaker CrowdedRun() {
  TraceMaker run(4);
  for (OperationList& operations : run.scenario().cpus) {
    for (const uint8_t first : {0, 8}) {
      EXPECT_TRUE(operations.push_back({OperationKind::kCollapse, first, 0, 0}));
    }
  }
  run.Note(0, "operation", WR_NOTE_OP_BEGIN, "", 0, 0);
  run.Note(1, "operation", WR_NOTE_OP_BEGIN, "", 0, 0);
  run.Note(2, "operation", WR_NOTE_OP_BEGIN, "", 0, 0);
  const uint32_t first = run.Load(0, "gup_pmd_range", "pmd[0]", kTable0);
  run.Step(2, "f", EventKind::kLock, "mmap_lock");
  run.Step(2, "f", EventKind::kTlb, "", 8, 16, kTlbFlushOwn);
  run.Step(2, "f", EventKind::kIpiSend, "", 0b1010, 0b1010);
  run.Step(2, "f", EventKind::kIpiWait, "", 0b1010);
  run.Note(2, "operation", WR_NOTE_OP_BEGIN, "", 1, 0);
  run.Step(2, "f", EventKind::kRcuCall);
  for (int i = 0; i < 30; ++i) {
    run.Rmw(1, "set", "pmd[0]", 0, kTable0);
    run.Rmw(1, "clear", "pmd[0]", kTable0, 0);
  }
  run.Step(1, "pmdp_collapse_flush", EventKind::kTlb, "", 0, 8, kTlbFlushAll);
  const uint32_t second = run.Note(1, "collapse", WR_NOTE_TABLE_FREE, "T0.pte[0]", 0x10a, 0);
  run.Violate("no-table-use-after-free", "made up", first, second);
  return run;
}

TEST(ExplainText, NamesFoldedLocksFlushesInterruptsAndGracePeriods) {
  const TraceMaker run = CrowdedRun();
  const std::string text = ExplainText(run.View(), {.width = 240});
  ExpectFits(text, 240, 40);
  EXPECT_THAT(text, AllOf(HasSubstr("... 5 steps: takes mmap_lock; flushes pages 8-15; IPI\n"),
                          HasSubstr("to CPUs 1, 3; asks for a grace period\n")));
  // Where there is no room for more, the kinds.
  const std::string narrow = ExplainText(run.View(), {.width = 240, .lines_max = 20});
  ExpectFits(narrow, 240, 20);
  EXPECT_THAT(narrow, HasSubstr("... 5 steps: locks; TLB flush; IPI; grace period\n"));
}

TEST(ExplainText, LabelsAFoldWithTheOperationsThatItSpans) {
  const std::string text = ExplainText(CrowdedRun().View(), {.width = 240});
  EXPECT_THAT(text, HasSubstr(" [collapse 0-7; collapse 8-15]\n"));
}

TEST(ExplainText, ShowsTheFlushBetweenTheClearOfAnEntryAndTheFreeOfItsTable) {
  const std::string text = ExplainText(CrowdedRun().View(), {.width = 240});
  EXPECT_THAT(text, HasSubstr("flush every TLB, pages 0-7, no IPI\n"));
}

TEST(ExplainText, OfAPageFaultAndEventsWithoutPlace) {
  TraceMaker run(1);
  Event fault = {};
  fault.kind = EventKind::kTlb;
  fault.detail = kTlbPageFault;
  fault.before = 3;
  fault.location = kNoLocation;
  run.Add(fault);
  Event access = {};
  access.kind = EventKind::kStore;
  access.location = kNoLocation;
  access.number = 1;
  const uint32_t index = run.Add(access);
  run.Violate("no-lost-write", "made up", index, kNoEvent);
  const std::string text = ExplainText(run.View());
  EXPECT_THAT(text, HasSubstr("    page fault at page 3\n"));
  EXPECT_THAT(text, HasSubstr("(1) user memory: not accessed, page fault\n"));
  EXPECT_THAT(text, HasSubstr("(1) CPU 0: user memory: not accessed, page fault\n"));
}

TEST(ExplainText, SaysWhatWouldHaveBeenWellOnlyWhereItIsTrue) {
  TraceMaker run = SeedRace();
  EXPECT_THAT(ExplainText(run.View()), HasSubstr("Had (2) come before (1), the invariant"));
  std::swap(run.violation().first_event, run.violation().second_event);
  EXPECT_THAT(ExplainText(run.View()), Not(HasSubstr("would hold")));
  std::swap(run.violation().first_event, run.violation().second_event);
  run.violation().oracle = "data-race";
  EXPECT_THAT(ExplainText(run.View()), HasSubstr("Nothing orders (1) and (2)."));
  // Two events of one CPU come in its own order.
  run.violation().second_event = run.violation().first_event - 1;
  EXPECT_THAT(ExplainText(run.View()), Not(HasSubstr("orders")));
}

TEST(ExplainText, OfNothing) {
  for (int cpus = 1; cpus <= kCpusMax; ++cpus) {
    const TraceMaker run(cpus);
    EXPECT_THAT(ExplainText(run.View()),
                HasSubstr("\nNo invariant is violated.\nNo preemption. 0 of 0 events shown"));
  }
}

TEST(ExplainText, ShowsTheOperationsOfACpuThatHasSeveral) {
  TraceMaker run = SeedRace();
  ASSERT_TRUE(run.scenario().cpus[0].push_back({OperationKind::kUnpin, 0, 0, 0}));
  const std::string text = ExplainText(run.View());
  EXPECT_THAT(text, HasSubstr("CPU 0: pin 0 write; unpin "));
  EXPECT_THAT(text, HasSubstr("\n[pin 0 write]\n"));
  EXPECT_THAT(text, Not(HasSubstr("[collapse 0-7]")));
}

// A long random trace over the objects of the race, with marks anywhere.
TraceMaker RandomRun(int cpus, int events, uint64_t seed) {
  static const char* const kObjects[] = {"pmd[0]",          "T0.pte[0]",       "T0.pte[1]",
                                         "folio1.refcount", "folio2.refcount", "folio1.content",
                                         "folio1.flags",    "pgd[0]",          ""};
  static const char* const kFunctions[] = {"gup_pte_range", "__collapse_huge_page_isolate", "zap"};
  Random random(seed);
  TraceMaker run(cpus);
  for (int cpu = 0; cpu < cpus; ++cpu) {
    for (int i = 0; i < kOperationsMax; ++i) {
      EXPECT_TRUE(run.scenario().cpus[cpu].push_back({OperationKind::kUnpin, 0, 0, 0}));
    }
  }
  for (int i = 0; i < events; ++i) {
    const int cpu = static_cast<int>(random.Below(cpus));
    const char* function = kFunctions[random.Below(3)];
    const char* object = kObjects[random.Below(9)];
    if (random.OneIn(5)) {
      run.Note(cpu, function, static_cast<wr_note_kind>(random.Below(WR_NOTE_COUNT + 1)), object,
               AddressOf(static_cast<int>(random.Below(20))), random.Below(70));
    } else {
      run.Step(cpu, function, static_cast<EventKind>(random.Below(18)), object,
               random.OneIn(2) ? kPteOfFolio1 : random.Next(), random.OneIn(2) ? kTable0 : 0,
               static_cast<uint8_t>(random.Below(5)));
    }
    if (random.OneIn(8)) run.events().back().site = nullptr;
  }
  const auto mark = [&] { return events == 0 ? kNoEvent : random.Below(events + 1); };
  run.Violate("no-pinned-page-freed", "made up", mark(), mark());
  return run;
}

TEST(ExplainText, KeepsToItsSizeWhateverHappened) {
  for (int cpus = 1; cpus <= kCpusMax; ++cpus) {
    for (const int events : {0, 1, 10, 300, 3000}) {
      const TraceMaker run = RandomRun(cpus, events, cpus * 10'000 + events);
      ExpectFits(ExplainText(run.View()), 100, 40);
      ExpectFits(ExplainText(run.View(), {.width = 60, .lines_max = 80}), 60, 80);
      ExpectFits(ExplainText(run.View(), {.full = true}), 100, SIZE_MAX);
    }
  }
}

TEST(ExplainText, AlwaysShowsBothMarkedEvents) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    TraceMaker run = RandomRun(3, 500, seed);
    run.violation().first_event = 20;
    run.violation().second_event = 400;
    const std::string text = ExplainText(run.View());
    const std::string columns = text.substr(0, text.find("Violated:"));
    EXPECT_THAT(columns, AllOf(HasSubstr("(1) "), HasSubstr("(2) "))) << text;
  }
}

}  // namespace
}  // namespace walkrace
