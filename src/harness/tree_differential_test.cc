// walkrace's own GUP-fast and collapse, and a kernel tree's, behave alike: the same random
// scenarios, with the other operations at the same places of the code under comparison, compared by
// what is returned and by what is left. Places are counted by accesses that both make in the same
// order; so the number of other accesses in between does not matter. What differs for a reason has
// a row in src/paths/FIDELITY.md and one in kExplained.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/random.h"
#include "harness/harness_test_bed.h"
#include "harness/tree_test_bed.h"
#include "kernel/notes.h"
#include "paths/releases.h"
#include "paths/tree_paths.h"
#include "scenario/mutate.h"

namespace walkrace {
namespace {

constexpr uint64_t kScenarios = 100'000;
constexpr int kPlacesMax = 24;

// Runs CPU 0, whose one operation is compared; at some of its places the next operations of CPU 1,
// whole, as far as it can run.
class AtPlaces : public Strategy {
 public:
  using IsPlace = bool (*)(const PendingEvent& pending);

  // `lockless`: there are none once interrupts were on again.
  AtPlaces(IsPlace is_place, bool lockless) : is_place_(is_place), lockless_(lockless) {}

  void Begin(int /*cpu_count*/, uint64_t seed) override {
    random_ = Random(seed);
    to_go_ = static_cast<int>(random_.Below(kPlacesMax));
    quota_ = 0;
    ended_ = 0;
    seen_ = 0;
    interrupts_on_ = false;
    counted_ = 0;
    last_ = kNoLocation;
  }

  CpuId Pick(const Choice& choice) override {
    Look();
    const bool one = (choice.runnable >> 1 & 1) != 0;
    const bool zero = (choice.runnable & 1) != 0;
    if (choice.current == 0 && zero && choice.number != counted_ && IsAtPlace(choice)) {
      counted_ = choice.number;
      last_ = choice.pending[0].location;
      if (to_go_-- == 0) {
        quota_ = ended_ + 1 + static_cast<int>(random_.Below(2));
        to_go_ = static_cast<int>(random_.Below(kPlacesMax));
      }
    }
    if (ended_ < quota_ && one) return 1;
    if (zero) return 0;
    return one ? 1 : DefaultPick(choice);
  }

 private:
  // What has happened since: operations of CPU 1 that ended, and the end of the lockless part.
  void Look() {
    const Engine& engine = Runner::Get().engine();
    if (engine.event_count() < seen_) seen_ = 0;
    for (; seen_ < engine.event_count(); ++seen_) {
      const Event& event = engine.events()[seen_];
      if (event.cpu == 1 && event.kind == EventKind::kNote && event.detail == WR_NOTE_OP_END) {
        ++ended_;
      }
      if (event.cpu == 0 && event.kind == EventKind::kIrqOn) interrupts_on_ = true;
    }
  }

  // Halves of an entry are one place.
  bool IsAtPlace(const Choice& choice) const {
    const PendingEvent& pending = choice.pending[0];
    if (pending.kind == EventKind::kLoad && pending.location == last_) return false;
    return !(lockless_ && interrupts_on_) && choice.pending[0].site != nullptr &&
           is_place_(choice.pending[0]);
  }

