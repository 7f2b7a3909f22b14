#include "harness/minimizer.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "harness/race_reports.h"
#include "scenario/text_codec.h"
#include "trace/explain.h"

// Races are what one test looks for, again and again: a report does not end the process.
extern "C" const char* __tsan_default_options() {
  return "halt_on_error=0:exitcode=0:report_signal_unsafe=0:suppress_equal_stacks=0:"
         "suppress_equal_addresses=0";
}

namespace walkrace {
namespace {

constexpr char kOracle[] = "no-pinned-page-freed";
constexpr char kBigScenario[] =
    "levels 5\nmap 0-15 rw\n"
    "cpu 0\n pin 0-3 write\n write-pinned\n read-pinned\n unpin\n get 8-11\n unpin\n write 3\n"
    "cpu 1\n write 5\n fault 3\n collapse 0-7\n zap 8-15\n collapse 8-15\n write 9\n zap 0-3\n"
    "cpu 2\n get 0-7\n write 1\n unpin\n read 5\n pin 2-3\n unpin\n"
    "cpu 3\n read 1\n write 4\n zap 2-3\n write 2\n fault 6\n";

RunContext ContextOf(const char* variant, const char* profile) {
  RunContext context = {FindProfile(profile), {}};
  AddCuts(*FindVariant(variant), &context.cuts);
  return context;
}

Scenario ScenarioOf(const std::string& operations) {
  const auto file = ParseText("walkrace 1\n" + operations);
  EXPECT_TRUE(file.ok()) << file.status().message();
  Scenario scenario = file->input.scenario;
  Normalize(scenario);
  return scenario;
}

// The first violation of `oracle` that a random walk finds from `seed` on, as it was found. The
// scenarios here violate it in one of some hundred schedules.
std::unique_ptr<Input> Found(const Scenario& scenario, const RunContext& context,
                             const std::string& oracle, uint64_t seed) {
  auto input = std::make_unique<Input>();
  input->scenario = scenario;
  const auto strategy = MakeRandomStrategy();
  for (uint64_t last = seed + 100'000; seed < last; ++seed) {
    const Report report = Runner::Get().Run(scenario, context, *strategy, seed);
    if (report.clean() || report.violation.oracle != oracle) continue;
    input->schedule = Runner::Get().engine().taken();
    return input;
  }
  ADD_FAILURE() << "no violation of " << oracle << " found";
  return input;
}

std::unique_ptr<MinimizeResult> Minimized(const Input& input, const RunContext& context,
                                          const char* oracle) {
  auto result = std::make_unique<MinimizeResult>();
  MinimizeOptions options;
  options.oracle = oracle;
  EXPECT_TRUE(Minimize(input, context, options, *result));
  return result;
}

bool Violates(const Input& input, const RunContext& context, const std::string& oracle) {
  const Report report = Runner::Get().Replay(input, context);
  return !report.clean() && report.violation.oracle == oracle;
}

class MinimizeSeedRace : public testing::TestWithParam<uint64_t> {
 protected:
  const RunContext context_ = ContextOf("collapse-race", "arm64");
};

TEST_P(MinimizeSeedRace, ToTwoOperationsAndTwoPreemptions) {
  const auto found =
      Found(ScenarioOf(FindVariant("collapse-race")->control), context_, kOracle, GetParam());
  const auto result = Minimized(*found, context_, kOracle);
  const InputSize size = SizeOf(result->input);
  EXPECT_EQ(size.cpus, 2);
  EXPECT_EQ(size.operations, 2);
  EXPECT_LE(size.preemptions, 2);
  EXPECT_STREQ(result->report.violation.oracle, kOracle);

  for (int i = 0; i < 100; ++i) {
    const Report again = Runner::Get().Replay(result->input, context_);
    EXPECT_EQ(again.run.trace_hash, result->report.run.trace_hash);
    EXPECT_STREQ(again.violation.oracle, kOracle);
  }
}

TEST_P(MinimizeSeedRace, SoThatNoPreemptionCanBeDeleted) {
  const auto found =
      Found(ScenarioOf(FindVariant("collapse-race")->control), context_, kOracle, GetParam());
  const auto result = Minimized(*found, context_, kOracle);
  auto fewer = std::make_unique<Input>();
  for (size_t i = 0; i < result->input.schedule.size(); ++i) {
    *fewer = result->input;
    fewer->schedule.erase(i);
    EXPECT_TRUE(Runner::Get().Replay(*fewer, context_).clean()) << "without preemption " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, MinimizeSeedRace, testing::Values(1, 500, 1000, 5000));

TEST(Minimize, ExplainsTheSeedRaceOnOneScreen) {
  const RunContext context = ContextOf("collapse-race", "arm64");
  const auto found = Found(ScenarioOf(FindVariant("collapse-race")->control), context, kOracle, 1);
  const auto result = Minimized(*found, context, kOracle);
  const std::string text = ExplainText(
      ViewOfLastRun(Runner::Get().engine(), result->input.scenario, result->report.violation));
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  EXPECT_LE(lines.size(), 40u + 1) << text;
  for (const std::string& line : lines) EXPECT_LE(line.size(), 100u) << line;
  // The commit message's diagram, line by line: in this order.
  size_t at = 0;
  for (const char* part :
       {"gup_pmd_range() <-- load pmd[0]: T0", "gup_pte_range() <-- load T0.pte[0]: folio1 rw",
        "pmdp_collapse_flush()", "clear pmd[0]: T0 -> none", "flush every TLB",
        "(1) load folio1.refcount: 1", "checks: nobody else holds folio1", "copy folio1.content",
        "(2) folio1.refcount 1 -> 2", "re-read T0.pte[0]: folio1 rw (no change)",
        "returns folio1 for page 0", "clear T0.pte[0]: folio1 rw -> none",
        "replaces folio1 (page 0) by the huge page"}) {
    const size_t found_at = text.find(part, at);
    ASSERT_NE(found_at, std::string::npos) << part << "\n" << text;
    at = found_at;
  }
}

TEST(Minimize, TakesABigScenarioApart) {
  const RunContext context = ContextOf("collapse-race", "arm64");
  const auto found = Found(ScenarioOf(kBigScenario), context, kOracle, 1);
  const auto result = Minimized(*found, context, kOracle);
  EXPECT_EQ(SizeOf(result->input).cpus, 2);
  EXPECT_EQ(SizeOf(result->input).operations, 2);
  EXPECT_LE(SizeOf(result->input).preemptions, 2);
  EXPECT_EQ(result->input.scenario.layout.levels, 4);
}

TEST(Minimize, KeepsWhatTheViolationNeeds) {
  const RunContext context = ContextOf("no-table-sync", "arm64");
  const auto found = Found(ScenarioOf(FindVariant("no-table-sync")->control), context,
                           "no-table-use-after-free", 1);
  const auto result = Minimized(*found, context, "no-table-use-after-free");
  // The zap needs the huge page of the collapse.
  EXPECT_EQ(SizeOf(result->input).operations, 3);
  EXPECT_EQ(SizeOf(result->input).preemptions, 1);
}

TEST(Minimize, GivesTheSameForTheSameInput) {
  const RunContext context = ContextOf("count-before-clear", "powerpc-hash");
  const auto found =
      Found(ScenarioOf(FindVariant("count-before-clear")->control), context, kOracle, 1);
  const auto once = Minimized(*found, context, kOracle);
  const auto twice = Minimized(*found, context, kOracle);
  EXPECT_TRUE(once->input == twice->input);
  EXPECT_EQ(once->runs, twice->runs);
  EXPECT_EQ(once->report.run.trace_hash, twice->report.run.trace_hash);
}

TEST(Minimize, RefusesAnInputThatDoesNotViolateTheOracle) {
  const auto input = std::make_unique<Input>();
  input->scenario = ScenarioOf("cpu 0\n pin 0 write\ncpu 1\n collapse 0-7\n");
  const auto result = std::make_unique<MinimizeResult>();
  MinimizeOptions options;
  options.oracle = kOracle;
  EXPECT_FALSE(Minimize(*input, ContextOf("no-pmd-recheck", "arm64"), options, *result));
  EXPECT_EQ(result->runs, 0u);
}

TEST(Minimize, StopsWhenAskedWithTheSmallestSoFar) {
  const RunContext context = ContextOf("collapse-race", "arm64");
  const auto found = Found(ScenarioOf(kBigScenario), context, kOracle, 1);
  const auto result = std::make_unique<MinimizeResult>();
  MinimizeOptions options;
  options.oracle = kOracle;
  options.progress = [](const InputSize& /*smallest*/, uint64_t runs) { return runs < 200; };
  ASSERT_TRUE(Minimize(*found, context, options, *result));
  EXPECT_LT(result->runs, 300u);
  EXPECT_TRUE(Violates(result->input, context, kOracle));
}

TEST(Minimize, FindsTheSmallestDataRace) {
  if (!RaceDetectorPresent()) GTEST_SKIP() << "needs the tsan flavour";
  const RunContext context = ContextOf("plain-pmd-reread", "arm64");
  const auto found =
      Found(ScenarioOf(FindVariant("plain-pmd-reread")->control), context, "data-race", 1);
  const auto result = Minimized(*found, context, "data-race");
  EXPECT_EQ(SizeOf(result->input).operations, 2);
  EXPECT_LE(SizeOf(result->input).preemptions, 1);
  EXPECT_STREQ(result->report.violation.oracle, "data-race");
}

}  // namespace
}  // namespace walkrace
