// The searches with reduction against plain enumeration: the same classes, the same ends.
#include "engine/exhaustive_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <string>

#include "base/build_info.h"
#include "base/random.h"
#include "engine/bounded_search.h"
#include "engine/plain_search.h"
#include "engine/random_program.h"
#include "engine/reduced_search.h"
#include "engine/test_bed.h"

namespace walkrace {
namespace {

// What a search has seen of a program.
struct Seen {
  uint64_t schedules = 0;
  uint64_t whole = 0;
  std::set<ClassHash> classes;
  std::set<std::string> ends;  // how the run ended, and what it left in memory
  bool gave_up = false;
};

std::string EndOf(const RunResult& result) {
  std::string end(1, static_cast<char>('0' + static_cast<int>(result.outcome)));
  end.append(reinterpret_cast<const char*>(test_arena), 32 * sizeof(test_arena[0]));
  return end;
}

// `run` runs the program under the search.
template <typename Run>
Seen Explore(ExhaustiveSearch& search, const Run& run, uint64_t schedules_max = UINT64_MAX) {
  Seen seen;
  while (search.Next()) {
    const RunResult result = run(search);
    search.EndRun(result, false);
    ++seen.schedules;
    if (search.whole()) {
      ++seen.whole;
      seen.classes.insert(search.order().Class());
      seen.ends.insert(EndOf(result));
    }
    if (seen.schedules == schedules_max && search.Next()) {
      seen.gave_up = true;
      break;
    }
  }
  return seen;
}

template <typename Run>
Seen Plain(const Run& run, uint64_t schedules_max = UINT64_MAX) {
  StepFootprints footprints(TestEngine());
  PlainSearch search(TestEngine(), footprints);
  return Explore(search, run, schedules_max);
}

template <typename Run>
Seen Reduced(const Run& run, uint64_t schedules_max = UINT64_MAX) {
  StepFootprints footprints(TestEngine());
  ReducedSearch search(TestEngine(), footprints);
  return Explore(search, run, schedules_max);
}

template <typename Run>
Seen Bounded(const Run& run, uint32_t preemptions) {
  StepFootprints footprints(TestEngine());
  BoundedSearch search(TestEngine(), footprints, preemptions);
  return Explore(search, run);
}

// --- Random programs ----------------------------------------------------------------------------

TEST(ExhaustiveSearch, ReducedAndBoundedSeeWhatPlainEnumerationSees) {
  int compared = 0;
  uint64_t plain_schedules = 0;
  uint64_t reduced_schedules = 0;
  uint64_t classes = 0;
  TestEngine().set_backend(Fibers());
  const uint64_t programs = std::strcmp(kFlavour, "plain") == 0 ? 1500 : 100;
  for (uint64_t seed = 1; seed <= programs; ++seed) {
    RandomProgram program = DrawProgram(seed, seed % 3 != 0);
    Random random(SplitSeed(seed, 2));
    for (auto& operations : program.operations) {
      operations.truncate(std::min<size_t>(operations.size(), 1 + random.Below(5)));
    }
    const auto run = [&program](Strategy& strategy) {
      return RunRandomProgram(strategy, 0, program).result;
    };
    const Seen plain = Plain(run, 3000);
    if (plain.gave_up) continue;
    const Seen reduced = Reduced(run);
    ASSERT_EQ(reduced.classes, plain.classes) << "seed " << seed;
    ASSERT_EQ(reduced.ends, plain.ends) << "seed " << seed;
    ASSERT_EQ(reduced.whole, plain.classes.size()) << "seed " << seed << ": no class twice";
    const Seen bounded = Bounded(run, 100);
    ASSERT_EQ(bounded.classes, plain.classes) << "seed " << seed;
    ++compared;
    plain_schedules += plain.schedules;
    reduced_schedules += reduced.schedules;
    classes += plain.classes.size();
  }
  TestEngine().set_backend(OsThreads());
  std::printf("%d programs, %lu schedules, %lu classes, reduced %lu\n", compared, plain_schedules,
              classes, reduced_schedules);
}

}  // namespace
}  // namespace walkrace
