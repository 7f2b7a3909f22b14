#include "harness/describe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/harness_test_bed.h"

namespace walkrace {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kThreePreemptions[] =
    "target gup_vs_collapse\nprofile arm64\n"
    "cpu 0\n pin 0 write\ncpu 1\n zap 0\n"
    "preempt cpu 0 at start to cpu 1\n"
    "preempt cpu 1 before event 2 to cpu 0\n"
    "preempt cpu 0 before event 3 to cpu 1\n";

Report ReplayFile(const WalkFile& file) {
  return Runner::Get().Replay(file.input, ContextOf("arm64").run);
}

// --- Names -------------------------------------------------------------------------------------

TEST(NamePreemptions, NamesTheEventThatEachStoodBefore) {
  WalkFile file = FileOf(kThreePreemptions);
  ReplayFile(file);
  NamePreemptions(Runner::Get().engine(), file);
  EXPECT_THAT(file.preemption_names,
              ElementsAre("", "mm_find_pmd load pgd[0]", "lockless_pages_from_mm irq-off"));
}

TEST(NamePreemptions, LeavesOutWhatWasNeverReached) {
  WalkFile file =
      FileOf("cpu 0\n pin 0\ncpu 1\n collapse 0-7\npreempt cpu 0 before event 4000 to cpu 1\n");
  ReplayFile(file);
  NamePreemptions(Runner::Get().engine(), file);
  EXPECT_THAT(file.preemption_names, ElementsAre(""));
}

// A run that was cut short: CPU 0 stands before an event that never happened.
TEST(NamePreemptions, NamesTheEventToComeOfARunThatWasCutShort) {
  WalkFile file = FileOf(
      "cpu 0\n get 0-2\ncpu 1\n collapse 0-7\n"
      "preempt cpu 0 before event 7 to cpu 1\n");
  const ResolvedContext context = ContextOf("arm64", "fallback-with-irqs-off");
  const auto strategy = MakeRandomStrategy();
  Report report;
  for (uint64_t seed = 0; seed < 10'000 && report.clean(); ++seed) {
    report = Runner::Get().Run(file.input.scenario, context.run, *strategy, seed);
  }
  ASSERT_EQ(OracleOf(report), "progress");
  const Engine& engine = Runner::Get().engine();
  file.input.schedule.clear();
  ASSERT_TRUE(file.input.schedule.push_back({engine.pending_number(0), 0, 1}));
  NamePreemptions(engine, file);
  EXPECT_THAT(file.preemption_names, ElementsAre("internal_get_user_pages_fast lock mmap_lock"));
}

TEST(FileOfLastRun, SaysAllThatAReplayNeeds) {
  const WalkFile file = FileOf(kThreePreemptions);
  const ResolvedContext context = ContextOf("arm64", "no-pmd-recheck");
  const Report report = Runner::Get().Replay(file.input, context.run);
  const WalkFile made = FileOfLastRun(Runner::Get(), file.input.scenario, context, report);
  EXPECT_EQ(made.target, "gup_vs_collapse");
  EXPECT_THAT(made.variants, ElementsAre("no-pmd-recheck"));
  EXPECT_EQ(made.expect, "clean");
  EXPECT_EQ(made.input.schedule, file.input.schedule);
  EXPECT_EQ(made.preemption_names.size(), made.input.schedule.size());
  // It survives the text form, and replays to the same trace.
  const auto parsed = ParseText(PrintText(made));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, made);
  const auto resolved = ResolveContext({}, &*parsed);
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  const Report again = Runner::Get().Replay(parsed->input, resolved->run);
  EXPECT_EQ(again.run.trace_hash, report.run.trace_hash);
}

// --- Signatures --------------------------------------------------------------------------------

TEST(SignatureOf, IsTheOracleAndTheTwoFunctions) {
  HuntOptions options;
  options.context = ContextOf("arm64", "collapse-race");
  options.strategy = FindStrategy("random");
  options.schedules_max = 100'000;
  const Scenario scenario = ScenarioOf("cpu 0\n pin 0 write\ncpu 1\n collapse 0-7\n");
  options.scenario = &scenario;
  const HuntResult result = Hunt(options);
  ASSERT_NE(result.first_violation_at, 0u);
  EXPECT_EQ(SignatureOf(Runner::Get().engine(), result.report.violation), result.signature);
  EXPECT_THAT(result.signature, StartsWith("no-pinned-page-freed: "));
  EXPECT_THAT(result.signature, AllOf(HasSubstr(" / "), HasSubstr("try_get_folio")));
}

TEST(SignatureOf, IsEmptyWithoutAViolation) {
  const Report report = ReplayFile(FileOf(kThreePreemptions));
  EXPECT_EQ(SignatureOf(Runner::Get().engine(), report.violation), "");
}

// --- Drift -------------------------------------------------------------------------------------

TEST(DriftOfLastReplay, IsEmptyWhereTheNamesAreMet) {
  WalkFile file = FileOf(kThreePreemptions);
  ReplayFile(file);
  NamePreemptions(Runner::Get().engine(), file);
  ReplayFile(file);
  EXPECT_EQ(DriftOfLastReplay(Runner::Get(), file), "");
}

TEST(DriftOfLastReplay, IsEmptyWhereTheFileNamesNothing) {
  const WalkFile file = FileOf(kThreePreemptions);
  ReplayFile(file);
  EXPECT_EQ(DriftOfLastReplay(Runner::Get(), file), "");
}

TEST(DriftOfLastReplay, SaysWhatWasRecordedAndWhatIsThereNow) {
  WalkFile file = FileOf(kThreePreemptions);
  file.preemption_names[2] = "gup_pte_range load pmd[0]";
  ReplayFile(file);
  const std::string drift = DriftOfLastReplay(Runner::Get(), file);
  EXPECT_THAT(drift,
              AllOf(HasSubstr("cpu 0 before event 3"), HasSubstr("\"gup_pte_range load pmd[0]\""),
                    HasSubstr("\"lockless_pages_from_mm irq-off\"")));
  EXPECT_EQ(std::count(drift.begin(), drift.end(), '\n'), 1);
}

TEST(DriftOfLastReplay, SaysThatAnEventWasNeverReached) {
  WalkFile file = FileOf(
      "cpu 0\n pin 0\ncpu 1\n collapse 0-7\n"
      "preempt cpu 0 before event 4000 to cpu 1 at gup_pte_range load pmd[0]\n");
  ReplayFile(file);
  EXPECT_THAT(DriftOfLastReplay(Runner::Get(), file), HasSubstr("never reached"));
}

}  // namespace
}  // namespace walkrace
