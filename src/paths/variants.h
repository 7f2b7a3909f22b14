// Variants: the paths with one named piece of a real fix taken out. Chosen at run time, so that
// one binary can run all of them, alone or combined. Adding one: a cut here, the place in the path
// that asks for it, one row in variants.cc.
#ifndef WALKRACE_PATHS_VARIANTS_H_
#define WALKRACE_PATHS_VARIANTS_H_

#include <stddef.h>
#include <stdint.h>

// What can be taken out of the paths. A variant takes out one or more.
enum cut {
  CUT_PMD_RECHECK,          // gup_pte_range: the pmd is not read again after the reference
  CUT_TABLE_SYNC,           // collapse_huge_page: no tlb_remove_table_sync_one
  CUT_PTE_RECHECK,          // gup_pte_range: the pte is not read again after the reference
  CUT_COUNT_AFTER_CLEAR,    // collapse looks at the counts before it clears the pmd, not after
  CUT_UNLESS_ZERO,          // try_get_folio adds to a count of zero as well
  CUT_PUT_ON_RECHECK,       // gup_pte_range: a failed re-check keeps the reference
  CUT_COLLAPSE_TLB_FLUSH,   // pmdp_collapse_flush invalidates no TLB entry
  CUT_BACK_OFF_POPULATE,    // a collapse that backs off does not put the table back
  CUT_IRQ_RESTORE,          // GUP falls back to mmap_lock before interrupts are on again
  CUT_PMD_READ_ONCE,        // gup_pte_range: the pmd re-read is a plain C access
  CUT_WALK_IRQS_OFF,        // the lockless walk stands under rcu_read_lock, with interrupts on
  CUT_HUGE_PMD_RECHECK,     // gup_huge_pmd: the pmd is not read again after the references
  CUT_UNDO_ALL,             // gup_huge_pmd: a failed re-check puts one reference back, not all
  CUT_PMD_CLEAR_ONCE,       // pmdp_collapse_flush clears the pmd by a plain C store
  CUT_PTE_READ_ONCE,        // gup_pte_range: the pte is loaded again between its tests and its use
  CUT_FIND_LINUX_PTE_ONCE,  // find_linux_pte: the pmd is loaded again between its tests and its use
  CUT_KVM_IRQS_OFF,         // host_pfn_mapping_level walks with interrupts on
  CUT_KVM_READ_ONCE,        // host_pfn_mapping_level: as CUT_FIND_LINUX_PTE_ONCE
  CUT_ZAP_FLUSH_FIRST,      // tlb_finish_mmu: the pages are freed before the flush, not after
  CUT_SPLIT_FLUSH,          // __split_huge_pmd_locked: no flush after the pmd is invalid
  CUT_HEAD_RECHECK,         // try_get_folio: the head is not read again after the reference
  CUT_MREMAP_PMD_RECHECK,   // move_normal_pmd: the pmd is not looked at again under its lock
  CUT_MREMAP_RMAP_LOCK,     // move_pgt_entry: a whole table is moved without the rmap locks
  CUT_RETRACT_I_MMAP_LOCK,  // retract_page_tables: without i_mmap_rwsem
  CUT_RETRACT_MMAP_LOCK,    // retract_page_tables: without the mmap_lock, as from 6.6 on
  CUT_RETRACT_NOTIFIER,     // collapse_and_free_pmd: secondary MMUs are not told
  CUT_UNSHARE_SYNC,         // huge_pmd_unshare: walkers of the shared table are not waited for
  CUT_UNSHARE_FLUSH,        // after huge_pmd_unshare no TLB is flushed
  CUT_UNMAP_INELIGIBLE,     // hugetlb: a vma that is unmapped stays one to share tables with
  CUT_FORK_SEQCOUNT,        // GUP-fast does not look at write_protect_seq
  CUT_FORK_EARLY_COPY,      // fork shares what may be pinned
  CUT_FORK_FLUSH,           // fork flushes no TLB of the parent
  CUT_GUP_FAST_UNSHARE,     // GUP-fast: no exclusive test of read-only pins
  CUT_GUP_SLOW_UNSHARE,     // __get_user_pages: the same
  CUT_EXCLUSIVE_BARRIER,    // gup_must_unshare: no barrier before the exclusive test
  CUT_UNMAP_BARRIER,        // page_try_share_anon_rmap: the flush before is taken for its barrier
  CUT_WP_EXCLUSIVE,         // do_wp_page does not look at PageAnonExclusive
  CUT_WP_COUNT,             // do_wp_page: the map count decides on reuse, not the references
  CUT_WP_FLUSH,             // wp_page_copy flushes nothing
  CUT_SOFT_DIRTY_PINNED,    // clear_refs write-protects what may be pinned
  CUT_MPROTECT_FLUSH,       // change_protection flushes nothing
  CUT_TABLE_RCU,            // tlb_table_flush: tables are freed without a grace period
  CUT_PTE_LOW_AGAIN,        // gup_pte_range: the low half of the pte is not read again
  CUT_PMD_LOW_AGAIN,        // gup_pmd_range: the low half of the pmd is not read again
  CUT_REF_OVERFLOW,         // try_get_folio takes a reference on a negative count as well
  CUT_SECRETMEM_LRU,        // folio_is_secretmem takes what is on no LRU list for ordinary memory
  CUT_FAST_PIN_ALLOWED,     // GUP-fast gives any file's page to a long-term pin for writing
  CUT_OFFSET_LOCKLESS,      // GUP-fast: p?d_offset of the copy on the stack, not of the entry
  CUT_DEVICE_RECHECK,       // __gup_device_huge_pmd: the pmd is not read again
  CUT_MAPPING_READ_ONCE,    // folio_fast_pin_allowed: the mapping is loaded again after its test
  CUT_NUMA_PMD_INVALID,     // change_huge_pmd: NUMA hinting clears the pmd, and sets it again
  CUT_LAZY_TLB_FLUSH,       // pmdp_collapse_flush leaves CPUs with a lazy TLB alone
  CUT_TRIM_YOURSELF,        // exit_flush_lazy_tlbs: the sender clears the mm_cpumask whole
  CUT_SHARE_COUNT,          // hugetlb: a pmd table's share count is its page's reference count
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
  // The first release with the fix ("6.1"), or null: no release of Linux had this race.
  const char* fixed_in;
  // The first release with the race; null: it is older than the oldest of releases.h.
  const char* introduced_in = nullptr;
  const char* summary;  // what is taken out
  Cuts cuts;
  const char* oracle;  // the first to fire; null: nothing fires on any profile
  // Another that may be the first where the profile's deposit writes into the table; or null.
  const char* oracle_of_deposit = nullptr;
  // The profiles where it bites, by their knobs: variant_conditions.h.
  bool (*bites_on)(const Profile& profile);
  // What it is blind or cannot be built without: a flavour ("tsan"), a model ("weak-memory"), or
  // null.
  const char* needs;
  // The operations of its control, in .walk form without the version line. Its search keeps to
  // them; the schedule is the search's.
  const char* control;
  // How many ordering constraints the search of the control by PCT is to look for.
  int pct_depth = 3;
};

const VariantRow* VariantRows(size_t* count);
// Returns null for an unknown name.
const VariantRow* FindVariant(const char* name);
// Whether this oracle is one that may be the first to fire on this profile.
bool MayFireFirst(const VariantRow& row, const Profile& profile, const char* oracle);

// Whether its oracle must fire on this profile.
bool BitesOn(const VariantRow& row, const Profile& profile);

// What is cut from now on. REQUIRES: no run is under way.
void SetCuts(const Cuts& cuts);

}  // namespace walkrace
#endif

#endif  // WALKRACE_PATHS_VARIANTS_H_
