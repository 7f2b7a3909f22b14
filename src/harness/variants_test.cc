// The twins of every variant: on each profile where it bites its oracle fires first, and that very
// schedule with nothing cut is clean; where it does not bite, it is clean over 1,000 schedules.
#include "paths/variants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "base/build_info.h"
#include "harness/controls.h"
#include "harness/harness_test_bed.h"
#include "harness/race_reports.h"
#include "harness/replays.h"
#include "paths/variant_conditions.h"

// Reports are judged by the runner, one process makes many, and the exit code is GoogleTest's.
extern "C" const char* __tsan_default_options() {
  return "halt_on_error=0:exitcode=0:report_signal_unsafe=0:suppress_equal_stacks=0:"
         "suppress_equal_addresses=0:atexit_sleep_ms=0";
}

namespace walkrace {
namespace {

constexpr uint64_t kSeed = 1;
constexpr uint64_t kSchedulesMax = 100'000;
constexpr uint64_t kCleanSchedules = 1000;

class Variants : public ::testing::TestWithParam<std::tuple<int, int>> {
 protected:
  const VariantRow& Row() const {
    size_t count;
    return VariantRows(&count)[std::get<0>(GetParam())];
  }
  const Profile& TheProfile() const { return ProfileAt(std::get<1>(GetParam())); }
  bool Bites() const { return BitesOn(Row(), TheProfile()) && !Row().rare; }
  bool Skipped() const {
    return Row().needs != nullptr && std::string(Row().needs) == "tsan" && !RaceDetectorPresent();
  }

  HuntOptions Options(const Scenario& control, const StrategyRow& strategy) const {
    HuntOptions options;
    options.context = ContextOf(TheProfile().name, Row().name);
    if (NeedsWeakMemory(Row())) options.context.run.memory = MemoryKind::kLkmm;
    options.strategy = &strategy;
    options.strategy_options.depth = Row().pct_depth;
    options.seed = kSeed;
    options.scenario = &control;
    options.schedules_max = Bites() ? kSchedulesMax : kCleanSchedules;
    return options;
  }
};

size_t VariantCount() {
  size_t count;
  VariantRows(&count);
  return count;
}
// All of them where that is cheap; elsewhere the first, which differ in what they do.
size_t ProfileCount() {
  constexpr size_t kFirstProfiles = 4;
  size_t count;
  Profiles(&count);
  return std::string(kFlavour) == "plain" ? count : kFirstProfiles;
}

INSTANTIATE_TEST_SUITE_P(All, Variants,
                         ::testing::Combine(::testing::Range(0, static_cast<int>(VariantCount())),
                                            ::testing::Range(0, static_cast<int>(ProfileCount()))),
                         [](const auto& info) {
                           size_t count;
                           return TestNameOf(VariantRows(&count)[std::get<0>(info.param)].name) +
                                  std::string("_on_") +
                                  TestNameOf(ProfileAt(std::get<1>(info.param)).name);
                         });

// The search is deterministic: nothing is left to chance, and no miss probability to state.
TEST_P(Variants, AreCaughtWhereTheyBiteAndCleanElsewhere) {
  if (Skipped()) GTEST_SKIP() << "needs: " << Row().needs;
  const Scenario control = ScenarioOf(Row().control);
  size_t count;
  const StrategyRow* strategies = ControlStrategyRows(&count);
  for (const StrategyRow* strategy = strategies; strategy != strategies + count; ++strategy) {
    SCOPED_TRACE(strategy->name);
    const HuntOptions options = Options(control, *strategy);
    const HuntResult found = Hunt(options);
    if (Row().rare && !found.report.clean()) {
      EXPECT_TRUE(MayFireFirst(Row(), TheProfile(), found.report.violation.oracle));
      continue;
    }
    if (!Bites()) {
      EXPECT_TRUE(found.report.clean()) << Paste(control, options.context, found.report);
      EXPECT_EQ(found.schedules, kCleanSchedules);
      continue;
    }
    ASSERT_TRUE(MayFireFirst(Row(), TheProfile(), found.report.violation.oracle))
        << OracleOf(found.report) << " after " << found.schedules << " schedules"
        << Paste(control, options.context, found.report);

    const Report again = ReplayFound(found.file.input, options.context.run, OracleOf(found.report));
    EXPECT_EQ(OracleOf(again), OracleOf(found.report)) << PrintText(found.file);
    EXPECT_EQ(again.run.trace_hash, found.report.run.trace_hash);

    ResolvedContext unmodified = ContextOf(TheProfile().name);
    unmodified.run.memory = options.context.run.memory;
    const Report twin = Runner::Get().Replay(found.file.input, unmodified.run);
    if (TablesAreExposed(TheProfile()) && OracleOf(twin) == "no-table-use-after-free") continue;
    EXPECT_EQ(twin.run.outcome, Outcome::kFinished);
    EXPECT_TRUE(twin.clean()) << "nothing is cut" << Paste(control, unmodified, twin);
  }
}

}  // namespace
}  // namespace walkrace
