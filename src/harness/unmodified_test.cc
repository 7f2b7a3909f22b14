// False positives are defects of the same rank as misses: the unmodified paths stay clean, by every
// oracle and by ThreadSanitizer, on every profile.
#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "harness/harness_test_bed.h"

namespace walkrace {
namespace {

constexpr uint64_t kSchedules = 20'000;

class Unmodified : public ::testing::TestWithParam<std::tuple<const char*, const char*>> {};
INSTANTIATE_TEST_SUITE_P(Paths, Unmodified,
                         ::testing::Combine(::testing::Values("x86-64", "x86-64-paravirt", "arm64",
                                                              "powerpc-hash"),
                                            ::testing::Values("random", "pct")),
                         [](const auto& info) {
                           return TestNameOf(std::get<0>(info.param)) + "_" +
                                  std::get<1>(info.param);
                         });

TEST_P(Unmodified, StayCleanOverDrawnScenarios) {
  HuntOptions options;
  options.context = ContextOf(std::get<0>(GetParam()));
  options.strategy = FindStrategy(std::get<1>(GetParam()));
  options.schedules_max = kSchedules;
  options.seed = 20220901;
  const HuntResult result = HuntThatStaysClean(options);
  EXPECT_GT(result.distinct_traces, kSchedules / 10) << "so many schedules were really different";
}

// Everything there is, on every profile: what is known to be exposed is counted, not hidden.
TEST(UnmodifiedMix, StaysCleanOnEveryProfile) {
  size_t count;
  const Profile* profiles = Profiles(&count);
  for (const Profile* profile = profiles; profile != profiles + count; ++profile) {
    HuntOptions options;
    options.context = ContextOf(profile->name);
    options.context.target = FindTarget("gup_vs_mm");
    options.strategy = FindStrategy("random");
    options.schedules_max = 3000;
    options.seed = 20221129;
    HuntThatStaysClean(options);
  }
}

// And under each weak memory model.
class UnmodifiedUnder : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Models, UnmodifiedUnder, ::testing::Values("tso", "mca", "lkmm"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(UnmodifiedUnder, StaysCleanOnEveryProfile) {
  size_t count;
  const Profile* profiles = Profiles(&count);
  uint64_t old_loads = 0;
  for (const Profile* profile = profiles; profile != profiles + count; ++profile) {
    HuntOptions options;
    options.context = ContextOf(profile->name);
    options.context.target = FindTarget("gup_vs_mm");
    options.context.run.memory = FindMemory(GetParam())->kind;
    options.strategy = FindStrategy("random");
    options.schedules_max = 2000;
    options.seed = 20261128;
    HuntThatStaysClean(options);
    for (const Preemption& entry : Runner::Get().engine().taken()) {
      old_loads += entry.kind == EntryKind::kOld;
    }
  }
  RecordProperty("old_loads_of_last_runs", static_cast<int>(old_loads));
}

}  // namespace
}  // namespace walkrace
