#include "litmus/explore.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

#include "base/build_info.h"
#include "litmus/litmus_test_bed.h"
#include "litmus/random_litmus.h"
#include "litmus/to_text.h"

namespace walkrace::litmus {
namespace {

constexpr MemoryKind kKinds[] = {MemoryKind::kSc, MemoryKind::kTso, MemoryKind::kMca,
                                 MemoryKind::kLkmm};

std::set<FinalState> States(const Exploration& exploration) {
  std::set<FinalState> states;
  for (const auto& [state, count] : exploration.states) states.insert(state);
  return states;
}

// A state that two executions meet in is followed once: nothing of what comes of it may be lost.
TEST(Explore, WithAndWithoutMergingTheSameStates) {
  RandomLitmusOptions small;
  small.threads_max = 3;
  small.instructions_max = 4;
  small.accesses_max = 8;
  ExploreOptions all;
  all.merges = false;
  all.executions_max = 10'000;
  int compared = 0;
  uint64_t executions = 0, merged_executions = 0;
  const uint64_t programs = kFlavour == std::string_view("plain") ? 1000 : 60;
  for (uint64_t seed = 1; seed <= programs; ++seed) {
    const Program program = RandomLitmus(seed, small);
    for (const MemoryKind kind : kKinds) {
      const Exploration each = Explore(program, kind, all);
      if (!each.complete) continue;
      const Exploration merged = Explore(program, kind);
      ASSERT_TRUE(merged.complete);
      ASSERT_EQ(States(merged), States(each)) << MemoryRowOf(kind).name << "\n" << ToText(program);
      ++compared;
      executions += each.executions;
      merged_executions += merged.executions;
    }
  }
  EXPECT_GT(compared, static_cast<int>(programs) * 7 / 2);
  EXPECT_LT(merged_executions, executions / 4);
}

// Steps that nobody can notice are in one order only.
TEST(Explore, ReadSectionsWithoutGracePeriodsCostNothing) {
  const auto sections = [](bool with_locks) {
    std::vector<Instruction> body;
    for (int i = 0; i < 2; ++i) {
      if (with_locks) body.push_back(RcuReadLock());
      body.push_back(Store(kX, i + 1));
      if (with_locks) body.push_back(RcuReadUnlock());
    }
    return MakeProgram("sections", 1, {body, body});
  };
  ExploreOptions all;
  all.merges = false;
  const Exploration without = Explore(sections(false), MemoryKind::kLkmm, all);
  const Exploration with = Explore(sections(true), MemoryKind::kLkmm, all);
  EXPECT_EQ(States(with), States(without));
  EXPECT_LT(with.executions, 4 * without.executions);
}

}  // namespace
}  // namespace walkrace::litmus
