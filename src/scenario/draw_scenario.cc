#include "scenario/draw_scenario.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "base/random.h"
#include "scenario/mutate.h"

namespace walkrace {
namespace {

enum class Step : uint8_t {
  kEnd,
  kGup,
  kUse,  // write-pinned or read-pinned, as the GUP before it asked
  kUnpin,
  kTouch,  // a CPU read or write
  kRead,
  kWrite,
  kCollapse,
  kZapPages,
  kZapRegion,
  kFault,
};

constexpr int kStepsOfCpu = 3;

// What one CPU does, and how often it is drawn.
struct Recipe {
  int weight;
  Step steps[kStepsOfCpu];
};

constexpr Recipe kPinners[] = {
    {3, {Step::kGup}},
    {4, {Step::kGup, Step::kUse}},
    {2, {Step::kGup, Step::kUnpin}},
    {3, {Step::kGup, Step::kUse, Step::kUnpin}},
    {2, {Step::kGup, Step::kUse, Step::kRead}},
    {2, {Step::kTouch, Step::kGup, Step::kTouch}},
    {1, {Step::kGup, Step::kWrite, Step::kUse}},
    {1, {Step::kFault, Step::kGup, Step::kUse}},
    {1, {Step::kGup, Step::kGup, Step::kUse}},
};

constexpr Recipe kMutatorsOfPages[] = {
    {4, {Step::kCollapse}},
    {1, {Step::kCollapse, Step::kTouch}},
    {4, {Step::kCollapse, Step::kZapRegion, Step::kFault}},
    {1, {Step::kCollapse, Step::kZapRegion}},
    {2, {Step::kZapPages}},
    {3, {Step::kZapPages, Step::kFault}},
    {1, {Step::kZapRegion, Step::kFault}},
    {2, {Step::kZapPages, Step::kFault, Step::kCollapse}},
};

constexpr Recipe kMutatorsOfHuge[] = {
    {3, {Step::kZapRegion}},
    {4, {Step::kZapRegion, Step::kFault}},
    {3, {Step::kZapRegion, Step::kFault, Step::kCollapse}},
};

// A translation cached by the first step is stale in the later ones, unless it was flushed.
constexpr Recipe kTouchers[] = {
    {3, {Step::kRead, Step::kWrite, Step::kRead}},
    {3, {Step::kWrite, Step::kWrite, Step::kRead}},
    {2, {Step::kWrite, Step::kRead}},
    {1, {Step::kFault, Step::kWrite, Step::kRead}},
};

template <size_t kSize>
const Recipe& DrawRecipe(const Recipe (&recipes)[kSize], Random& random) {
  int total = 0;
  for (const Recipe& recipe : recipes) total += recipe.weight;
  int ticket = random.Below(total);
  const Recipe* recipe = recipes;
  while (ticket >= recipe->weight) ticket -= (recipe++)->weight;
  return *recipe;
}

// The mapped pages [first, end) of one region. All operations meet on the page `focus`.
struct Area {
  int first;
  int end;
  int focus;
  bool writable;  // the focus
};

Area DrawLayout(Random& random, Layout& layout) {
  constexpr int kPagesOfArea = 4;
  std::fill_n(layout.pages, kPagesMax, PageState::kNone);
  layout.levels = random.OneIn(16) ? 5 : 4;
  const int region = random.OneIn(5) ? 1 + random.Below(kRegionsMax - 1) : 0;
  const int base = region * kPagesPerRegion;
  const bool huge = random.OneIn(7);
  const PageState state = random.OneIn(7) ? PageState::kReadOnly : PageState::kWritable;

  Area area;
  const int count = 1 + random.Below(kPagesOfArea);
  area.first = base + (random.OneIn(3) ? random.Below(kPagesPerRegion - count + 1) : 0);
  area.end = area.first + count;
  area.focus = area.first + random.Below(count);
  area.writable = state == PageState::kWritable;
  layout.huge[region] = huge;
  if (huge) {
    std::fill_n(&layout.pages[base], kPagesPerRegion, state);
    return area;
  }
  for (int page = area.first; page < area.end; ++page) {
    layout.pages[page] = random.OneIn(8) ? PageState::kReadOnly : state;
    if (page != area.focus && random.OneIn(8)) layout.pages[page] = PageState::kNone;
  }
  area.writable = layout.pages[area.focus] == PageState::kWritable;
  return area;
}

class CpuDrawer {
 public:
  CpuDrawer(Random& random, const Area& area) : random_(random), area_(area) {}

