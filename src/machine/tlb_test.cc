// Flushes by profile: who is interrupted, who waits for whom, and which translations go.
#include "kernel/tlb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kernel/user_access.h"
#include "machine/machine_test_bed.h"
#include "machine/tlb_state.h"

namespace walkrace {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr CpuMask kOthers = 0b110;  // seen from CPU 0, of three
constexpr uint8_t kOwnEntries = 0, kEverybodys = 1, kFill = 2, kFault = 3;

pmd_t* Pmdp(int region) { return reinterpret_cast<pmd_t*>(&arena.tables[kPmdTable].entry[region]); }
pte_t* Ptep(int index) {
  return reinterpret_cast<pte_t*>(&arena.tables[kFirstPteTable].entry[index]);
}

class Tlb : public ::testing::TestWithParam<const char*> {
 protected:
  // Every CPU's TLB holds every page.
  void SetUp() override {
    SetUpMachine(Layout(), Profile());
    for (CpuId cpu = 0; cpu < kCpusMax; ++cpu) {
      for (int page = 0; page < kAreaPages; ++page) {
        FillTlb(cpu, page, {static_cast<uint16_t>(page + 1), true, false});
      }
    }
  }

  static const walkrace::Profile& Profile() { return *FindProfile(GetParam()); }
  static bool ByHandler(FlushIpi how) {
    return how == FlushIpi::kAllCpus || how == FlushIpi::kMmCpumask;
  }
  static bool FreesTablesByRcu() { return Profile().table_free != TableFree::kAtOnce; }
  static bool RangeFlushInterrupts() { return WaitsForWalkers(Profile().other_flush); }
  static bool CollapseInterrupts() { return WaitsForWalkers(Profile().collapse_flush); }
  static bool ClearsByExchange() {
    return Profile().clear == Clear::kXchg || Profile().clear == Clear::kRelaxedXchg;
  }

