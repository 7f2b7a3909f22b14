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

struct Walker {
  Walk walk;
  const char* name;
  const char* function;  // that loads the pmd
};
std::ostream& operator<<(std::ostream& out, const Walker& walker) { return out << walker.name; }

class OtherWalkers : public ::testing::TestWithParam<Walker> {
 protected:
  static RecordedRun WalkTo(int page) {
    return RunOnMachine([&] { GetParam().walk(MachineMm(), AddressOfPage(page), 0, 0); });
  }
};
INSTANTIATE_TEST_SUITE_P(
    All, OtherWalkers,
    ::testing::Values(Walker{find_linux_pte_walk, "FindLinuxPte", "find_linux_pte"},
                      Walker{kvm_host_walk, "Kvm", "walk_host_tables"},
                      Walker{perf_sample_page_size, "Perf", "perf_get_pgtable_size"}),
    [](const auto& info) { return info.param.name; });

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

// By CPU 0.
Event LastLoadOfEntry(const RecordedRun& run) {
  Event last;
  for (const Event& event : run.events) {
    if (event.cpu != 0 || event.kind != EventKind::kLoad) continue;
    const ObjectKind kind = ObjectAt(event.location).kind;
    if (IsEntry(kind) || kind == ObjectKind::kWild) last = event;
  }
  return last;
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

TEST(PerfPageSize, IsOfWhatMapsTheAddress) {
  SetUpPaths(LayoutOf("w-------", "W"));
  RunOnMachine([] {
    EXPECT_EQ(perf_get_page_size(MachineMm(), AddressOfPage(0)), PAGE_SIZE);
    EXPECT_EQ(perf_get_page_size(MachineMm(), AddressOfPage(1)), 0u);
    EXPECT_EQ(perf_get_page_size(MachineMm(), AddressOfPage(9)), PMD_SIZE);
  });
}

// Migration entries, and entries of PROT_NONE hints.
TEST(PerfPageSize, CountsWhatTheHardwareCannotUseIfTheKernelCallsItPresent) {
  SetUpPaths(LayoutOf("ww------"));
  unsigned long* entries = arena.tables[kFirstPteTable].entry;
  entries[0] = pte_val(pte_mkprotnone(pfn_pte(1)));
  entries[1] = pte_val(make_migration_pte(2, true, true));
  RunOnMachine([] {
    EXPECT_EQ(perf_get_page_size(MachineMm(), AddressOfPage(0)), PAGE_SIZE);
    EXPECT_EQ(perf_get_page_size(MachineMm(), AddressOfPage(1)), 0u);
  });
}

// --- ORDER(H test-and-use-one-load) --------------------------------------------------------------

// Collapse has cleared the pmd between the two loads: what the second one says is followed.
TEST_P(OtherWalkers, FollowNoTableWhereThePmdIsLoadedAgain) {
  for (const bool cut : {false, true}) {
    SetUpPaths(LayoutOf("w-------"));
    if (cut) SetCuts({"find-linux-pte-once", "kvm-read-once", "perf-read-once"});
    HandOvers schedule({{0, GetParam().function, EventKind::kLoad, "pmd[0]", 1, cut ? 2 : 1},
                        {1, "pmdp_collapse_flush", EventKind::kTlb, nullptr, 0}});
    const RecordedRun run = RunOnMachine(schedule, 2, [&](CpuId cpu) {
      if (cpu == 0) {
        GetParam().walk(MachineMm(), AddressOfPage(0), 0, 0);
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

// Between the leaf's test and the way down the collapse has ended: data is read as a table. The
// collapse of 5.11, which has no table sync: today's waits for the walk to end.
TEST(PerfPageSize, WithTheEntryReadAnewWalksIntoAHugePage) {
  for (const bool cut : {false, true}) {
    SetUpPaths(LayoutOf("w-------"));
    SetCuts({"table-sync"});
    if (cut) SetCuts({"table-sync", "perf-read-once"});
    HandOvers schedule({{0, "perf_get_pgtable_size", EventKind::kLoad, "pmd[0]", 1, cut ? 3 : 1}});
    uint64_t size = 0;
    const RecordedRun run = RunOnMachine(schedule, 2, [&](CpuId cpu) {
      if (cpu == 0) {
        size = perf_get_page_size(MachineMm(), AddressOfPage(0));
      } else {
        collapse_region(MachineMm(), AddressOfPage(0), 0, 0);
      }
    });
    EXPECT_TRUE(schedule.done());
    EXPECT_TRUE(Translate(0).huge);
    EXPECT_EQ(size, cut ? 0 : PMD_SIZE);
    const Event last = LastLoadOfEntry(run);
    EXPECT_EQ(ObjectAt(last.location).kind, cut ? ObjectKind::kWild : ObjectKind::kPmd);
    SetCuts({});
  }
}

}  // namespace
}  // namespace walkrace
