// Every kernel tree that is built in does its work, and its hunts are clean.
#include "harness/tree_check.h"

#include <gtest/gtest.h>

#include "harness/harness_test_bed.h"
#include "harness/tree_test_bed.h"
#include "scenario/mutate.h"

namespace walkrace {
namespace {

class KernelTree : public ::testing::TestWithParam<const wr_tree*> {};
INSTANTIATE_TEST_SUITE_P(Trees, KernelTree, ::testing::ValuesIn(AllKernelTrees()), TreeTestName);

TEST_P(KernelTree, IsAlive) {
  for (const TreeCheckResult& result : CheckTree(*GetParam())) {
    EXPECT_EQ(result.why, "") << result.name;
  }
}

TEST_P(KernelTree, IsCleanOnEveryProfile) {
  size_t count;
  const Profile* profiles = Profiles(&count);
  for (const char* target : {"gup_vs_collapse", "gup_vs_mm"}) {
    for (const Profile* profile = profiles; profile != profiles + count; ++profile) {
      HuntOptions options;
      options.context = ContextOf(profile->name);
      options.context.target = FindTarget(target);
      options.context.run.tree = GetParam();
      options.strategy = FindStrategy("portfolio");
      options.schedules_max = 2000;
      options.seed = 20220901;
      HuntThatStaysClean(options);
    }
  }
}

// The same input gives the same trace whatever carries the CPUs.
TEST_P(KernelTree, RunsTheSameOnFibersAndOnThreads) {
  RunContext context = {FindProfile("arm64"), {}, GetParam()};
  const std::unique_ptr<Strategy> strategy = FindStrategy("random")->make({});
  Scenario scenario;
  for (uint64_t i = 0; i < 1000; ++i) {
    if (i % 10 == 0) DrawScenario(Mix::kAll, i, scenario);
    uint64_t hashes[2];
    for (int n = 0; n < 2; ++n) {
      const BackendScope backend(n == 0 ? OsThreads() : Fibers());
      hashes[n] = Runner::Get().Run(scenario, context, *strategy, i).run.trace_hash;
    }
    EXPECT_EQ(hashes[0], hashes[1]) << i;
  }
}

}  // namespace
}  // namespace walkrace
