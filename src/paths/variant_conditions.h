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
// The flush of collapse does.
inline bool WhereCollapseFlushWaitsForNobody(const Profile& profile) {
  return !WaitsForWalkers(profile.collapse_flush);
}

// Neither the flush of collapse nor its tlb_remove_table_sync_one, which is empty without RCU table
// free, waits for a walker.
inline bool WhereCollapseWaitsForNobody(const Profile& profile) {
  return WhereCollapseFlushWaitsForNobody(profile) && profile.table_free == TableFree::kAtOnce;
}

// Reclaim leaves what it has unmapped in the TLBs of other CPUs for a while.
inline bool WhereUnmapFlushIsBatched(const Profile& profile) { return profile.batched_unmap_flush; }

}  // namespace walkrace

#endif  // WALKRACE_PATHS_VARIANT_CONDITIONS_H_