  IsPlace is_place_;
  bool lockless_;
  Random random_{0};
  int to_go_ = 0;
  int quota_ = 0;  // of operations of CPU 1 that are to have ended
  int ended_ = 0;
  size_t seen_ = 0;
  bool interrupts_on_ = false;
  uint16_t counted_ = 0;
  LocationId last_ = kNoLocation;
};

ObjectKind KindOf(const PendingEvent& pending) {
  return pending.location == kNoLocation ? ObjectKind::kOther : ObjectAt(pending.location).kind;
}

// Of GUP: pmds and ptes, and what it does to counts. A folded level is read again by one of the
// two.
bool IsPlaceOfGup(const PendingEvent& pending) {
  const ObjectKind kind = KindOf(pending);
  return kind == ObjectKind::kPmd || kind == ObjectKind::kPte ||
         (pending.kind == EventKind::kRmw &&
          (kind == ObjectKind::kRefcount || kind == ObjectKind::kPincount));
}

// Of collapse: what it does to the pmd, and to counts. Entries that are none it may pass by.
bool IsPlaceOfCollapse(const PendingEvent& pending) {
  const ObjectKind kind = KindOf(pending);
  if (pending.kind == EventKind::kRmw) {
    return kind == ObjectKind::kPmd || kind == ObjectKind::kRefcount;
  }
  return pending.kind == EventKind::kStore && kind == ObjectKind::kPmd;
}

// What a run returned and left, in words that say nothing of which free frame was taken when:
// frames have names by the first page that maps them, then by when they were returned.
struct Left {
  std::string verdict;
  std::vector<std::string> returned;  // "page 3: frame 2"
  std::vector<std::string> pages;     // "page 3: frame 2 rw, counts"
  std::vector<std::string> counts;    // of all frames that are not free, sorted
};

std::string CountsText(uint16_t pfn) {
  const FolioCounts counts = CountsOf(pfn);
  return absl::StrCat(counts.pages, " pages, ", counts.refcount, " references, ", counts.pincount,
                      " pins, ", MapcountOf(pfn), " mappings");
}

Left LeftBy(const Report& report) {
  Left left;
  left.verdict = report.clean() ? "" : report.violation.oracle;
  std::map<uint64_t, int> names;
  const auto name_of = [&names](uint64_t pfn) {
    return names.emplace(pfn, static_cast<int>(names.size()) + 1).first->second;
  };
  for (int page = 0; page < AreaPagesInUse(); ++page) {
    const Translation mapped = Translate(page);
    if (mapped.pfn == 0) continue;
    left.pages.push_back(absl::StrCat("page ", page, ": frame ", name_of(mapped.pfn),
                                      mapped.writable ? " rw" : " ro",
                                      mapped.huge ? " huge, " : ", ", CountsText(mapped.pfn)));
  }
  const Engine& engine = Runner::Get().engine();
  for (size_t i = 0; i < engine.event_count(); ++i) {
    const Event& event = engine.events()[i];
    if (event.cpu == 0 && event.kind == EventKind::kNote && event.detail == WR_NOTE_PAGE_RETURNED) {
      left.returned.push_back(absl::StrCat("page ", AreaPage(event.before), ": frame ",
                                           name_of(event.after & UINT32_MAX)));
    }
  }
  for (uint16_t pfn = 1; pfn < kFramesMax; ++pfn) {
    if (!FrameIsFree(pfn)) left.counts.push_back(CountsText(pfn));
  }
  std::sort(left.counts.begin(), left.counts.end());
  return left;
}

std::string Difference(const Left& own, const Left& tree) {
  std::string text;
  if (own.verdict != tree.verdict) {
    absl::StrAppend(&text, "verdict ", own.verdict, " / ", tree.verdict, "\n");
  }
  const auto compare = [&text](const char* what, const std::vector<std::string>& a,
                               const std::vector<std::string>& b) {
    if (a == b) return;
    absl::StrAppend(&text, what, ":\n  ", absl::StrJoin(a, "\n  "), "\nand of the tree:\n  ",
                    absl::StrJoin(b, "\n  "), "\n");
  };
  compare("returned", own.returned, tree.returned);
  compare("pages", own.pages, tree.pages);
  compare("counts", own.counts, tree.counts);
  return text;
}

// One operation on CPU 0; on CPU 1 what a drawn scenario has beside GUP and this operation.
Scenario ScenarioOf(const Operation& compared, uint64_t seed) {
  Scenario drawn;
  DrawScenario(Mix::kAll, seed, drawn);
  Scenario scenario;
  scenario.layout = LayoutForTree(drawn.layout);
  scenario.mm_of_cpu[1] = drawn.mm_of_cpu[1];
  EXPECT_TRUE(scenario.cpus[0].push_back(compared));
  for (const OperationList& operations : drawn.cpus) {
    for (const Operation& operation : operations) {
      if (operation.kind == OperationKind::kGup || operation.kind == compared.kind) continue;
      (void)scenario.cpus[1].push_back(operation);
    }
  }
  return scenario;
}

// What differs for a reason that src/paths/FIDELITY.md gives.
struct Explained {
  const char* why;
  bool (*is_it)(const Scenario& scenario, const wr_tree& tree);
};

bool Backs(const Scenario& scenario, Backing backing) {
  return std::find(std::begin(scenario.layout.backing), std::end(scenario.layout.backing),
                   backing) != std::end(scenario.layout.backing);
}

constexpr Explained kExplained[] = {
    {"secretmem is tested before the re-reads, as before 6.10; since then behind them",
     [](const Scenario& scenario, const wr_tree& tree) {
       return Backs(scenario, Backing::kSecretmem) && !IsReleaseBefore(tree.release, "6.10");
     }},
};

bool IsExplained(const Scenario& scenario, const wr_tree& tree) {
  return std::any_of(std::begin(kExplained), std::end(kExplained),
                     [&](const Explained& row) { return row.is_it(scenario, tree); });
}

Operation DrawGup(Random& random) {
  Operation gup;
  gup.page = static_cast<uint8_t>(random.Below(kPagesMax));
  gup.count = static_cast<uint8_t>(1 + random.Below(std::min(4, kPagesMax - gup.page)));
  gup.flags = static_cast<uint8_t>(random.Below(2) != 0 ? kGupPin : 0) |
              static_cast<uint8_t>(random.Below(2) != 0 ? kGupWrite : 0);
  return gup;
}

Operation DrawCollapse(Random& random) {
  Operation collapse;
  collapse.kind = OperationKind::kCollapse;
  collapse.page = static_cast<uint8_t>(random.Below(kRegionsMax) * kPagesPerRegion);
  return collapse;
}

class TreeDifferential : public ::testing::TestWithParam<const wr_tree*> {
 protected:
  void Compare(unsigned part, Operation (*draw)(Random&), AtPlaces::IsPlace is_place) {
    const BackendScope fibers(Fibers());
    AtPlaces strategy(is_place, part == kTreeGup);
    size_t profile_count;
    const Profile* profiles = Profiles(&profile_count);
    uint64_t different = 0;
    uint64_t explained = 0;
    uint64_t returned = 0;
    for (uint64_t i = 0; i < kScenarios; ++i) {
      Random random(SplitSeed(20221129, i));
      const Scenario scenario = ScenarioOf(draw(random), random.Next());
      const Profile* profile = profiles + random.Below(profile_count);
      const RunContext own = {profile, {}, nullptr};
      const RunContext tree = {profile, {}, GetParam(), part};
      const Left own_left = LeftBy(Runner::Get().Run(scenario, own, strategy, i));
      const Left tree_left = LeftBy(Runner::Get().Run(scenario, tree, strategy, i));
      returned += own_left.returned.size();
      const std::string difference = Difference(own_left, tree_left);
      if (difference.empty()) continue;
      if (IsExplained(scenario, *GetParam())) {
        ++explained;
        continue;
      }
      if (++different > 12) continue;
      WalkFile file;
      file.input.scenario = scenario;
      ADD_FAILURE() << "scenario " << i << " on " << profile->name << ": " << difference << "\n"
                    << PrintText(file);
    }
    EXPECT_EQ(different, 0u) << "of " << kScenarios;
    RecordProperty("explained", static_cast<int>(explained));
    EXPECT_LT(explained, kScenarios / 100);
    if (part == kTreeGup) EXPECT_GT(returned, kScenarios / 4) << "so many pages were returned";
  }
};

INSTANTIATE_TEST_SUITE_P(Trees, TreeDifferential, ::testing::ValuesIn(AllKernelTrees()),
                         TreeTestName);

TEST_P(TreeDifferential, GupReturnsAndLeavesTheSame) { Compare(kTreeGup, DrawGup, IsPlaceOfGup); }

TEST_P(TreeDifferential, CollapseLeavesTheSame) {
  Compare(kTreeCollapse, DrawCollapse, IsPlaceOfCollapse);
}

}  // namespace
}  // namespace walkrace
