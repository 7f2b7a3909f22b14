#include "paths/variants.h"

#include <cstring>

#include "paths/variant_conditions.h"

namespace walkrace {
namespace {

Cuts active_cuts;

constexpr char kPinAgainstCollapse[] =
    "cpu 0\n pin 0-1 write\n write-pinned\n unpin\n"
    "cpu 1\n collapse 0-7\n";

constexpr VariantRow kRows[] = {
    {.name = "collapse-race",
     .id = "A1",
     .upstream = "70cbc3cc78a9",
     .fixed_in = "6.1",
     .summary = "the seed's kernel: neither the pmd re-check nor the table sync in collapse",
     .cuts = CutsOf(CUT_PMD_RECHECK, CUT_TABLE_SYNC),
     .oracle = "no-pinned-page-freed",
     .bites_on = WhereCollapseFlushWaitsForNobody,
     .needs = nullptr,
     .control = kPinAgainstCollapse},
    {.name = "no-pmd-recheck",
     .id = "A1",
     .upstream = "70cbc3cc78a9",
     .fixed_in = "6.1",
     .summary = "the pmd re-check alone; the table sync waits for every walker, where there is one",
     .cuts = CutsOf(CUT_PMD_RECHECK),
     .oracle = "no-pinned-page-freed",
     .bites_on = WhereCollapseWaitsForNobody,
     .needs = nullptr,
     .control = kPinAgainstCollapse},
    {.name = "no-table-sync",
     .id = "A2",
     .upstream = "2ba99c5e0881",
     .fixed_in = "6.1",
     .summary = "the table sync alone; a zap frees the deposited table at once",
     .cuts = CutsOf(CUT_TABLE_SYNC),
     .oracle = "no-table-use-after-free",
     .bites_on = WhereCollapseFlushWaitsForNobody,
     .needs = nullptr,
     .control = "cpu 0\n get 0-1\n"
                "cpu 1\n collapse 0-7\n zap 0-7\n"},
    {.name = "no-pte-recheck",
     .id = nullptr,
     .upstream = nullptr,
     .fixed_in = nullptr,
     .summary = "the pte re-read; zap and reuse of the folio in between",
     .cuts = CutsOf(CUT_PTE_RECHECK),
     .oracle = "no-stale-page",
     .bites_on = WhereFlushWaitsForNobody,
     .needs = nullptr,
     .control = "cpu 0\n get 0\n"
                "cpu 1\n zap 0\n fault 2\n"},
    {.name = "count-before-clear",
     .id = nullptr,
     .upstream = nullptr,
     .fixed_in = nullptr,
     .summary = "collapse looks at the counts before it clears the pmd, and not after",
     .cuts = CutsOf(CUT_COUNT_AFTER_CLEAR),
     .oracle = "no-pinned-page-freed",
     .bites_on = Everywhere,
     .needs = nullptr,
     .control = kPinAgainstCollapse},
    {.name = "add-not-unless-zero",
     .id = "B3",
     .upstream = "fa2690af573d",
     .fixed_in = nullptr,
     .summary = "a speculative reference is taken on a count of zero as well",
     .cuts = CutsOf(CUT_UNLESS_ZERO),
     .oracle = "counts-conserved",
     .bites_on = WhereFlushWaitsForNobody,
     .needs = nullptr,
     .control = "cpu 0\n get 0\n"
                "cpu 1\n zap 0\n"},
    {.name = "no-put-on-failed-recheck",
     .id = nullptr,
     .upstream = nullptr,
     .fixed_in = nullptr,
     .summary = "the reference is not put back when the re-check fails",
     .cuts = CutsOf(CUT_PUT_ON_RECHECK),
     .oracle = "counts-conserved",
     .bites_on = Everywhere,
     .needs = nullptr,
     .control = "cpu 0\n get 0\n unpin\n"
                "cpu 1\n zap 0\n"},
    {.name = "no-collapse-flush",
     .id = nullptr,
     .upstream = nullptr,
     .fixed_in = nullptr,
     .summary = "the collapse flush invalidates no TLB entry; its interrupts still happen",
     .cuts = CutsOf(CUT_COLLAPSE_TLB_FLUSH),
     .oracle = "no-lost-write",
     .bites_on = Everywhere,
     .needs = nullptr,
     .control = "cpu 0\n write 0\n read 1\n read 1\n read 1\n read 1\n read 1\n write 0\n read 0\n"
                "cpu 1\n collapse 0-7\n"},
    {.name = "backoff-leaves-pmd-clear",
     .id = nullptr,
     .upstream = nullptr,
     .fixed_in = nullptr,
     .summary = "a collapse that backs off does not put the table back",
     .cuts = CutsOf(CUT_BACK_OFF_POPULATE),
     .oracle = "back-off-restores",
     .bites_on = Everywhere,
     .needs = nullptr,
     .control = kPinAgainstCollapse},
    {.name = "fallback-with-irqs-off",
     .id = nullptr,
     .upstream = nullptr,
     .fixed_in = nullptr,
     .summary = "GUP takes mmap_lock before interrupts are on again; collapse waits for its IPI",
     .cuts = CutsOf(CUT_IRQ_RESTORE),
     .oracle = "progress",
     .bites_on = Everywhere,
     .needs = nullptr,
     .control = "cpu 0\n get 0-2\n"
                "cpu 1\n collapse 0-7\n"},
    {.name = "plain-pmd-reread",
     .id = nullptr,
     .upstream = nullptr,
     .fixed_in = nullptr,
     .summary = "READ_ONCE of the pmd re-read: a plain C access, as in Linux 6.0.1 to 6.19",
     .cuts = CutsOf(CUT_PMD_READ_ONCE),
     .oracle = "data-race",
     .bites_on = Everywhere,
     .needs = "tsan",
     .control = kPinAgainstCollapse},
    {.name = "migrate-no-recheck",
     .id = "C8",
     .upstream = nullptr,
     .fixed_in = nullptr,
     .summary = "the pte re-read, or its value kept in a register; migration in between",
     .cuts = CutsOf(CUT_PTE_RECHECK),
     .oracle = "no-pinned-page-freed",
     .bites_on = WhereFlushWaitsForNobody,
     .needs = nullptr,
     .control = "cpu 0\n get 0 write\n write-pinned\n unpin\n"
                "cpu 1\n migrate 0\n"},
    {.name = "migrate-count-first",
     .id = nullptr,
     .upstream = nullptr,
     .fixed_in = nullptr,
     .summary = "migration looks at the counts before it clears the entries, and not after",
     .cuts = CutsOf(CUT_MIGRATE_COUNT_AFTER_CLEAR),
     .oracle = "no-pinned-page-freed",
     .bites_on = Everywhere,
     .needs = nullptr,
     .control = "cpu 0\n get 0 write\n write-pinned\n unpin\n"
                "cpu 1\n migrate 0\n"},
    {.name = "migrate-flush-late",
     .id = "C10",
     .upstream = "60bae7370896",
     .fixed_in = "6.0",
     .summary = "device migration flushes after it has dropped the table's lock, as up to 5.19",
     .cuts = CutsOf(CUT_MIGRATE_VMA_FLUSH),
     .oracle = "no-lost-write",
     .bites_on = Everywhere,
     .needs = nullptr,
     .control = "cpu 0\n migrate-vma 0\n"
                "cpu 1\n read 0\n zap 0\n write 0\n read 0\n"},
    {.name = "swap-no-pin-test",
     .id = "C4",
     .upstream = "feb889fb40fa",
     .fixed_in = "5.11",
     .summary = "swap-out asks nowhere whether the page may be pinned",
     .cuts = CutsOf(CUT_SWAP_PIN_TEST, CUT_SWAP_PIN_AFTER_CLEAR),
     .oracle = "no-pinned-page-freed",
     .bites_on = Everywhere,
     .needs = nullptr,
     .control = "cpu 0\n pin 0 write\n write-pinned\n unpin\n"
                "cpu 1\n reclaim 0\n"},
    {.name = "swap-pin-test-first",
     .id = "C4",
     .upstream = nullptr,
     .fixed_in = "5.19",
     .summary = "swap-out asks for pins before it clears the entry, and not after",
     .cuts = CutsOf(CUT_SWAP_PIN_AFTER_CLEAR),
     .oracle = "no-pinned-page-freed",
     .bites_on = Everywhere,
     .needs = nullptr,
     .control = "cpu 0\n pin 0 write\n write-pinned\n unpin\n"
                "cpu 1\n reclaim 0\n"},
    {.name = "no-flush-batched-pending",
     .id = nullptr,
     .upstream = "3ea277194daa",
     .fixed_in = "4.13",
     .summary = "a zap does not flush what a reclaim has unmapped and not flushed yet",
     .cuts = CutsOf(CUT_FLUSH_BATCHED_PENDING),
     .oracle = "no-lost-write",
     .bites_on = WhereUnmapFlushIsBatched,
     .needs = nullptr,
     .control = "cpu 0\n reclaim 0\n"
                "cpu 1\n read 0\n zap 0\n write 0\n read 0\n"},
    {.name = "pageout-before-flush",
     .id = nullptr,
     .upstream = nullptr,
     .fixed_in = nullptr,
     .summary = "reclaim writes a page out before the flush that its unmapping has deferred",
     .cuts = CutsOf(CUT_PAGEOUT_FLUSH),
     .oracle = "no-lost-write",
     .bites_on = WhereUnmapFlushIsBatched,
     .needs = nullptr,
     .control = "cpu 0\n write 0\n write 0\n read 0\n"
                "cpu 1\n reclaim 0\n"},
    {.name = "madv-free-no-count-check",
     .id = "C3",
     .upstream = "6c8e2a256915",
     .fixed_in = "5.18",
     .summary = "reclaim discards a page that was freed lazily without a look at its count",
     .cuts = CutsOf(CUT_LAZYFREE_COUNT),
     .oracle = "no-pinned-page-freed",
     .bites_on = Everywhere,
     .needs = nullptr,
     .control = "cpu 0\n get 0 write\n write-pinned\n unpin\n"
                "cpu 1\n madv-free 0\n reclaim 0\n"},
    {.name = "madv-free-no-barrier",
     .id = "C3",
     .upstream = "6c8e2a256915",
     .fixed_in = "5.18",
     .summary = "no full barrier between the cleared entry and the look at the count",
     .cuts = CutsOf(CUT_LAZYFREE_BARRIER),
     .oracle = nullptr,
     .bites_on = Nowhere,
     .needs = "weak-memory",
     .control = "cpu 0\n get 0 write\n write-pinned\n unpin\n"
                "cpu 1\n madv-free 0\n reclaim 0\n"},
    {.name = "ksm-count-first",
     .id = "C7",
     .upstream = nullptr,
     .fixed_in = nullptr,
     .summary = "KSM looks at the counts before it clears the entry, and not after",
     .cuts = CutsOf(CUT_KSM_COUNT_AFTER_CLEAR),
     .oracle = "no-pinned-page-freed",
     .bites_on = Everywhere,
     .needs = nullptr,
     .control = "map none\n"
                "cpu 0\n fault 1\n read 0\n get 1 write\n"
                "cpu 1\n fault 0\n ksm 0-1\n"},
};

}  // namespace

const VariantRow* VariantRows(size_t* count) {
  *count = sizeof(kRows) / sizeof(kRows[0]);
  return kRows;
}

const VariantRow* FindVariant(const char* name) {
  for (const VariantRow& row : kRows) {
    if (std::strcmp(row.name, name) == 0) return &row;
  }
  return nullptr;
}

bool BitesOn(const VariantRow& row, const Profile& profile) {
  return row.oracle != nullptr && row.bites_on(profile);
}

void SetCuts(const Cuts& cuts) { active_cuts = cuts; }

}  // namespace walkrace

extern "C" bool is_cut(cut which) { return walkrace::active_cuts.has(which); }
