#include "paths/variants.h"

#include <cstring>

#include "paths/variant_conditions.h"

namespace walkrace {
namespace {

Cuts active_cuts;

constexpr char kPinAgainstCollapse[] =
    "cpu 0\n pin 0-1 write\n write-pinned\n unpin\n"
    "cpu 1\n collapse 0-7\n";

constexpr char kPinAfterFork[] =
    "map 0 rw\n"
    "cpu 0\n fork\n pin 0\n"
    "cpu 1 mm 1\n read 0\n";

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
     .control = "cpu 0\n write 0\n write 0\n read 0\n"
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
    {.name = "no-fork-seqcount",
     .id = "C1",
     .upstream = "57efa1fe5957",
     .fixed_in = "5.11",
     .summary = "GUP-fast does not look at write_protect_seq: fork counts the pins, then protects",
     .cuts = CutsOf(CUT_FORK_SEQCOUNT),
     .oracle = "exclusive-when-pinned",
     .bites_on = Everywhere,
     .needs = nullptr,
     .control = "map 0 rw\n"
                "cpu 0\n pin 0 write\n"
                "cpu 1\n fork\n"
                "cpu 2 mm 1\n read 0\n"},
    {.name = "fork-ignores-pins",
     .id = nullptr,
     .upstream = "70e806e4e645",
     .fixed_in = "5.9",
     .summary = "fork shares a page that may be pinned instead of copying it for the child",
     .cuts = CutsOf(CUT_FORK_EARLY_COPY),
     .oracle = "exclusive-when-pinned",
     .bites_on = Everywhere,
     .needs = nullptr,
     .control = "map 0 rw\n"
                "cpu 0\n pin 0 write\n fork\n"
                "cpu 1 mm 1\n read 0\n"},
    {.name = "no-unshare",
     .id = "C6",
     .upstream = "a7f226604170",
     .fixed_in = "5.19",
     .summary = "a read-only pin takes a page that fork shares as it is, in both walks",
     .cuts = CutsOf(CUT_GUP_FAST_UNSHARE, CUT_GUP_SLOW_UNSHARE),
     .oracle = "exclusive-when-pinned",
     .bites_on = Everywhere,
     .needs = nullptr,
     .control = kPinAfterFork},
    {.name = "gup-fast-no-exclusive-test",
     .id = nullptr,
     .upstream = nullptr,
     .fixed_in = nullptr,
     .summary = "the exclusive test of read-only pins, in the lockless walk alone",
     .cuts = CutsOf(CUT_GUP_FAST_UNSHARE),
     .oracle = "exclusive-when-pinned",
     .bites_on = Everywhere,
     .needs = nullptr,
     .control = kPinAfterFork},
    {.name = "cow-breaks-either-way",
     .id = "C6",
     .upstream = "17839856fd58",
     .fixed_in = "5.8",
     .summary = "5.7: no early copy, no unsharing, and the map count decides who copies",
     .cuts = CutsOf(CUT_FORK_EARLY_COPY, CUT_GUP_FAST_UNSHARE, CUT_GUP_SLOW_UNSHARE,
                    CUT_WP_EXCLUSIVE, CUT_WP_COUNT),
     .oracle = "exclusive-when-pinned",
     .bites_on = Everywhere,
     .needs = nullptr,
     .control = "map 0 rw\n"
                "cpu 0\n pin 0\n fork\n write 0\n read-pinned\n"
                "cpu 1 mm 1\n read 0\n"},
    {.name = "cow-by-count",
     .id = nullptr,
     .upstream = "6c287605fd56",
     .fixed_in = "5.19",
     .summary = "5.9 to 5.18: a reference makes the write copy, away from a read-only pin as well",
     .cuts = CutsOf(CUT_WP_EXCLUSIVE),
     .oracle = "no-lost-write",
     .bites_on = Everywhere,
     .needs = nullptr,
     .control = "map 0 ro\n"
                "cpu 0\n pin 0\n read-pinned\n"
                "cpu 1\n write 0\n"},
    {.name = "soft-dirty-ignores-pins",
     .id = "C5",
     .upstream = "9348b73c2e1b",
     .fixed_in = "5.11",
     .summary =
         "clear_refs write-protects pinned pages; without PageAnonExclusive the write copies",
     .cuts = CutsOf(CUT_SOFT_DIRTY_PINNED, CUT_WP_EXCLUSIVE),
     .oracle = "no-lost-write",
     .bites_on = Everywhere,
     .needs = nullptr,
     .control = "map 0 rw\n"
                "cpu 0\n pin 0 write\n write 0\n write-pinned\n"
                "cpu 1\n soft-dirty\n"},
    {.name = "no-fork-flush",
     .id = nullptr,
     .upstream = nullptr,
     .fixed_in = nullptr,
     .summary = "fork flushes no TLB of the parent: its CPUs write on to what the child reads",
     .cuts = CutsOf(CUT_FORK_FLUSH),
     .oracle = "no-lost-write",
     .bites_on = Everywhere,
     .needs = nullptr,
     .control = "map 0 rw\n"
                "cpu 0\n write 0\n write 0\n"
                "cpu 1\n fork\n"
                "cpu 2 mm 1\n read 0\n"},
    {.name = "no-cow-flush",
     .id = nullptr,
     .upstream = nullptr,
     .fixed_in = nullptr,
     .summary = "copy-on-write flushes nothing: other CPUs read on from the old page",
     .cuts = CutsOf(CUT_WP_FLUSH),
     .oracle = "no-lost-write",
     .bites_on = Everywhere,
     .needs = nullptr,
     .control = "map 0 rw\n"
                "cpu 0\n fork\n read 0\n read 0\n"
                "cpu 1\n write 0\n"
                "cpu 2 mm 1\n"},
    {.name = "no-mprotect-flush",
     .id = nullptr,
     .upstream = nullptr,
     .fixed_in = nullptr,
     .summary =
         "a change of protection flushes nothing; the page is the same, and no content is lost",
     .cuts = CutsOf(CUT_MPROTECT_FLUSH),
     .oracle = nullptr,
     .bites_on = Nowhere,
     .needs = nullptr,
     .control = "map 0 rw\n"
                "cpu 0\n write 0\n write 0\n read 0\n"
                "cpu 1\n mprotect 0\n"},
    {.name = "no-exclusive-barriers",
     .id = "C2",
     .upstream = "088b8aa537c2",
     .fixed_in = "6.1",
     .summary =
         "the barrier between a read-only pin and its exclusive test (one of the fix's four)",
     .cuts = CutsOf(CUT_EXCLUSIVE_BARRIER),
     .oracle = nullptr,
     .bites_on = Nowhere,
     .needs = "weak-memory",
     .control = kPinAfterFork},
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
