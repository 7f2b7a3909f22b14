// The walkers beside GUP: what each reads and how often, whether interrupts are off, and where it
// gives up. The tables that stand for no table: kernel/pgtable.h.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "paths/paths_test_bed.h"

namespace walkrace {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Walk = void (*)(mm_struct* mm, unsigned long start, unsigned long end, unsigned flags);

class OtherWalkers : public ::testing::TestWithParam<Walk> {
 protected:
  static RecordedRun WalkTo(int page) {
    return RunOnMachine([&] { GetParam()(MachineMm(), AddressOfPage(page), 0, 0); });
  }
};
INSTANTIATE_TEST_SUITE_P(All, OtherWalkers, ::testing::Values(find_linux_pte_walk, kvm_host_walk),
                         [](const auto& info) {
                           return info.param == kvm_host_walk ? "Kvm" : "FindLinuxPte";
                         });

// The entries below the pud that were read, in order.
std::vector<std::string> LowEntries(const RecordedRun& run) {
  std::vector<std::string> names;
  for (const Event& event : run.events) {
    if (event.kind != EventKind::kLoad) continue;
    const ObjectKind kind = ObjectAt(event.location).kind;
    if (kind == ObjectKind::kPmd || kind == ObjectKind::kPte || kind == ObjectKind::kWild) {
      names.push_back(NameOf(event.location));
    }
  }
  return names;
}

void ExpectInterruptsOffAtEntries(const RecordedRun& run) {
  bool off = false;
  for (const Event& event : run.events) {
    if (event.kind == EventKind::kIrqOff) off = true;
    if (event.kind == EventKind::kIrqOn) off = false;
    if (event.kind == EventKind::kLoad) EXPECT_TRUE(off) << NameOf(event.location);
  }
  EXPECT_FALSE(off);
}

TEST_P(OtherWalkers, ReadEachEntryOnceWithInterruptsOff) {
  for (const int levels : {4, 5}) {
    Layout layout = LayoutOf("w-------");
    layout.levels = levels;
    SetUpPaths(layout);
    const RecordedRun run = WalkTo(0);
    EXPECT_THAT(LowEntries(run), ElementsAre("pmd[0]", "T0.pte[0]"));
    ExpectInterruptsOffAtEntries(run);
  }
}

TEST_P(OtherWalkers, ReadAPteThatIsNone) {
  SetUpPaths(LayoutOf("w-------"));
  EXPECT_THAT(LowEntries(WalkTo(3)), ElementsAre("pmd[0]", "T0.pte[3]"));
}

TEST_P(OtherWalkers, StopAtAPmdThatIsNone) {
  SetUpPaths(LayoutOf("w-------"));
  EXPECT_THAT(LowEntries(WalkTo(9)), ElementsAre("pmd[1]"));
}

TEST_P(OtherWalkers, TakeNoReference) {
  SetUpPaths(LayoutOf("w-------", "W"));
  (void)WalkTo(0);
  (void)WalkTo(9);
  EXPECT_EQ(RefcountOf(1), 1);
  EXPECT_EQ(RefcountOf(kFirstHugeFrame), 1);
}

TEST_P(OtherWalkers, DoNotWalkAMissingUpperLevel) {
  SetUpPaths(LayoutOf("w-------"));
  for (unsigned long& entry : arena.tables[kPudTable].entry) entry = 0;
  EXPECT_THAT(LowEntries(WalkTo(0)), IsEmpty());
}

TEST(FindLinuxPte, GivesAHugeLeafToItsCallerWhoReadsItAgain) {
  SetUpPaths(LayoutOf("W"));
  const RecordedRun run =
      RunOnMachine([] { find_linux_pte_walk(MachineMm(), AddressOfPage(2), 0, 0); });
  EXPECT_THAT(LowEntries(run), ElementsAre("pmd[0]", "pmd[0]"));
  ExpectInterruptsOffAtEntries(run);
}

TEST(KvmHostWalk, StopsAtAHugeLeaf) {
  SetUpPaths(LayoutOf("W"));
  const RecordedRun run = RunOnMachine([] { kvm_host_walk(MachineMm(), AddressOfPage(2), 0, 0); });
  EXPECT_THAT(LowEntries(run), ElementsAre("pmd[0]"));
}

// --- ORDER(H test-and-use-one-load) --------------------------------------------------------------

// Collapse has cleared the pmd between the two loads: what the second one says is followed.
TEST_P(OtherWalkers, FollowNoTableWhereThePmdIsLoadedAgain) {
  for (const bool cut : {false, true}) {
    SetUpPaths(LayoutOf("w-------"));
    if (cut) SetCuts({"find-linux-pte-once", "kvm-read-once"});
    const char* const function =
        GetParam() == kvm_host_walk ? "walk_host_tables" : "find_linux_pte";
    HandOvers schedule({{0, function, EventKind::kLoad, "pmd[0]", 1, cut ? 2 : 1},
                        {1, "pmdp_collapse_flush", EventKind::kTlb, nullptr, 0}});
    const RecordedRun run = RunOnMachine(schedule, 2, [&](CpuId cpu) {
      if (cpu == 0) {
        GetParam()(MachineMm(), AddressOfPage(0), 0, 0);
      } else {
        collapse_region(MachineMm(), AddressOfPage(0), 0, 0);
      }
    });
    EXPECT_TRUE(schedule.done());
    bool wild = false;
    for (const Event& event : run.events) {
      wild |= ObjectAt(event.location).kind == ObjectKind::kWild;
    }
    EXPECT_EQ(wild, cut);
    SetCuts({});
  }
}

}  // namespace
}  // namespace walkrace
