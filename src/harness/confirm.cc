#include "harness/confirm.h"

#include <cstring>

#include "base/check.h"
#include "harness/replays.h"

namespace walkrace {

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
    same = !report.clean() && std::strcmp(report.violation.oracle, found.violation.oracle) == 0;
    if (same || !MissedByChance(report, found.violation.oracle)) break;
  }
  return same && tally.alike();
}

}  // namespace walkrace
