// How a lockless walk reads an entry, by the profile's knob.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/notes.h"
#include "kernel/pgtable.h"
#include "machine/machine_test_bed.h"

namespace walkrace {
namespace {

using ::testing::ElementsAre;

Profile With(EntryRead how) {
  Profile profile = *FindProfile("arm64");
  profile.entry_read = how;
  return profile;
}

// The loads of a read: the value of each half, or "whole".
std::vector<std::string> Loads(const RecordedRun& run) {
  std::vector<std::string> loads;
  for (const Event& event : run.events) {
    if (event.kind != EventKind::kLoad) continue;
    loads.push_back(IsHalfOfEntry(event) ? std::to_string(event.before) : "whole");
  }
  return loads;
}

constexpr unsigned long kLow = 0x70e7;
constexpr unsigned long kHigh = 0x21;
constexpr unsigned long kValue = kHigh << 32 | kLow;

struct Case {
  EntryRead how;
  bool pte_halves, pmd_halves;
};

class EntryReads : public ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Knob, EntryReads,
                         ::testing::Values(Case{EntryRead::kAtomic, false, false},
                                           Case{EntryRead::kPteHalves, true, false},
                                           Case{EntryRead::kHalves, true, true},
                                           Case{EntryRead::kAllHalves, true, true}));

TEST_P(EntryReads, LowHighLowOrAtOnce) {
  const Profile profile = With(GetParam().how);
  const std::string low = std::to_string(kLow);
  const std::string high = std::to_string(kHigh);
  for (const bool pmd : {false, true}) {
    SetUpMachine(Layout(), profile);
    uint64_t& entry = EntryOf(pmd ? kPmdTable : kFirstPteTable, 5);
    entry = kValue;
    uint64_t value = 0;
    uint64_t once = 0;
    const RecordedRun run = RunOnMachine([&] {
      value = wr_entry_get_lockless(&entry, pmd, false, WR_HERE);
      once = wr_entry_get_lockless(&entry, pmd, true, WR_HERE);
    });
    EXPECT_EQ(value, kValue);
    EXPECT_EQ(once, kValue);
    if (pmd ? GetParam().pmd_halves : GetParam().pte_halves) {
      EXPECT_THAT(Loads(run), ElementsAre(low, high, low, low, high));
    } else {
      EXPECT_THAT(Loads(run), ElementsAre("whole", "whole"));
    }
  }
}

// Hands over before each event of CPU 0 whose number is given.
class BeforeEvent final : public Strategy {
 public:
  explicit BeforeEvent(int event) : event_(event) {}
  void Begin(int /*cpu_count*/, uint64_t /*seed*/) override { seen_ = 0; }
  CpuId Pick(const Choice& choice) override {
    if (choice.current == 0 && ++seen_ == event_ && (choice.runnable & 2) != 0) return 1;
    return DefaultPick(choice);
  }

 private:
  const int event_;
  int seen_ = 0;
};

// CPU 1 empties the entry at each moment of the read: what is read is the one value or the other.
TEST(EntryReads, TheSecondLowHalfSeesThatTheEntryWasTorn) {
  const Profile profile = With(EntryRead::kHalves);
  bool torn_seen = false;
  for (int event = 1; event < 8; ++event) {
    for (const bool once : {false, true}) {
      SetUpMachine(Layout(), profile);
      uint64_t& entry = EntryOf(kPmdTable, 5);
      entry = kValue;
      uint64_t value = 0;
      BeforeEvent schedule(event);
      RunOnMachine(schedule, 2, [&](CpuId cpu) {
        if (cpu == 0) {
          value = wr_entry_get_lockless(&entry, true, once, WR_HERE);
        } else {
          set_pmd_at(MachineMm(), 0, reinterpret_cast<pmd_t*>(&entry), __pmd(0));
        }
      });
      const bool torn = value != 0 && value != kValue;
      if (!once) EXPECT_FALSE(torn) << value;
      torn_seen |= torn;
    }
  }
  EXPECT_TRUE(torn_seen);
}

TEST(EntryReads, TheWholeIsToldAfterItsHalves) {
  const Profile profile = With(EntryRead::kPteHalves);
  SetUpMachine(Layout(), profile);
  uint64_t& entry = EntryOf(kFirstPteTable, 5);
  entry = kValue;
  const RecordedRun run =
      RunOnMachine([&] { (void)ptep_get_lockless(reinterpret_cast<pte_t*>(&entry)); });
  const Event& last = run.events.back();
  EXPECT_EQ(last.kind, EventKind::kNote);
  EXPECT_EQ(last.detail, WR_NOTE_ENTRY_READ);
  EXPECT_EQ(last.before, kValue);
  EXPECT_EQ(last.location, LocationOf(&entry));
}

TEST(FrameNumbers, StandInBothHalves) {
  for (const unsigned long pfn : {0ul, 1ul, 7ul, 8ul, 63ul, 0x108ul, 0x117ul}) {
    EXPECT_EQ(wr_pfn_of(wr_pfn_bits(pfn) | _PAGE_TABLE | _PAGE_SPECIAL), pfn);
    EXPECT_EQ(wr_pfn_bits(pfn) & (PAGE_SIZE - 1), 0u);
  }
  EXPECT_NE(wr_pfn_bits(8) >> 32, 0u);
}

}  // namespace
}  // namespace walkrace
