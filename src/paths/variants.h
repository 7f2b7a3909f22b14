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
  CUT_COUNT,
};

#ifdef __cplusplus
extern "C" {
#endif

bool is_cut(enum cut cut);

#ifdef __cplusplus
}

namespace walkrace {

using CutMask = uint32_t;
constexpr CutMask CutBit(cut which) { return CutMask{1} << which; }

struct VariantRow {
  const char* name;
  const char* upstream;  // commit id of the fix, or null
  const char* summary;   // what is taken out
  CutMask cuts;
  const char* oracle;    // the first to fire; null: nothing fires on any profile
  const char* bites_on;  // profile names, comma-separated; "all"; "" for none
  const char* needs;     // a flavour without which the oracle is blind ("tsan"), or null
  // The operations of its control, in .walk form without the version line. Its search keeps to
  // them; the schedule is the search's.
  const char* control;
};

const VariantRow* VariantRows(size_t* count);
// Returns null for an unknown name.
const VariantRow* FindVariant(const char* name);
bool BitesOn(const VariantRow& row, const char* profile);

// What is cut from now on. REQUIRES: no run is under way.
void SetCuts(CutMask cuts);

}  // namespace walkrace
#endif

#endif  // WALKRACE_PATHS_VARIANTS_H_
