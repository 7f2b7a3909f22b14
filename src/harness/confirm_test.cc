// What is found on fibers comes out the same on OS threads, always; where it did not, walkrace
// would say so.
#include "harness/confirm.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/build_info.h"
#include "base/random.h"
#include "harness/controls.h"
#include "harness/harness_test_bed.h"
#include "harness/replays.h"

namespace walkrace {
namespace {

class ConfirmedOnThreads : public ::testing::Test {
 protected:
  void SetUp() override { Runner::Get().set_backend(Fibers()); }
  void TearDown() override { Runner::Get().set_backend(OsThreads()); }
};

// Each variant with each profile on which it bites, in an order of no meaning.
std::vector<ResolvedContext> BitingContexts() {
  size_t variant_count, profile_count;
  const VariantRow* variants = VariantRows(&variant_count);
  const Profile* profiles = Profiles(&profile_count);
  std::vector<ResolvedContext> contexts;
  for (size_t i = 0; i < variant_count; ++i) {
    if (WhySkipped(variants[i]) != nullptr) continue;
    for (size_t j = 0; j < profile_count; ++j) {
      if (!BitesOn(variants[i], profiles[j]) || variants[i].rare) continue;
      contexts.push_back(ControlContext(&variants[i], profiles[j]));
    }
  }
  Random random(1);
  for (size_t i = contexts.size(); i > 1; --i) {
    std::swap(contexts[i - 1], contexts[random.Below(i)]);
  }
  return contexts;
}

// All strategies that search, in turn.
const StrategyRow* StrategyInTurn(size_t turn) {
  constexpr const char* kNames[] = {"random", "pct", "pos", "surw", "delay", "portfolio"};
  return FindStrategy(kNames[turn % std::size(kNames)]);
}

// A replay on OS threads of what fibers showed: oracle, words, signature and trace. A run that
// ThreadSanitizer ended came as far as it did by chance.
void ExpectTheSameOnThreads(const HuntResult& found, const ResolvedContext& context) {
  Runner& runner = Runner::Get();
  const BackendScope scope(OsThreads());
  const char* oracle = found.report.violation.oracle;
  const Report report = ReplayFound(found.file.input, context.run, oracle);
  ASSERT_EQ(OracleOf(report), oracle) << PrintText(found.file);
  EXPECT_EQ(SignatureOf(runner.engine(), report.violation), found.signature);
  if (IsDataRace(report)) return;
  EXPECT_STREQ(report.violation.message, found.report.violation.message);
  EXPECT_EQ(report.run.trace_hash, found.report.run.trace_hash);
}

// Different from each other in their traces: from all variants and profiles, by all strategies.
TEST_F(ConfirmedOnThreads, AllFindingsOfSomeHundreds) {
  const std::vector<ResolvedContext> contexts = BitingContexts();
  const size_t wanted = std::strcmp(kFlavour, "plain") == 0 ? 500 : 100;
  std::set<uint64_t> traces;
  std::set<std::string> signatures, profiles;
  for (size_t turn = 0; traces.size() < wanted && turn < 4 * contexts.size(); ++turn) {
    HuntOptions options;
    options.context = contexts[turn % contexts.size()];
    const auto file = ControlFile(options.context.variants[0]);
    options.scenario = &file->input.scenario;
    options.strategy = StrategyInTurn(turn);
    options.seed = turn + 1;
    options.schedules_max = 500;
    const HuntResult result = Hunt(options);
    if (result.first_violation_at == 0) continue;
    ASSERT_TRUE(result.asked);
    ASSERT_TRUE(result.confirmed) << PrintText(result.file);
    ASSERT_EQ(&Runner::Get().engine().backend(), &Fibers()) << "as it was";
    ExpectTheSameOnThreads(result, options.context);
    traces.insert(result.report.run.trace_hash);
    signatures.insert(result.signature);
    profiles.insert(options.context.run.profile->name);
  }
  EXPECT_EQ(traces.size(), wanted);
  EXPECT_GT(signatures.size(), 40u);
  size_t profile_count;
  (void)Profiles(&profile_count);
  EXPECT_EQ(profiles.size(), profile_count);
  std::printf("%zu of %zu findings confirmed: %zu signatures, %zu profiles\n", traces.size(),
              wanted, signatures.size(), profiles.size());
}

// OS threads on which the variant is not there.
class OtherPaths final : public Backend {
 public:
  void Prepare(int cpu_count, Entry entry, void* context) override {
    SetCuts({});
    OsThreads().Prepare(cpu_count, entry, context);
  }
  void Switch(CpuId from, CpuId to) override { OsThreads().Switch(from, to); }
  void Leave(CpuId from, CpuId to) override { OsThreads().Leave(from, to); }
};

TEST_F(ConfirmedOnThreads, WhatComesOutOtherwiseIsSaid) {
  const Scenario scenario = ScenarioOf(kSeedScenario);
  OtherPaths other_paths;
  HuntOptions options;
  options.context = ContextOf("arm64", "collapse-race");
  options.strategy = FindStrategy("random");
  options.scenario = &scenario;
  options.schedules_max = 200'000;
  options.confirm_on = &other_paths;
  const HuntResult result = Hunt(options);
  ASSERT_EQ(OracleOf(result.report), "no-pinned-page-freed");
  EXPECT_TRUE(result.asked);
  EXPECT_FALSE(result.confirmed);
  EXPECT_STREQ(result.found(), kUnconfirmed);
}

// What `walkrace confirm` says of one file.
class Compared : public ConfirmedOnThreads {
 protected:
  const Input input_ =
      FileOf(kSeedScenario + std::string("preempt cpu 0 before event 11 to cpu 1\n"
                                         "preempt cpu 1 before event 31 to cpu 0\n"))
          .input;
  OtherPaths other_paths_;
};

TEST_F(Compared, AViolationIsAlikeOnBoth) {
  const RunContext context = ContextOf("arm64", "collapse-race").run;
  const Comparison both = CompareBackends(input_, context, 2, Fibers(), OsThreads());
  EXPECT_TRUE(both.alike);
  EXPECT_EQ(OracleOf(both.other), "no-pinned-page-freed");
  EXPECT_EQ(OracleOf(both.threads), "no-pinned-page-freed");
  EXPECT_EQ(both.signature, "no-pinned-page-freed: is_refcount_suitable / try_get_folio");
  EXPECT_EQ(&Runner::Get().engine().backend(), &Fibers()) << "as it was";
}

TEST_F(Compared, ACleanRunIsAlikeOnBoth) {
  const Comparison both = CompareBackends(input_, ContextOf("arm64").run, 1, Fibers(), OsThreads());
  EXPECT_TRUE(both.alike);
  EXPECT_TRUE(both.other.clean());
  EXPECT_TRUE(both.threads.clean());
}

TEST_F(Compared, OtherPathsAreNotAlike) {
  const RunContext context = ContextOf("arm64", "collapse-race").run;
  const Comparison both = CompareBackends(input_, context, 1, Fibers(), other_paths_);
  EXPECT_FALSE(both.alike);
  EXPECT_EQ(OracleOf(both.other), "no-pinned-page-freed");
  EXPECT_EQ(OracleOf(both.threads), "clean");
}

TEST(FoundOnThreads, NeedsNoConfirmation) {
  HuntOptions options;
  options.context = ContextOf("arm64", "collapse-race");
  options.strategy = FindStrategy("random");
  options.schedules_max = 200'000;
  const HuntResult result = Hunt(options);
  EXPECT_FALSE(result.asked);
  EXPECT_STREQ(result.found(), "no-pinned-page-freed");
}

}  // namespace
}  // namespace walkrace
