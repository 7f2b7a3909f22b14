#include "harness/confirm.h"

#include <cstring>

#include "base/check.h"
#include "harness/replays.h"

namespace walkrace {
namespace {

// The messages name objects and values: the events have made them.
bool SameViolation(const Report& a, const Report& b) {
  if (a.clean() || b.clean()) return a.clean() == b.clean();
  return std::strcmp(a.violation.oracle, b.violation.oracle) == 0 &&
         (IsDataRace(a) || std::strcmp(a.violation.message, b.violation.message) == 0);
}

}  // namespace

bool ConfirmLastRun(const Input& input, const RunContext& context, const Report& found,
                    Backend& on) {
  WR_CHECK(!found.clean());
  Runner& runner = Runner::Get();
  ReplayTally tally;
  tally.Add(runner.engine(), found);

  const BackendScope scope(on);
  bool same = false;
  for (int i = 0; i < kReplaysToSeeARace; ++i) {
    const Report report = runner.Replay(input, context);
    tally.Add(runner.engine(), report);
    same = SameViolation(report, found);
    if (same || !MissedByChance(report, found.violation.oracle)) break;
  }
  return same && tally.alike();
}

Comparison CompareBackends(const Input& input, const RunContext& context, uint64_t repeat,
                           Backend& other, Backend& threads) {
  Runner& runner = Runner::Get();
  ReplayTally both, each[2];
  Backend* const backends[2] = {&other, &threads};
  for (const int i : {0, 1}) {
    const BackendScope scope(*backends[i]);
    for (uint64_t run = 0; run < repeat; ++run) {
      const Report report = runner.Replay(input, context);
      both.Add(runner.engine(), report);
      each[i].Add(runner.engine(), report);
    }
  }
  const Report &on_other = each[0].report(), &on_threads = each[1].report();
  const bool same =
      IsDataRace(on_other) || IsDataRace(on_threads) || SameViolation(on_other, on_threads);
  return {on_other, on_threads, each[1].signature(), same && both.alike()};
}

}  // namespace walkrace
