// Where a variant bites, by the knobs of a profile: so that a profile that a user writes has its
// answer too. Each is a fact that a row of variants.cc stands on.
#ifndef WALKRACE_PATHS_VARIANT_CONDITIONS_H_
#define WALKRACE_PATHS_VARIANT_CONDITIONS_H_

#include "machine/profiles.h"

namespace walkrace {

inline bool Everywhere(const Profile& /*profile*/) { return true; }
inline bool Nowhere(const Profile& /*profile*/) { return false; }

// An ordinary flush (of a zap, a migration) goes on while a walker has interrupts off.
inline bool WhereFlushWaitsForNobody(const Profile& profile) {
  return !WaitsForWalkers(profile.other_flush);
}
// So it does, and tables are freed by RCU or by an interrupt of their own.
inline bool WhereGracePeriodsAloneHoldTables(const Profile& profile) {
  return WhereFlushWaitsForNobody(profile) && profile.table_free != TableFree::kAtOnce;
}
// The flush of collapse does.
inline bool WhereCollapseFlushWaitsForNobody(const Profile& profile) {
  return !WaitsForWalkers(profile.collapse_flush);
}

// tlb_remove_table_sync_one is not empty, and an ordinary flush waits for nobody.
inline bool WhereTheSyncAloneHoldsUnshare(const Profile& profile) {
  return WhereFlushWaitsForNobody(profile) && profile.table_free != TableFree::kAtOnce;
}
// tlb_remove_table_sync_one is not empty, and the flush of collapse waits for nobody.
inline bool WhereTheSyncAloneWaits(const Profile& profile) {
  return WhereCollapseFlushWaitsForNobody(profile) && profile.table_free != TableFree::kAtOnce;
}
// And the deposit of the table writes into it, under a walker.
inline bool WhereTheDepositAloneHurts(const Profile& profile) {
  return WhereTheSyncAloneWaits(profile) && profile.deposit_writes_table;
}
// Neither the flush of collapse nor its tlb_remove_table_sync_one, which is empty without RCU table
// free, waits for a walker.
inline bool WhereCollapseWaitsForNobody(const Profile& profile) {
  return WhereCollapseFlushWaitsForNobody(profile) && profile.table_free == TableFree::kAtOnce;
}

// It interrupts somebody, and waits.
inline bool WhereCollapseInterrupts(const Profile& profile) {
  return !WhereCollapseWaitsForNobody(profile);
}
// mremap moves a whole table, not entry by entry.
inline bool WhereMremapMovesTables(const Profile& profile) { return profile.moves_page_tables; }

// And an ordinary flush waits for no walker of the moved table.
inline bool WhereMovedTablesAreWalkedOn(const Profile& profile) {
  return profile.moves_page_tables && WhereFlushWaitsForNobody(profile);
}
// p?d_offset of a level that is folded at run time gives back the pointer that it was given.
inline bool WhereLevelsFoldAtRunTime(const Profile& profile) { return profile.folds_at_run_time; }

// A lockless walk reads a pte in two halves.
inline bool WherePtesAreTwoWords(const Profile& profile) {
  return profile.entry_read != EntryRead::kAtomic;
}
// x86: a flush that does not say that it frees a table is kept from lazy CPUs.
inline bool WhereFlushesSkipLazyCpus(const Profile& profile) { return profile.skips_lazy_cpus; }

// Clears in two steps: the first one serializes, the store of the empty entry is behind it, and an
// ordinary flush orders nothing more.
inline bool WhereTheEmptyEntryIsStoredLast(const Profile& profile) {
  return profile.clear == Clear::kTwoStep && profile.clear_barrier == ClearBarrier::kAtClear &&
         WhereFlushWaitsForNobody(profile);
}

// An mm's only thread takes other CPUs out of its mm_cpumask, and flushes locally from then on.
inline bool WhereCpumasksAreTrimmed(const Profile& profile) { return profile.trims_cpumask; }

// Tables are freed at once after a flush, that of collapse or another, that waits for nobody: a
// walker reads freed tables with nothing taken out (A14, mips-mmid), and what
// no-table-use-after-free says there counts as known.
inline bool TablesAreExposed(const Profile& profile) {
  return profile.table_free == TableFree::kAtOnce &&
         (WhereFlushWaitsForNobody(profile) || WhereCollapseFlushWaitsForNobody(profile));
}
// A walk with interrupts off holds up the free of every table that it can reach.
inline bool WhereInterruptsOffHoldTables(const Profile& profile) {
  return !TablesAreExposed(profile);
}

// A lockless walk reads a pmd in two halves, and a table that is none stands out.
inline bool WhereTornPmdsShow(const Profile& profile) {
  const bool halves =
      profile.entry_read == EntryRead::kHalves || profile.entry_read == EntryRead::kAllHalves;
  return halves && !TablesAreExposed(profile);
}

// Reclaim leaves what it has unmapped in the TLBs of other CPUs for a while.
inline bool WhereUnmapFlushIsBatched(const Profile& profile) { return profile.batched_unmap_flush; }

}  // namespace walkrace

#endif  // WALKRACE_PATHS_VARIANT_CONDITIONS_H_
