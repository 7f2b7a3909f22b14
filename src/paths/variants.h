// Variants: the paths with one named piece of a real fix taken out. Chosen at run time, so that
// one binary can run all of them, alone or combined. Adding one: a cut here, the place in the path
// that asks for it, one row in variants.cc.
#ifndef WALKRACE_PATHS_VARIANTS_H_
#define WALKRACE_PATHS_VARIANTS_H_

#include <stddef.h>
#include <stdint.h>

// What can be taken out of the paths. A variant takes out one or more.
enum cut {
  CUT_PMD_RECHECK,         // gup_pte_range: the pmd is not read again after the reference
  CUT_TABLE_SYNC,          // collapse_huge_page: no tlb_remove_table_sync_one
  CUT_PTE_RECHECK,         // gup_pte_range: the pte is not read again after the reference
  CUT_COUNT_AFTER_CLEAR,   // collapse looks at the counts before it clears the pmd, not after
  CUT_UNLESS_ZERO,         // try_get_folio adds to a count of zero as well
  CUT_PUT_ON_RECHECK,      // gup_pte_range: a failed re-check keeps the reference
  CUT_COLLAPSE_TLB_FLUSH,  // pmdp_collapse_flush invalidates no TLB entry
  CUT_BACK_OFF_POPULATE,   // a collapse that backs off does not put the table back
  CUT_IRQ_RESTORE,         // GUP falls back to mmap_lock before interrupts are on again
  CUT_PMD_READ_ONCE,       // gup_pte_range: the pmd re-read is a plain C access
  CUT_MIGRATE_COUNT_AFTER_CLEAR,  // migration looks at the counts before it clears the entries
  CUT_SWAP_PIN_AFTER_CLEAR,       // try_to_unmap_one: no test for pins after the entry is clear
  CUT_SWAP_PIN_TEST,              // shrink_page: no test for pins before it
  CUT_LAZYFREE_COUNT,             // unmap_lazyfree: the count is not looked at
  CUT_FLUSH_BATCHED_PENDING,      // a zap does not flush what a reclaim has yet to flush
  CUT_MIGRATE_VMA_FLUSH,          // migrate_vma_collect_pmd flushes after it has dropped the lock
  CUT_KSM_COUNT_AFTER_CLEAR,      // write_protect_page looks at the counts before the clear
  CUT_PAGEOUT_FLUSH,              // shrink_page writes a page out before it is flushed
  CUT_LAZYFREE_BARRIER,           // unmap_lazyfree: no full barrier between clear and count
  CUT_COUNT,
};

#ifdef __cplusplus
extern "C" {
#endif

bool is_cut(enum cut cut);

#ifdef __cplusplus
}

#include "machine/profiles.h"

namespace walkrace {

// A set of cuts.
struct Cuts {
  uint64_t words[(CUT_COUNT + 63) / 64] = {};

  constexpr bool has(cut which) const { return (words[which / 64] >> which % 64 & 1) != 0; }
  constexpr Cuts& operator|=(const Cuts& other) {
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); ++i) words[i] |= other.words[i];
    return *this;
  }
  friend constexpr bool operator==(const Cuts&, const Cuts&) = default;
};
template <typename... Which>
constexpr Cuts CutsOf(Which... which) {
  Cuts cuts;
  ((cuts.words[which / 64] |= uint64_t{1} << which % 64), ...);
  return cuts;
}

struct VariantRow {
  const char* name;
  const char* id;        // of the real race ("A1"), or null
  const char* upstream;  // commit id of the fix, or null
  const char*
      fixed_in;         // the first release with the fix ("6.1"), or null: not one of Linux's races
  const char* summary;  // what is taken out
  Cuts cuts;
  const char* oracle;  // the first to fire; null: nothing fires on any profile
  // The profiles where it bites, by their knobs: variant_conditions.h.
  bool (*bites_on)(const Profile& profile);
  // What it is blind or cannot be built without: a flavour ("tsan"), a model ("weak-memory"), or
  // null.
  const char* needs;
  // The operations of its control, in .walk form without the version line. Its search keeps to
  // them; the schedule is the search's.
  const char* control;
};

const VariantRow* VariantRows(size_t* count);
// Returns null for an unknown name.
const VariantRow* FindVariant(const char* name);
// Whether its oracle must fire on this profile.
bool BitesOn(const VariantRow& row, const Profile& profile);

// What is cut from now on. REQUIRES: no run is under way.
void SetCuts(const Cuts& cuts);

}  // namespace walkrace
#endif

#endif  // WALKRACE_PATHS_VARIANTS_H_
