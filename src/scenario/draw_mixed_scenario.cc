// Scenarios of every operation there is. Nothing here names one: what is added to operations.def is
// drawn from then on.
#include <algorithm>

#include "base/check.h"
#include "base/random.h"
#include "scenario/draw_scenario.h"
#include "scenario/operation_table.h"

namespace walkrace {
namespace {

constexpr int kCpuOperationsMax = 3;

class MixedDrawer {
 public:
  MixedDrawer(uint64_t seed, Scenario& scenario) : random_(seed), scenario_(scenario) {}

  void Draw() {
    scenario_ = {};
    DrawLayout();
    scenario_.cpu_count = 2 + (random_.OneIn(2) ? 1 : 0) + (random_.OneIn(8) ? 1 : 0);
    const bool two_mms = random_.OneIn(3);
    for (int cpu = 1; cpu < scenario_.cpu_count && two_mms; ++cpu) {
      scenario_.mm_of_cpu[cpu] = random_.OneIn(2) ? 1 : 0;
    }
    for (int cpu = 0; cpu < scenario_.cpu_count; ++cpu) DrawCpu(cpu);
    // Two that meet, on different CPUs.
    const int walker = random_.Below(scenario_.cpu_count);
    PutSomewhere(walker, Draw(OperationRows()[random_.Below(2)]));  // pin or get
    const int mutator = (walker + 1 + random_.Below(scenario_.cpu_count - 1)) % scenario_.cpu_count;
    PutSomewhere(mutator, DrawMutator());
    Normalize(scenario_);
  }

 private:
  void DrawLayout() {
    Layout& layout = scenario_.layout;
    std::fill_n(layout.pages, kPagesMax, PageState::kNone);
    layout.levels = random_.OneIn(16) ? 5 : random_.OneIn(8) ? 3 : 4;
    region_ = random_.OneIn(4) ? 1 : 0;
    const int regions = random_.OneIn(4) ? kRegionsMax : 1;
    for (int i = 0; i < regions; ++i) DrawRegion((region_ + i) % kRegionsMax);
    Normalize(scenario_);
  }

  void DrawRegion(int region) {
    Layout& layout = scenario_.layout;
    const int first = region * kPagesPerRegion;
    const PageState state = random_.OneIn(6) ? PageState::kReadOnly : PageState::kWritable;
    if (random_.OneIn(2)) {
      layout.backing[region] =
          static_cast<Backing>(random_.Below(static_cast<uint32_t>(Backing::kCount)));
    }
    layout.huge[region] = random_.OneIn(5);
    const int count = 1 + random_.Below(3);
    focus_ = first + random_.Below(kPagesPerRegion - count + 1);
    for (int page = focus_; page < focus_ + count; ++page) layout.pages[page] = state;
    if (layout.huge[region] || layout.backing[region] == Backing::kCompound ||
        IsForTheLastRegion(layout.backing[region])) {
      std::fill_n(&layout.pages[first], kPagesPerRegion, state);
    }
  }

  void DrawCpu(int cpu) {
    const int count = random_.Below(kCpuOperationsMax);
    for (int i = 0; i < count; ++i) {
      const auto rows = OperationRows();
      WR_CHECK(scenario_.cpus[cpu].push_back(Draw(rows[random_.Below(rows.size())])));
    }
  }

  Operation DrawMutator() {
    constexpr int kFirst = static_cast<int>(OperationKind::kWrite) + 1;
    constexpr int kCount = static_cast<int>(OperationKind::kCount) - kFirst;
    Operation operation{static_cast<OperationKind>(kFirst + random_.Below(kCount))};
    return Draw(RowOf(operation));
  }

  // On the focus, or on what lies around it; now and then on the other region.
  Operation Draw(const OperationRow& row) {
    const int before = random_.Below(3);
    const int page = std::max(focus_ - before, 0);
    Operation operation{row.kind, static_cast<uint8_t>(page),
                        static_cast<uint8_t>(before + 1 + random_.Below(2)), row.flags};
    if (row.operand == Operand::kPage) operation.page = static_cast<uint8_t>(focus_);
    if (random_.OneIn(3) && row.operand == Operand::kPages) {
      operation.page = static_cast<uint8_t>(focus_ - focus_ % kPagesPerRegion);
      operation.count = kPagesPerRegion;
    }
    if (random_.OneIn(10)) operation.page = (operation.page + kPagesPerRegion) % kPagesMax;
    operation.flags |= random_.OneIn(2) ? kGupWrite : 0;
    operation.flags |= random_.OneIn(4) ? kGupLongterm : 0;
    Normalize(operation);
    return operation;
  }

  void PutSomewhere(int cpu, const Operation& operation) {
    OperationList& list = scenario_.cpus[cpu];
    WR_CHECK(list.insert(random_.Below(list.size() + 1), operation));
  }

  Random random_;
  Scenario& scenario_;
  int region_ = 0;
  int focus_ = 0;
};

}  // namespace

void DrawMixedScenario(uint64_t seed, Scenario& scenario) { MixedDrawer(seed, scenario).Draw(); }

}  // namespace walkrace