  // The pages of which a CPU has no translation, as digits of base 16: "234" is pages 2 to 4.
  static std::string Flushed(CpuId cpu) {
    std::string pages;
    for (int page = 0; page < kAreaPages; ++page) {
      if (TlbEntry(cpu, page) == nullptr) pages += "0123456789abcdef"[page];
    }
    return pages;
  }
};

std::vector<const char*> ProfileNames() {
  size_t count;
  const Profile* rows = Profiles(&count);
  std::vector<const char*> names;
  for (size_t i = 0; i < count; ++i) names.push_back(rows[i].name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Profiles, Tlb, ::testing::ValuesIn(ProfileNames()), [](const auto& info) {
  std::string name = info.param;
  for (char& c : name) {
    if (c == '-') c = '_';
  }
  return name;
});

template <typename Of>
auto Map(const RecordedRun& run, EventKind kind, const Of& of) {
  std::vector<decltype(of(run.events[0]))> mapped;
  for (const Event& event : run.events) {
    if (event.kind == kind) mapped.push_back(of(event));
  }
  return mapped;
}

std::vector<uint64_t> MasksInterrupted(const RecordedRun& run) {
  return Map(run, EventKind::kIpiSend, [](const Event& event) { return event.before; });
}
std::vector<int> CpusThatHandled(const RecordedRun& run) {
  return Map(run, EventKind::kIpiHandle, [](const Event& event) { return int{event.cpu}; });
}
std::vector<int> TlbDetails(const RecordedRun& run) {
  return Map(run, EventKind::kTlb, [](const Event& event) { return int{event.detail}; });
}

size_t IndexOf(const RecordedRun& run, EventKind kind, CpuId cpu) {
  for (size_t i = 0; i < run.events.size(); ++i) {
    if (run.events[i].kind == kind && run.events[i].cpu == cpu) return i;
  }
  ADD_FAILURE() << "no event of kind " << static_cast<int>(kind) << " on CPU " << cpu << "\n"
                << Describe(run);
  return 0;
}

// --- Collapse ----------------------------------------------------------------------------------

// CPU 0 flushes; 1 and 2 have nothing to do.
RecordedRun CollapseFlush(bool invalidate, int cpu_count = 3) {
  FollowSchedule in_order({});
  return RunOnMachine(in_order, cpu_count, [invalidate](CpuId cpu) {
    if (cpu != 0) return;
    (void)wr_pmdp_collapse_flush(MachineVma(), AddressOfPage(1), Pmdp(0), invalidate);
  });
}

TEST_P(Tlb, CollapseFlushTakesTheRegionFromEveryCpu) {
  const RecordedRun run = CollapseFlush(true);
  for (CpuId cpu = 0; cpu < 3; ++cpu) EXPECT_EQ(Flushed(cpu), "01234567") << "CPU " << cpu;
  EXPECT_EQ(Flushed(3), "") << "takes no part in the run";
  EXPECT_EQ(pmd_val(*Pmdp(0)), 0u);
  EXPECT_THAT(TlbDetails(run),
              ElementsAre(ByHandler(Profile().collapse_flush) ? kOwnEntries : kEverybodys));
}

TEST_P(Tlb, CollapseFlushInterruptsWhomTheProfileSays) {
  const RecordedRun run = CollapseFlush(true);
  if (CollapseInterrupts()) {
    EXPECT_THAT(MasksInterrupted(run), ElementsAre(kOthers));
    EXPECT_THAT(CpusThatHandled(run), ElementsAre(1, 2));
  } else {
    EXPECT_THAT(MasksInterrupted(run), IsEmpty());
    EXPECT_THAT(CpusThatHandled(run), IsEmpty());
  }
}

// s390 alone clears in two steps; by the generic code it would be a load and a store.
TEST_P(Tlb, CollapseFlushClearsInTwoStepsUnlessThatIsLeftOut) {
  const auto clear = [] {
    const RecordedRun run = RunOnMachine(
        [] { (void)wr_pmdp_collapse_flush(MachineVma(), AddressOfPage(0), Pmdp(0), true); });
    EXPECT_EQ(pmd_val(*Pmdp(0)), 0u);
    return run.events[0].kind;
  };
  wr_tlb_leave_out(WR_TLB_TWO_STEP_CLEAR);
  const EventKind generic = clear();
  wr_tlb_leave_out(0);
  EXPECT_EQ(generic, ClearsByExchange() ? EventKind::kRmw : EventKind::kLoad);
}

TEST_P(Tlb, CollapseFlushClearsThePmdFirstAndReturnsIt) {
  const uint64_t before = pmd_val(*Pmdp(0));
  pmd_t returned = __pmd(0);
  const RecordedRun run = RunOnMachine(
      [&] { returned = wr_pmdp_collapse_flush(MachineVma(), AddressOfPage(0), Pmdp(0), true); });
  EXPECT_NE(before, 0u);
  EXPECT_EQ(pmd_val(returned), before);
  const Event& first = run.events[0];
  EXPECT_EQ(first.location, LocationOf(Pmdp(0)));
  EXPECT_EQ(first.before, before);
  if (ClearsByExchange()) {
    EXPECT_EQ(first.kind, EventKind::kRmw);
    EXPECT_EQ(first.after, 0u);
    EXPECT_EQ(first.order, Profile().clear == Clear::kXchg ? Order::kFull : Order::kRelaxed);
  } else {
    const bool two_step = Profile().clear == Clear::kTwoStep;
    EXPECT_EQ(first.kind, two_step ? EventKind::kRmw : EventKind::kLoad) << "not one step there";
    EXPECT_EQ(run.events[1].kind, EventKind::kStore);
    EXPECT_EQ(run.events[1].location, first.location);
  }
}

// The variant no-collapse-flush: interrupts as ever, translations stay.
TEST_P(Tlb, WithoutInvalidationTheInterruptsStay) {
  const std::vector<uint64_t> masks = MasksInterrupted(CollapseFlush(true));
  SetUp();
  const RecordedRun run = CollapseFlush(false);
  for (CpuId cpu = 0; cpu < 3; ++cpu) EXPECT_EQ(Flushed(cpu), "") << "CPU " << cpu;
  EXPECT_EQ(MasksInterrupted(run), masks);
  EXPECT_EQ(pmd_val(*Pmdp(0)), 0u);
}

TEST_P(Tlb, AloneOnTheMachineNobodyIsWaitedFor) {
  const RecordedRun run = CollapseFlush(true, 1);
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  EXPECT_EQ(Flushed(0), "01234567");
  for (uint64_t mask : MasksInterrupted(run)) EXPECT_EQ(mask, 0u);
  EXPECT_THAT(CpusThatHandled(run), IsEmpty());
}

// CPU 1 walks with interrupts off when CPU 0 flushes: the walk ends before or after the flush
// does, by profile. That is the whole difference between a kernel with the seed's race and one
// without.
TEST_P(Tlb, CollapseFlushWaitsForWalkersWhereItInterrupts) {
  FollowSchedule walker_first({{0, 0, 1}, {2, 1, 0}});
  const RecordedRun run = RunOnMachine(walker_first, 2, [](CpuId cpu) {
    if (cpu == 1) {
      bool flags;
      local_irq_save(flags);
      local_irq_restore(flags);
      return;
    }
    (void)wr_pmdp_collapse_flush(MachineVma(), AddressOfPage(0), Pmdp(0), true);
    smp_mb();  // what comes after the flush
  });
  ASSERT_EQ(run.result.outcome, Outcome::kFinished);
  size_t after_flush = run.events.size() - 1;
  while (run.events[after_flush].kind != EventKind::kFence) --after_flush;
  const size_t walk_ends = IndexOf(run, EventKind::kIrqOn, 1);
  EXPECT_EQ(walk_ends < after_flush, CollapseInterrupts()) << Describe(run);
}

// On x86-64 a remote translation lives until its CPU takes the interrupt.
TEST_P(Tlb, RemoteTranslationsGoWithTheInterruptOrAtOnce) {
  FollowSchedule walker_first({{0, 0, 1}, {2, 1, 0}});
  bool there = false;
  RunOnMachine(walker_first, 2, [&there](CpuId cpu) {
    if (cpu == 0) {
      wr_flush_tlb_range(MachineMm(), AddressOfPage(0), AddressOfPage(8));
      return;
    }
    bool flags;
    local_irq_save(flags);
    smp_mb();  // CPU 0 flushes before this
    there = TlbEntry(1, 0) != nullptr;
    local_irq_restore(flags);
  });
  EXPECT_EQ(there, RangeFlushInterrupts());
  EXPECT_EQ(Flushed(1), "01234567");
}

// --- Ranges ------------------------------------------------------------------------------------

RecordedRun RangeFlush(unsigned long start, unsigned long end) {
  FollowSchedule in_order({});
  return RunOnMachine(in_order, 3, [start, end](CpuId cpu) {
    if (cpu == 0) wr_flush_tlb_range(MachineMm(), start, end);
  });
}

TEST_P(Tlb, RangeFlushTakesTheRangeFromEveryCpu) {
  const RecordedRun run = RangeFlush(AddressOfPage(2), AddressOfPage(5));
  for (CpuId cpu = 0; cpu < 3; ++cpu) EXPECT_EQ(Flushed(cpu), "234") << "CPU " << cpu;
  if (RangeFlushInterrupts()) {
    EXPECT_THAT(MasksInterrupted(run), ElementsAre(kOthers));
  } else {
    EXPECT_THAT(MasksInterrupted(run), IsEmpty());
  }
}

TEST_P(Tlb, RangeFlushOfTheFirstAndTheLastPage) {
  RangeFlush(AddressOfPage(0), AddressOfPage(1));
  EXPECT_EQ(Flushed(2), "0");
  RangeFlush(AddressOfPage(15), AddressOfPage(16));
  EXPECT_EQ(Flushed(2), "0f");
  RangeFlush(AddressOfPage(0), AddressOfPage(16));
  EXPECT_EQ(Flushed(2), "0123456789abcdef");
}

TEST_P(Tlb, RangeFlushSaysWhichPages) {
  const RecordedRun run = RangeFlush(AddressOfPage(2), AddressOfPage(5));
  const Event& flush = run.events[IndexOf(run, EventKind::kTlb, 0)];
  EXPECT_EQ(flush.before, 2u);
  EXPECT_EQ(flush.after, 5u);
  EXPECT_STREQ(flush.site->function, "flush_tlb_range");
}

// --- The table sync ----------------------------------------------------------------------------

RecordedRun TableSync() {
  FollowSchedule in_order({});
  return RunOnMachine(in_order, 3, [](CpuId cpu) {
    if (cpu == 0) tlb_remove_table_sync_one();
  });
}

TEST_P(Tlb, TableSyncInterruptsEverybodyWhereTablesAreFreedByRcu) {
  const RecordedRun run = TableSync();
  if (FreesTablesByRcu()) {
    EXPECT_THAT(MasksInterrupted(run), ElementsAre(kOthers));
    EXPECT_THAT(CpusThatHandled(run), ElementsAre(1, 2));
  } else {
    EXPECT_EQ(CpusOf(run), "") << "an empty function";
  }
  for (CpuId cpu = 0; cpu < 3; ++cpu) EXPECT_EQ(Flushed(cpu), "") << "it flushes nothing";
}

TEST_P(Tlb, TableSyncWaitsForWalkers) {
  FollowSchedule walker_first({{0, 0, 1}, {2, 1, 0}});
  const RecordedRun run = RunOnMachine(walker_first, 2, [](CpuId cpu) {
    if (cpu == 1) {
      bool flags;
      local_irq_save(flags);
      local_irq_restore(flags);
      return;
    }
    tlb_remove_table_sync_one();
    smp_mb();
  });
  ASSERT_EQ(run.result.outcome, Outcome::kFinished);
  EXPECT_EQ(IndexOf(run, EventKind::kIrqOn, 1) < IndexOf(run, EventKind::kFence, 0),
            FreesTablesByRcu())
      << Describe(run);
}

// --- Clearing entries --------------------------------------------------------------------------

TEST_P(Tlb, GetAndClearIsOneExchangeOrALoadAndAStore) {
  const uint64_t pte_before = pte_val(*Ptep(0)), pmd_before = pmd_val(*Pmdp(0));
  pte_t pte = __pte(0);
  pmd_t pmd = __pmd(0);
  const RecordedRun run = RunOnMachine([&] {
    pte = ptep_get_and_clear(MachineMm(), 0, Ptep(0));
    pmd = pmdp_huge_get_and_clear(MachineMm(), 0, Pmdp(0));
  });
  EXPECT_EQ(pte_val(pte), pte_before);
  EXPECT_EQ(pmd_val(pmd), pmd_before);
  EXPECT_EQ(pte_val(*Ptep(0)), 0u);
  EXPECT_EQ(pmd_val(*Pmdp(0)), 0u);
  EXPECT_EQ(run.events.size(), ClearsByExchange() ? 2u : 4u);
}

// --- Accesses of user space --------------------------------------------------------------------

struct UserAccess {
  bool done;
  uint64_t value;
};

UserAccess Read(int page) {
  UserAccess access = {};
  access.done = wr_user_read(MachineMm(), AddressOfPage(page), &access.value, WR_HERE);
  return access;
}
bool Write(int page, uint64_t value) {
  return wr_user_write(MachineMm(), AddressOfPage(page), value, WR_HERE);
}

class UserAccessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Layout layout;
    layout.pages[2] = PageState::kReadOnly;
    SetUpMachine(layout, *FindProfile("x86-64"));
  }
};

