#include "engine/strategies.h"

#include "base/rows.h"

namespace walkrace {
namespace {

std::unique_ptr<Strategy> MakeScheduleStrategy(const Schedule* schedule) {
  auto strategy = std::make_unique<ScheduleStrategy>();
  strategy->set_schedule(schedule);
  return strategy;
}

// Those that search come first.
constexpr StrategyRow kRows[] = {
    {"random", "random walk, switch probability drawn per schedule", false,
     [](const StrategyOptions&) { return MakeRandomStrategy(); }},
    {"pct", "probabilistic concurrency testing of depth d", true,
     [](const StrategyOptions& options) { return MakePctStrategy(options.depth); }},
    {"pos", "partial order sampling: a random priority for each event to come", false,
     [](const StrategyOptions&) { return MakePosStrategy(); }},
    {"surw", "selectively uniform random walk over accesses to what CPUs share", false,
     [](const StrategyOptions&) { return MakeSurwStrategy(); }},
    {"delay", "delay bounding: d - 1 delays of CPUs that run in a circle", true,
     [](const StrategyOptions& options) { return MakeDelayStrategy(options.depth - 1); }},
    {"portfolio", "all of the above in turn, a schedule each", true,
     [](const StrategyOptions& options) { return MakePortfolioStrategy(options.depth); }},
    {"schedule", "follows the schedule of a file, then its default order, as replay does", false,
     [](const StrategyOptions& options) { return MakeScheduleStrategy(options.schedule); }},
};
constexpr size_t kSearching = 6;
constexpr size_t kOfControls = 2;

}  // namespace

const StrategyRow* StrategyRows(size_t* count) {
  *count = sizeof(kRows) / sizeof(kRows[0]);
  return kRows;
}

const StrategyRow* SearchStrategyRows(size_t* count) {
  *count = kSearching;
  return kRows;
}

const StrategyRow* ControlStrategyRows(size_t* count) {
  *count = kOfControls;
  return kRows;
}

const StrategyRow* FindStrategy(const char* name) { return FindRow(kRows, name); }

}  // namespace walkrace
