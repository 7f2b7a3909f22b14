// What is found on fibers comes out the same on OS threads, always; where it did not, walkrace
// would say so.
#include "harness/confirm.h"

#include <gtest/gtest.h>

#include <string>

#include "harness/controls.h"
#include "harness/harness_test_bed.h"

namespace walkrace {
namespace {

class ConfirmedOnThreads : public ::testing::Test {
 protected:
  void SetUp() override { Runner::Get().set_backend(Fibers()); }
  void TearDown() override { Runner::Get().set_backend(OsThreads()); }
};

HuntOptions HuntForVariant(const VariantRow& variant, const Profile& profile) {
  HuntOptions options;
  options.context = ControlContext(&variant, profile);
  options.strategy = FindStrategy("random");
  options.schedules_max = 3000;
  return options;
}

TEST_F(ConfirmedOnThreads, AHundredFindingsOfAHundred) {
  int found = 0;
  size_t count;
  const VariantRow* variants = VariantRows(&count);
  for (uint64_t seed = 1; found < 100 && seed < 50; ++seed) {
    for (size_t i = 0; i < count && found < 100; ++i) {
      if (WhySkipped(variants[i]) != nullptr || !BitesOn(variants[i], *FindProfile("arm64"))) {
        continue;
      }
      const auto file = ControlFile(&variants[i]);
      HuntOptions options = HuntForVariant(variants[i], *FindProfile("arm64"));
      options.scenario = &file->input.scenario;
      options.seed = seed;
      const HuntResult result = Hunt(options);
      if (result.first_violation_at == 0) continue;
      ++found;
      ASSERT_TRUE(result.asked);
      ASSERT_TRUE(result.confirmed) << PrintText(result.file);
      ASSERT_EQ(&Runner::Get().engine().backend(), &Fibers()) << "as it was";
    }
  }
  EXPECT_EQ(found, 100);
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