  void Draw(const Recipe& recipe, OperationList& list) {
    for (const Step step : recipe.steps) {
      if (step == Step::kEnd) break;
      Operation operation = Make(step);
      Normalize(operation);
      WR_CHECK(list.push_back(operation));
    }
  }

 private:
  Operation Make(Step step) {
    switch (step) {
      case Step::kGup:
        return Gup();
      case Step::kUse:
        return {gup_writes_ ? OperationKind::kWritePinned : OperationKind::kReadPinned};
      case Step::kUnpin:
        return {OperationKind::kUnpin};
      case Step::kTouch:
        return At(random_.OneIn(2) ? OperationKind::kRead : OperationKind::kWrite);
      case Step::kRead:
        return At(OperationKind::kRead);
      case Step::kWrite:
        return At(OperationKind::kWrite);
      case Step::kCollapse:
        return At(OperationKind::kCollapse);
      case Step::kZapPages:
        return Around(OperationKind::kZap);
      case Step::kZapRegion:
        return {OperationKind::kZap,
                static_cast<uint8_t>(area_.focus - area_.focus % kPagesPerRegion), kPagesPerRegion};
      case Step::kFault:
        return At(OperationKind::kFault);
      case Step::kEnd:
        break;
    }
    WR_CHECK(!"a step without an operation");
    return {};
  }

  Operation At(OperationKind kind) const { return {kind, static_cast<uint8_t>(area_.focus)}; }

  // A range of the area that contains the focus.
  Operation Around(OperationKind kind) {
    const int first = area_.first + random_.Below(area_.focus - area_.first + 1);
    const int last = area_.focus + random_.Below(area_.end - area_.focus);
    return {kind, static_cast<uint8_t>(first), static_cast<uint8_t>(last - first + 1)};
  }

  Operation Gup() {
    Operation operation = Around(OperationKind::kGup);
    gup_writes_ = area_.writable ? !random_.OneIn(3) : random_.OneIn(4);
    if (gup_writes_) operation.flags |= kGupWrite;
    if (!random_.OneIn(3)) operation.flags |= kGupPin;
    return operation;
  }

  Random& random_;
  const Area area_;
  bool gup_writes_ = false;
};

}  // namespace

void DrawCollapseScenario(uint64_t seed, Scenario& scenario) {
  Random random(seed);
  scenario = {};
  const Area area = DrawLayout(random, scenario.layout);
  const bool huge = scenario.layout.huge[area.focus / kPagesPerRegion];
  const auto draw_mutator = [&]() -> const Recipe& {
    return huge ? DrawRecipe(kMutatorsOfHuge, random) : DrawRecipe(kMutatorsOfPages, random);
  };

  const Recipe* recipes[kCpusMax] = {&DrawRecipe(kPinners, random), &draw_mutator()};
  scenario.cpu_count = 2;
  if (random.Below(5) < 2) {
    const Recipe* const third[] = {&DrawRecipe(kTouchers, random), &DrawRecipe(kTouchers, random),
                                   &DrawRecipe(kPinners, random), &draw_mutator()};
    recipes[scenario.cpu_count++] = third[random.Below(std::size(third))];
  }
  for (int cpu = scenario.cpu_count - 1; cpu > 0; --cpu) {
    std::swap(recipes[cpu], recipes[random.Below(cpu + 1)]);
  }
  for (int cpu = 0; cpu < scenario.cpu_count; ++cpu) {
    CpuDrawer(random, area).Draw(*recipes[cpu], scenario.cpus[cpu]);
  }
}

void DrawScenario(Mix mix, uint64_t seed, Scenario& scenario) {
  if (mix == Mix::kAll) {
    DrawMixedScenario(seed, scenario);
  } else {
    DrawCollapseScenario(seed, scenario);
  }
}

}  // namespace walkrace