TEST_F(UserAccessTest, ReadsAndWritesThePageThatIsMapped) {
  const RecordedRun run = RunOnMachine([] {
    EXPECT_EQ(Read(1).value, 101u);
    EXPECT_TRUE(Write(1, 7));
    EXPECT_EQ(Read(1).value, 7u);
  });
  EXPECT_EQ(ContentOf(2), 7u);
  EXPECT_EQ(CpusOf(run).size(), 3u + 1) << "three steps, and the fill";
  EXPECT_EQ(run.result.steps, 3u) << "a fill and the access that it serves are one step";
  EXPECT_THAT(TlbDetails(run), ElementsAre(kFill));
}

TEST_F(UserAccessTest, UsesAStaleTranslationUntilItIsFlushed) {
  RunOnMachine([] {
    EXPECT_EQ(Read(0).value, 100u);
    EntryOf(kFirstPteTable, 0) = pte_val(pte_mkwrite(pfn_pte(2)));
    EXPECT_EQ(Read(0).value, 100u);
    wr_flush_tlb_range(MachineMm(), AddressOfPage(0), AddressOfPage(1));
    EXPECT_EQ(Read(0).value, 101u);
  });
}

TEST_F(UserAccessTest, FaultsWhereNothingIsMapped) {
  const RecordedRun run = RunOnMachine([] {
    EXPECT_FALSE(Read(3).done);
    EXPECT_FALSE(Write(3, 7));
    EXPECT_FALSE(Write(12, 7));
  });
  EXPECT_THAT(TlbDetails(run), ElementsAre(kFault, kFault, kFault));
  EXPECT_EQ(TlbEntry(0, 3), nullptr) << "what is not mapped is not cached";
}

