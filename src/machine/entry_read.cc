// How a lockless walk reads an entry of two words. Mirrors ptep_get_lockless() and
// pmdp_get_lockless(), include/linux/pgtable.h, v6.2 (CONFIG_GUP_GET_PXX_LOW_HIGH).
#include "kernel/barrier.h"
#include "kernel/notes.h"
#include "kernel/pgtable.h"
#include "kernel/race_detector.h"
#include "machine/machine.h"

namespace walkrace {
namespace {

bool InHalves(bool pmd) {
  switch (ActiveProfile().entry_read) {
    case EntryRead::kAtomic:
      return false;
    case EntryRead::kPteHalves:
      return !pmd;
    case EntryRead::kHalves:
    case EntryRead::kAllHalves:
      return true;
  }
  return false;
}

uint64_t LoadHalf(const void* entry, int half, const wr_site* site) {
  return wr_load(static_cast<const uint32_t*>(entry) + half, 4, WR_RELAXED, WR_ENTRY, site);
}

}  // namespace
}  // namespace walkrace

using namespace walkrace;

extern "C" unsigned long wr_entry_get_lockless(const void* entry, bool pmd, bool once,
                                               const wr_site* site) {
  const RaceDetectorFrame caller(__builtin_return_address(0));
  if (!InHalves(pmd)) return wr_load(entry, 8, WR_RELAXED, WR_ENTRY, site);
  // ORDER(J low-high-low): the same low half on both sides of the high one. Otherwise the halves
  // are of two values. The same low half may come back with another high one only after a flush.
  uint64_t low;
  uint64_t high;
  do {
    low = LoadHalf(entry, 0, site);
    smp_rmb();
    high = LoadHalf(entry, 1, site);
    smp_rmb();
  } while (!once && LoadHalf(entry, 0, site) != low);
  const uint64_t value = high << 32 | low;
  wr_note(WR_NOTE_ENTRY_READ, entry, value, 0, site);
  return value;
}
