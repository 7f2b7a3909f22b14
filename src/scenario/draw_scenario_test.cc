#include <gtest/gtest.h>

#include <algorithm>

#include "scenario/mutate.h"
#include "scenario/random_inputs.h"

namespace walkrace {
namespace {

constexpr int kDrawn = 20'000;

bool Meets(const Operation& a, const Operation& b) {
  const auto end = [](const Operation& o) { return o.page + std::max<int>(o.count, 1); };
  return a.page < end(b) && b.page < end(a);
}

bool IsMutatorOf(const Operation& operation, const Operation& gup) {
  if (operation.kind == OperationKind::kCollapse) {
    return Meets({OperationKind::kZap, operation.page, kPagesPerRegion}, gup);
  }
  return operation.kind == OperationKind::kZap && Meets(operation, gup);
}

// Whether a GUP of one CPU and a collapse or zap of another may meet.
bool CanRace(const Scenario& scenario) {
  for (int a = 0; a < scenario.cpu_count; ++a) {
    for (const Operation& gup : scenario.cpus[a]) {
      if (gup.kind != OperationKind::kGup) continue;
      for (int b = 0; b < scenario.cpu_count; ++b) {
        const OperationList& list = scenario.cpus[b];
        if (a != b && std::any_of(list.begin(), list.end(),
                                  [&](const Operation& o) { return IsMutatorOf(o, gup); })) {
          return true;
        }
      }
    }
  }
  return false;
}

// Whether the CPU does these kinds of operations in this order, perhaps among others.
bool Does(const OperationList& list, std::initializer_list<OperationKind> kinds) {
  auto next = kinds.begin();
  for (const Operation& operation : list) {
    if (next != kinds.end() && operation.kind == *next) ++next;
  }
  return next == kinds.end();
}

bool SomeCpuDoes(const Scenario& scenario, std::initializer_list<OperationKind> kinds) {
  return std::any_of(scenario.cpus, scenario.cpus + kCpusMax,
                     [&](const OperationList& list) { return Does(list, kinds); });
}

// A collapse fails at once where its region has no page, mapped or faulted in before.
bool CollapsesHavePages(const Scenario& scenario) {
  for (const OperationList& list : scenario.cpus) {
    for (const Operation& operation : list) {
      if (operation.kind != OperationKind::kCollapse) continue;
      const PageState* const pages = &scenario.layout.pages[operation.page];
      if (std::count(pages, pages + kPagesPerRegion, PageState::kNone) == kPagesPerRegion) {
        return false;
      }
    }
  }
  return true;
}

TEST(DrawScenario, IsAFunctionOfTheSeed) {
  Scenario a, b;
  DrawScenario(Mix::kCollapse, 7, a);
  DrawScenario(Mix::kCollapse, 8, b);
  DrawScenario(Mix::kCollapse, 7, b);
  EXPECT_EQ(a, b);
}

TEST(DrawScenario, IsSmallNormalizedAndCanRace) {
  static Input input;
  for (int seed = 0; seed < kDrawn; ++seed) {
    Scenario& scenario = input.scenario;
    DrawScenario(Mix::kCollapse, seed, scenario);
    ASSERT_TRUE(IsNormalized(input)) << seed;
    ASSERT_TRUE(CanRace(scenario)) << seed;
    ASSERT_TRUE(CollapsesHavePages(scenario)) << seed;
    ASSERT_EQ(scenario.profile, kNoProfile);
    ASSERT_GE(scenario.cpu_count, 2);
    ASSERT_LE(scenario.cpu_count, 3);
    for (int cpu = 0; cpu < scenario.cpu_count; ++cpu) {
      ASSERT_GE(scenario.cpus[cpu].size(), 1u);
      ASSERT_LE(scenario.cpus[cpu].size(), 3u);
    }
  }
}

// Fixed seeds: nothing is left to chance.
TEST(DrawScenario, ReachesEachKindOfRace) {
  using enum OperationKind;
  int collapse = 0, zap_after_collapse = 0, fault_after_zap = 0, stale = 0, pin_used = 0;
  int huge = 0, read_only = 0, five_levels = 0, gup_reads = 0, gets = 0;
  for (int seed = 0; seed < kDrawn; ++seed) {
    Scenario scenario;
    DrawScenario(Mix::kCollapse, seed, scenario);
    const Layout& layout = scenario.layout;
    collapse += SomeCpuDoes(scenario, {kCollapse});
    zap_after_collapse += SomeCpuDoes(scenario, {kCollapse, kZap, kFault});
    fault_after_zap += SomeCpuDoes(scenario, {kZap, kFault});
    stale += SomeCpuDoes(scenario, {kCollapse}) && (SomeCpuDoes(scenario, {kRead, kWrite, kRead}) ||
                                                    SomeCpuDoes(scenario, {kWrite, kWrite, kRead}));
    pin_used +=
        SomeCpuDoes(scenario, {kGup, kWritePinned}) || SomeCpuDoes(scenario, {kGup, kReadPinned});
    huge += layout.huge[0] || layout.huge[1];
    five_levels += layout.levels == 5;
    read_only += std::count(layout.pages, layout.pages + kPagesMax, PageState::kReadOnly) > 0;
    bool reads = false, gets_some = false;
    for (const OperationList& list : scenario.cpus) {
      for (const Operation& operation : list) {
        if (operation.kind != kGup) continue;
        reads |= (operation.flags & kGupWrite) == 0;
        gets_some |= (operation.flags & kGupPin) == 0;
      }
    }
    gup_reads += reads;
    gets += gets_some;
  }
  EXPECT_GT(collapse, kDrawn / 2);
  EXPECT_GT(zap_after_collapse, kDrawn / 8);
  EXPECT_GT(fault_after_zap, kDrawn / 3);
  EXPECT_GT(stale, kDrawn / 20);
  EXPECT_GT(pin_used, kDrawn / 2);
  EXPECT_GT(huge, kDrawn / 10);
  EXPECT_LT(huge, kDrawn / 4);
  EXPECT_GT(read_only, kDrawn / 10);
  EXPECT_GT(five_levels, kDrawn / 40);
  EXPECT_LT(five_levels, kDrawn / 8);
  EXPECT_GT(gup_reads, kDrawn / 4);
  EXPECT_GT(gets, kDrawn / 4);
}

}  // namespace
}  // namespace walkrace