TEST_F(UserAccessTest, FaultsOnAWriteToAReadOnlyPage) {
  RunOnMachine([] {
    EXPECT_TRUE(Read(2).done);
    EXPECT_FALSE(Write(2, 7));
    EXPECT_EQ(Read(2).value, 102u);
  });
}

// More rights need no flush: the write walks again.
TEST_F(UserAccessTest, FindsNewRightsBehindAnOldTranslation) {
  RunOnMachine([] {
    EXPECT_TRUE(Read(2).done);
    EntryOf(kFirstPteTable, 2) |= _PAGE_RW;
    EXPECT_TRUE(Write(2, 7));
    EXPECT_EQ(Read(2).value, 7u);
  });
}

TEST_F(UserAccessTest, EachCpuHasItsOwnTlb) {
  FollowSchedule in_order({});
  RunOnMachine(in_order, 2, [](CpuId cpu) {
    if (cpu == 0) {
      EXPECT_TRUE(Read(0).done);
      EntryOf(kFirstPteTable, 0) = 0;
    } else {
      EXPECT_FALSE(Read(0).done);
    }
  });
  EXPECT_NE(TlbEntry(0, 0), nullptr);
  EXPECT_EQ(TlbEntry(1, 0), nullptr);
}

TEST_F(UserAccessTest, ThroughAReferenceNoTranslationIsNeeded) {
  const RecordedRun run = RunOnMachine([] {
    EntryOf(kPmdTable, 0) = 0;
    wr_pinned_write(&arena.mem_map[1], AddressOfPage(0), 7, WR_HERE);
    EXPECT_EQ(wr_pinned_read(&arena.mem_map[1], AddressOfPage(0), WR_HERE), 7u);
  });
  EXPECT_THAT(TlbDetails(run), IsEmpty());
  EXPECT_EQ(run.result.steps, 2u);
}

}  // namespace
}  // namespace walkrace
