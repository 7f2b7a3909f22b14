#include <algorithm>

#include "base/check.h"
#include "base/random.h"
#include "scenario/mutate.h"

namespace walkrace {
namespace {

constexpr uint32_t kMixOneIn = 256;  // a scenario of both, which mostly is worse than either

// The layout and the CPU count of one, each CPU's operations of either.
void MixScenarios(const Scenario& a, const Scenario& b, Random& random, Scenario& out) {
  out = random.OneIn(2) ? a : b;
  for (int cpu = 0; cpu < out.cpu_count; ++cpu) {
    const OperationList& list = (random.OneIn(2) ? a : b).cpus[cpu];
    if (!list.empty()) out.cpus[cpu] = list;
  }
}

// The first entries of one, then the last entries of the other.
void SpliceSchedules(const Schedule& a, const Schedule& b, Random& random, Schedule& out) {
  const size_t head = random.Below(a.size() + 1);
  const size_t tail = std::min<size_t>(random.Below(b.size() + 1), Schedule::capacity() - head);
  out.clear();
  for (size_t i = 0; i < head; ++i) WR_CHECK(out.push_back(a[i]));
  for (size_t i = b.size() - tail; i < b.size(); ++i) WR_CHECK(out.push_back(b[i]));
}

// All entries of one, then some of the other: where each has come half of the way.
void JoinSchedules(const Schedule& a, const Schedule& b, Random& random, Schedule& out) {
  const bool swap = random.OneIn(2);
  const Schedule& whole = swap ? b : a;
  const Schedule& part = swap ? a : b;
  out = whole;
  for (const Preemption& entry : part) {
    const bool is_there = std::find(whole.begin(), whole.end(), entry) != whole.end();
    if (!is_there && random.OneIn(2) && !out.push_back(entry)) return;
  }
}

// Two schedules of one scenario.
void MixSchedules(const Schedule& a, const Schedule& b, Random& random, Schedule& out) {
  if (random.OneIn(2)) {
    SpliceSchedules(a, b, random, out);
  } else {
    JoinSchedules(a, b, random, out);
  }
}

}  // namespace

void CrossOver(const Input& a, const Input& b, uint64_t seed, Input& out) {
  WR_CHECK(&out != &a && &out != &b);
  Random random(seed);
  if (a.scenario == b.scenario) {
    out.scenario = a.scenario;
    MixSchedules(a.schedule, b.schedule, random, out.schedule);
    return;
  }
  if (random.OneIn(kMixOneIn)) {
    MixScenarios(a.scenario, b.scenario, random, out.scenario);
  } else {
    out.scenario = a.scenario;
  }
  if (random.OneIn(2)) {
    SpliceSchedules(a.schedule, b.schedule, random, out.schedule);
  } else {
    out.schedule = random.OneIn(2) ? a.schedule : b.schedule;
  }
  Normalize(out);  // the schedule may name CPUs that the scenario does not have
}

}  // namespace walkrace
