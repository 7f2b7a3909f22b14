#include "paths/variants.h"

#include <algorithm>
#include <cstring>

#include "base/rows.h"
#include "kernel/tlb.h"
#include "paths/variant_conditions.h"

namespace walkrace {
namespace {

Cuts active_cuts;

constexpr char kGetAgainstCollapse[] =
    "map 0 rw\n"
    "cpu 0\n get 0 write\n write-pinned\n unpin\n"
    "cpu 1\n collapse 0-7\n";
constexpr char kPinAgainstCollapse[] =
    "cpu 0\n pin 0-1 write\n write-pinned\n unpin\n"
    "cpu 1\n collapse 0-7\n";

constexpr char kPinAfterFork[] =
    "map 0 rw\n"
    "cpu 0\n fork\n pin 0\n"
    "cpu 1 mm 1\n read 0\n";

// A read-only entry of an exclusive page, which is as it was when KSM has shared the page.
constexpr char kPinAgainstKsm[] =
    "map none\n"
    "cpu 0\n fault 0\n fault 1\n reclaim 0\n read 0\n pin 0\n"
    "cpu 1\n ksm 0-1\n";
constexpr char kPinAgainstFork[] =
    "map 0 rw\n"
    "cpu 0\n pin 0\n"
    "cpu 1\n fork\n"
    "cpu 2 mm 1\n read 0\n";

constexpr VariantRow kRows[] = {
    {.name = "collapse-race",
     .id = "A1",
     .upstream = "70cbc3cc78a9",
     .fixed_in = "6.0",
     .summary = "the seed's kernel: neither the pmd re-check nor the table sync in collapse",
     .cuts = {"pmd-recheck", "table-sync"},
     .oracle = "no-pinned-page-freed",
     .oracle_of_deposit = "no-table-use-after-free",
     .bites_on = WhereCollapseFlushWaitsForNobody,
     .control = kPinAgainstCollapse},
    {.name = "no-pmd-recheck",
     .id = "A1",
     .upstream = "70cbc3cc78a9",
     .summary = "the pmd re-check alone; the table sync waits for every walker, where there is one",
     .cuts = {"pmd-recheck"},
     .oracle = "no-pinned-page-freed",
     .bites_on = WhereCollapseWaitsForNobody,
     .control = kPinAgainstCollapse},
    {.name = "no-pmd-recheck-mremap",
     .id = "A1",
     .upstream = "70cbc3cc78a9",
     .fixed_in = "6.0",
     .summary =
         "the same against mremap, which moves the table with all that is in it: the pte reads "
         "as before after the page has gone from its new address",
     .cuts = {"pmd-recheck"},
     .oracle = "no-stale-page",
     .bites_on = WhereMovedTablesAreWalkedOn,
     .control = "map 0 rw\ncpu 0\n get 0\n"
                "cpu 1\n mremap 0-7\n zap 8\n fault 8\n"},
    {.name = "no-table-sync",
     .id = "A2",
     .upstream = "2ba99c5e0881",
     .fixed_in = "6.1",
     .summary = "the table sync alone; a zap frees the deposited table at once",
     .cuts = {"table-sync"},
     .oracle = "no-table-use-after-free",
     .bites_on = WhereTheSyncAloneWaits,
     .control = "cpu 0\n get 0-1\n"
                "cpu 1\n collapse 0-7\n zap 0-7\n"},
    {.name = "no-pte-recheck",
     .summary = "the pte re-read; zap and reuse of the folio in between",
     .cuts = {"pte-recheck"},
     .oracle = "no-stale-page",
     .bites_on = WhereFlushWaitsForNobody,
     .control = "cpu 0\n get 0\n"
                "cpu 1\n zap 0\n fault 2\n"},
    {.name = "count-before-clear",
     .summary = "collapse looks at the counts before it clears the pmd, and not after",
     .cuts = {"count-after-clear"},
     .oracle = "no-pinned-page-freed",
     .bites_on = Everywhere,
     .control = kPinAgainstCollapse},
    {.name = "add-not-unless-zero",
     .id = "B3",
     .upstream = "fa2690af573d",
     .summary = "a speculative reference is taken on a count of zero as well: what kernels for one "
                "CPU did (TINY_RCU), and no release for more",
     .cuts = {"unless-zero"},
     .oracle = "counts-conserved",
     .bites_on = WhereFlushWaitsForNobody,
     .control = "cpu 0\n get 0\n"
                "cpu 1\n zap 0\n"},
    {.name = "no-put-on-failed-recheck",
     .summary = "the reference is not put back when the re-check fails",
     .cuts = {"put-on-recheck"},
     .oracle = "counts-conserved",
     .bites_on = Everywhere,
     .control = "cpu 0\n get 0\n unpin\n"
                "cpu 1\n zap 0\n"},
    {.name = "no-collapse-flush",
     .summary = "the collapse flush invalidates no TLB entry; its interrupts still happen",
     .cuts = {"collapse-tlb-flush"},
     .oracle = "tlb-coherent",
     .bites_on = Everywhere,
     // Reads alone: a write that came between copy and free would be lost before anything is freed.
     .control = "cpu 0\n read 0\n read 1\n read 0\n read 1\n read 0\n"
                "cpu 1\n collapse 0-7\n"},
    {.name = "backoff-leaves-pmd-clear",
     .summary = "a collapse that backs off does not put the table back",
     .cuts = {"back-off-populate"},
     .oracle = "back-off-restores",
     .bites_on = Everywhere,
     .control = kPinAgainstCollapse},
    {.name = "fallback-with-irqs-off",
     .summary = "GUP takes mmap_lock before interrupts are on again; collapse waits for its IPI",
     .cuts = {"irq-restore"},
     .oracle = "progress",
     .bites_on = WhereCollapseInterrupts,
     .control = "cpu 0\n get 0-2\n"
                "cpu 1\n collapse 0-7\n"},
    {.name = "plain-pmd-reread",
     .id = "D3",
     .upstream = "20a004e7b017",
     .summary = "READ_ONCE of the pmd re-read: a plain C access, as in Linux 6.0 to 6.19",
     .cuts = {"pmd-read-once"},
     .oracle = "data-race",
     .bites_on = Everywhere,
     .needs = "tsan",
     .control = kPinAgainstCollapse},
    {.name = "walker-irqs-on",
     .id = "E1",
     .summary =
         "the walk under rcu_read_lock with interrupts on, and 6.0's collapse: A2 comes back "
         "where flushes send IPIs. With the table sync left in it does as well: that is one "
         "more IPI which waits for nobody",
     .cuts = {"walk-irqs-off", "table-sync"},
     .oracle = "no-table-use-after-free",
     .bites_on = WhereInterruptsOffHoldTables,
     .control = "map 0 rw\ncpu 0\n pin 0\n"
                "cpu 1\n collapse 0-7\n zap 0-7\n"},
    {.name = "walker-irqs-on-no-recheck",
     .id = "E1",
     .summary = "the same, and no pmd re-check: A1 where flushes send IPIs as well",
     .cuts = {"walk-irqs-off", "pmd-recheck"},
     .oracle = "no-pinned-page-freed",
     .oracle_of_deposit = "no-table-use-after-free",
     .bites_on = Everywhere,
     .control = "map 0 rw\ncpu 0\n pin 0\n"
                "cpu 1\n collapse 0-7\n"},
    {.name = "no-huge-pmd-recheck",
     .id = "E2",
     .summary = "the huge pmd's own re-read; zap of the huge page, and reuse for another region",
     .cuts = {"huge-pmd-recheck"},
     .oracle = "no-stale-page",
     .bites_on = WhereFlushWaitsForNobody,
     .control = "map-huge 0-7 rw\nmap 8 rw\n"
                "cpu 0\n get 0\n"
                "cpu 1\n zap 0-7\n collapse 8-15\n"},
    {.name = "undo-wrong-count",
     .id = "B9",
     .summary = "a failed re-check of a huge pmd puts back one reference of the batch, not all",
     .cuts = {"undo-all"},
     .oracle = "counts-conserved",
     .bites_on = Everywhere,
     .control = "map-huge 0-7 rw\n"
                "cpu 0\n get 0-1\n"
                "cpu 1\n zap 0-7\n"},
    {.name = "plain-pmd-clear",
     .id = "E3",
     .summary = "the atomic clear of the pmd in collapse: a plain C load and store, as in the "
                "generic fallback, against the walker's READ_ONCE",
     .cuts = {"pmd-clear-once"},
     .oracle = "data-race",
     .bites_on = Everywhere,
     .needs = "tsan",
     .control = kPinAgainstCollapse},
    {.name = "pte-loaded-twice",
     .id = "E4",
     .summary = "one load of the pte: tests on the first value, pfn and compare on the second",
     .cuts = {"pte-read-once"},
     .oracle = "checked-what-was-used",
     .bites_on = Everywhere,
     .control = "map 0 ro\n"
                "cpu 0\n get 0\n"
                "cpu 1\n fault 0\n"},
    {.name = "find-linux-pte-rereads-pmd",
     .id = "A11",
     .upstream = "13bd817bb884",
     .summary = "find_linux_pte: the table is taken from a second load of the pmd, which collapse "
                "has cleared meanwhile",
     .cuts = {"find-linux-pte-once"},
     .oracle = "no-table-use-after-free",
     .bites_on = WhereInterruptsOffHoldTables,
     .control = "cpu 0\n find-linux-pte 0\n"
                "cpu 1\n collapse 0-7\n"},
    {.name = "kvm-walk-irqs-on",
     .id = "D4",
     .upstream = "44187235cbcc",
     .fixed_in = "5.18",
     .fixed_later_on = "arm64",
     .fixed_later_in = "6.3",
     .summary =
         "KVM's walk of the host's tables with interrupts on (arm64's until e86fc1a3a3e9, 6.3), "
         "and the collapse of its time, without the table sync",
     .cuts = {"kvm-irqs-off", "table-sync"},
     .oracle = "no-table-use-after-free",
     .bites_on = WhereInterruptsOffHoldTables,
     .control = "map 0 rw\ncpu 0\n kvm-walk 0\n kvm-walk 0\n kvm-walk 0\n"
                "cpu 1\n collapse 0-7\n zap 0-7\n"},
    {.name = "kvm-walk-rereads",
     .id = "D4",
     .upstream = "44187235cbcc",
     .fixed_in = "5.18",
     .summary = "KVM's walk of the host's tables follows a second load of the entry that it tested",
     .cuts = {"kvm-read-once"},
     .oracle = "no-table-use-after-free",
     .bites_on = WhereInterruptsOffHoldTables,
     .control = "cpu 0\n kvm-walk 0\n"
                "cpu 1\n collapse 0-7\n"},
    {.name = "perf-walk-rereads",
     .id = "D4",
     .upstream = "8af26be06272",
     .summary =
         "perf's walk for a page size: each test of the pmd, and the way down, are of a load "
         "of their own",
     .cuts = {"perf-read-once"},
     .oracle = "no-table-use-after-free",
     .bites_on = WhereInterruptsOffHoldTables,
     .control = "cpu 0\n perf-page-size 0\n"
                "cpu 1\n collapse 0-7\n"},
    {.name = "zap-frees-before-flush",
     .summary = "mmu_gather frees the pages of a zap before it flushes their translations",
     .cuts = {"zap-flush-first"},
     .oracle = "tlb-coherent",
     .bites_on = Everywhere,
     .control = "cpu 0\n read 0\n read 0\n"
                "cpu 1\n zap 0\n"},
    {.name = "retract-without-rmap-lock",
     .id = "A3",
     .upstream = "8d3c106e19e8",
     .fixed_in = "6.1",
     .summary = "i_mmap_rwsem while a file's page table is retracted, which "
                "collapse_pte_mapped_thp() did not take; reclaim walks it by the rmap",
     .cuts = {"retract-i-mmap-lock"},
     .oracle = "no-table-use-after-free",
     .bites_on = Everywhere,
     .control = "map 0 rw\nbacking 0-7 file\n"
                "cpu 0\n reclaim-file 0\n"
                "cpu 1\n retract 0-7\n"},
    {.name = "mremap-trusts-pmd",
     .id = "A6",
     .upstream = "6fa1066fc5d0",
     .fixed_in = "6.12",
     .introduced_in = "6.6",
     .summary = "retraction under rmap and table locks alone (6.6 to 6.11), and the re-check of "
                "the pmd by which mremap of a whole table would notice it",
     .cuts = {"mremap-pmd-recheck", "retract-mmap-lock"},
     .oracle = "no-table-use-after-free",
     .bites_on = WhereMremapMovesTables,
     .control = "map 0 rw\nbacking 0-7 file\n"
                "cpu 0\n mremap 0-7\n"
                "cpu 1\n retract 0-7\n"},
    {.name = "collapse-without-notifier",
     .id = "A4",
     .upstream = "f268f6cf875f",
     .fixed_in = "6.1",
     .summary =
         "MMU notifiers while a file's page table is retracted: a guest goes on using a page "
         "that reclaim has freed",
     .cuts = {"retract-notifier"},
     .oracle = "no-lost-write",
     .bites_on = Everywhere,
     .control = "map 0 rw\nbacking 0-7 file\n"
                "cpu 0\n guest-read 0\n guest-read 0\n"
                "cpu 1\n retract 0-7\n reclaim-file 0\n"},
    {.name = "collapse-file-no-freeze",
     .summary = "collapse of file memory replaces a page without a look at its count",
     .cuts = {"collapse-file-freeze"},
     .oracle = "no-pinned-page-freed",
     .bites_on = Everywhere,
     .control = "map 0 rw\nbacking 0-7 file\n"
                "cpu 0\n pin 0 write\n write-pinned\n unpin\n"
                "cpu 1\n collapse-file 0-7\n"},
    {.name = "collapse-file-no-rollback",
     .summary = "a collapse of file memory that backs off leaves the huge page in the page cache",
     .cuts = {"collapse-file-rollback"},
     .oracle = "back-off-restores",
     .bites_on = Everywhere,
     .control = "map 0-1 rw\nbacking 0-7 file\n"
                "cpu 0\n get 1\n"
                "cpu 1\n collapse-file 0-7\n"},
    {.name = "collapse-file-copies-first",
     .summary = "collapse of file memory copies what it has unmapped before the flush that it has "
                "put off",
     .cuts = {"collapse-file-flush"},
     .oracle = "tlb-coherent",
     .bites_on = WhereUnmapFlushIsBatched,
     // Reads alone, as in no-collapse-flush.
     .control = "map 0 rw\nbacking 0-7 file\n"
                "cpu 0\n read 0\n read 0\n read 0\n"
                "cpu 1\n collapse-file 0-7\n"},
    {.name = "retract-no-table-sync",
     .id = "A2",
     .upstream = "2ba99c5e0881",
     .fixed_in = "6.1",
     .summary = "the table sync where collapse of file memory frees a table: at once, not by RCU",
     .cuts = {"retract-table-sync"},
     .oracle = "no-table-use-after-free",
     .bites_on = WhereTheSyncAloneWaits,
     .control = "map 0 rw\nbacking 0-7 file\n"
                "cpu 0\n get 0-1\n"
                "cpu 1\n khugepaged-file 0-7\n"},
    {.name = "punch-hole-takes-huge-page",
     .id = "B10",
     .upstream = "55ac8bbe358b",
     .fixed_in = "6.7",
     .summary =
         "the split of a huge page that a hole meets late, which collapse has just made: the "
         "whole of it is truncated",
     .cuts = {"undo-range-split"},
     .oracle = "no-lost-write",
     .bites_on = Everywhere,
     .control = "map 1 rw\nbacking 0-7 file\n"
                "cpu 0\n punch-hole 0\n"
                "cpu 1\n collapse-file 0-7\n read 1\n"},
    {.name = "unshare-no-sync",
     .id = "A7",
     .upstream = "1013af4f585f",
     .fixed_in = "6.16",
     .summary =
         "the table sync when hugetlb stops to share a pmd table; the other mm fills it, and "
         "no walker looks at the pud again",
     .cuts = {"unshare-sync"},
     .oracle = "no-stale-page",
     .bites_on = WhereTheSyncAloneHoldsUnshare,
     .control = "map 8-15 rw\nbacking 8-15 hugetlb\n"
                "cpu 0\n get 8\n"
                "cpu 1\n hugetlb-unmap 8-15\n"
                "cpu 2 mm 1\n hugetlb-unmap 8-15\n fault 8\n"},
    {.name = "unmap-stays-shareable",
     .summary = "that hugetlb's unmapping takes the right to share away in the same hold of "
                "i_mmap_rwsem (__unmap_hugepage_range_final)",
     .cuts = {"unmap-ineligible"},
     .oracle = "no-lost-write",
     .bites_on = Everywhere,
     .control = "map 8-15 rw\nbacking 8-15 hugetlb\n"
                "cpu 0\n hugetlb-unshare 8-15\n write 9\n"
                "cpu 1 mm 1\n hugetlb-unmap 8-15\n"},
    {.name = "unshare-no-flush",
     .id = "A17",
     .upstream = "a4a118f2eead",
     .fixed_in = "5.16",
     .summary = "the TLB flush when hugetlb stops to share a pmd table",
     .cuts = {"unshare-flush"},
     .oracle = "no-lost-write",
     .bites_on = Everywhere,
     .control = "map 8-15 rw\nbacking 8-15 hugetlb\n"
                "cpu 0\n write 8\n write 8\n"
                "cpu 1\n hugetlb-unmap 8-15\n"
                "cpu 2 mm 1\n read 8\n"},
    {.name = "no-fork-seqcount",
     .id = "C1",
     .upstream = "57efa1fe5957",
     .fixed_in = "5.11",
     .summary = "GUP-fast does not look at write_protect_seq: fork counts the pins, then protects",
     .cuts = {"fork-seqcount"},
     .oracle = "exclusive-when-pinned",
     .bites_on = Everywhere,
     .control = "map 0 rw\n"
                "cpu 0\n pin 0 write\n"
                "cpu 1\n fork\n"
                "cpu 2 mm 1\n read 0\n"},
    {.name = "fork-ignores-pins",
     .upstream = "70e806e4e645",
     .fixed_in = "5.9",
     .summary = "fork shares a page that may be pinned instead of copying it for the child",
     .cuts = {"fork-early-copy"},
     .oracle = "exclusive-when-pinned",
     .bites_on = Everywhere,
     .control = "map 0 rw\n"
                "cpu 0\n pin 0 write\n fork\n"
                "cpu 1 mm 1\n read 0\n"},
    {.name = "no-unshare",
     .id = "C6",
     .upstream = "a7f226604170",
     .fixed_in = "5.19",
     .summary = "a read-only pin takes a page that fork shares as it is, in both walks",
     .cuts = {"gup-fast-unshare", "gup-slow-unshare"},
     .oracle = "exclusive-when-pinned",
     .bites_on = Everywhere,
     .control = kPinAfterFork},
    {.name = "gup-fast-no-exclusive-test",
     .summary = "the exclusive test of read-only pins, in the lockless walk alone",
     .cuts = {"gup-fast-unshare"},
     .oracle = "exclusive-when-pinned",
     .bites_on = Everywhere,
     .control = kPinAfterFork},
    {.name = "cow-breaks-either-way",
     .id = "C6",
     .upstream = "17839856fd58",
     .fixed_in = "5.8",
     .summary = "5.7: no early copy, no unsharing, and the map count decides who copies",
     .cuts = {"fork-early-copy", "gup-fast-unshare", "gup-slow-unshare", "wp-exclusive",
              "wp-count"},
     .oracle = "exclusive-when-pinned",
     .bites_on = Everywhere,
     .control = "map 0 rw\n"
                "cpu 0\n pin 0\n fork\n write 0\n read-pinned\n"
                "cpu 1 mm 1\n read 0\n"},
    {.name = "cow-by-count",
     .upstream = "6c287605fd56",
     .fixed_in = "5.19",
     .summary = "5.9 to 5.18: a reference makes the write copy, away from a read-only pin as well",
     .cuts = {"wp-exclusive"},
     .oracle = "no-lost-write",
     .bites_on = Everywhere,
     .control = "map 0 ro\n"
                "cpu 0\n pin 0\n read-pinned\n"
                "cpu 1\n write 0\n"},
    {.name = "soft-dirty-ignores-pins",
     .id = "C5",
     .upstream = "9348b73c2e1b",
     .fixed_in = "5.11",
     .summary =
         "clear_refs write-protects pinned pages; without PageAnonExclusive the write copies",
     .cuts = {"soft-dirty-pinned", "wp-exclusive"},
     .oracle = "no-lost-write",
     .bites_on = Everywhere,
     .control = "map 0 rw\n"
                "cpu 0\n pin 0 write\n write 0\n write-pinned\n"
                "cpu 1\n soft-dirty\n"},
    {.name = "no-fork-flush",
     .summary = "fork flushes no TLB of the parent: its CPUs write on to what the child reads",
     .cuts = {"fork-flush"},
     .oracle = "no-lost-write",
     .bites_on = Everywhere,
     .control = "map 0 rw\n"
                "cpu 0\n write 0\n write 0\n"
                "cpu 1\n fork\n"
                "cpu 2 mm 1\n read 0\n"},
    {.name = "no-cow-flush",
     .summary = "copy-on-write flushes nothing: other CPUs read on from the old page",
     .cuts = {"wp-flush"},
     .oracle = "no-lost-write",
     .bites_on = Everywhere,
     .control = "map 0 rw\n"
                "cpu 0\n fork\n read 0\n read 0\n"
                "cpu 1\n write 0\n"
                "cpu 2 mm 1\n"},
    {.name = "no-mprotect-flush",
     .summary =
         "a change of protection flushes nothing; the page is the same, and no content is lost",
     .cuts = {"mprotect-flush"},
     .bites_on = Nowhere,
     .control = "map 0 rw\n"
                "cpu 0\n write 0\n write 0\n read 0\n"
                "cpu 1\n mprotect 0\n"},
    {.name = "no-exclusive-barriers",
     .id = "C2",
     .upstream = "088b8aa537c2",
     .fixed_in = "6.1",
     .summary =
         "the barrier between a read-only pin and its exclusive test (one of the fix's four)",
     .cuts = {"exclusive-barrier"},
     .oracle = "exclusive-when-pinned",
     .bites_on = WhereFlushWaitsForNobody,
     .rare = true,
     .needs = "weak-memory",
     .control = kPinAgainstKsm},
    {.name = "generic-collapse-flush",
     .id = "E5",
     .summary =
         "s390's own pmdp_collapse_flush: the generic one clears the pmd by a load and a store",
     .cuts = {"two-step-clear"},
     .bites_on = Nowhere,
     .needs = "weak-memory",
     .control = kPinAgainstCollapse},
    {.name = "reference-relaxed-no-sync",
     .id = "A1",
     .summary = "GUP's reference is a relaxed read-modify-write, and collapse waits for no walker",
     .cuts = {"reference-order", "table-sync"},
     .oracle = "no-pinned-page-freed",
     .oracle_of_deposit = "no-table-use-after-free",
     .bites_on = WhereCollapseFlushWaitsForNobody,
     .needs = "weak-memory",
     .control = kGetAgainstCollapse},
    {.name = "pin-relaxed-no-sync",
     .summary = "the same with smp_mb__after_atomic() behind it, as a pin has it",
     .cuts = {"reference-order", "table-sync"},
     .oracle = "no-table-use-after-free",
     .bites_on = WhereTheDepositAloneHurts,
     .needs = "weak-memory",
     .control = kPinAgainstCollapse},
    {.name = "reference-relaxed",
     .summary = "GUP's reference is a relaxed read-modify-write",
     .cuts = {"reference-order"},
     .oracle = "no-pinned-page-freed",
     .bites_on = WhereCollapseWaitsForNobody,
     .needs = "weak-memory",
     .control = kGetAgainstCollapse},
    {.name = "pin-no-barrier",
     .summary = "no smp_mb__after_atomic() behind the pin: the reference before it is a full one",
     .cuts = {"pin-barrier"},
     .bites_on = Nowhere,
     .needs = "weak-memory",
     .control = kPinAgainstCollapse},
    {.name = "clear-no-barrier-no-sync",
     .id = "A1",
     .summary =
         "the clear and its flush are no barrier, and collapse waits for no walker: the page lock "
         "that it takes before it counts is one",
     .cuts = {"clear-barrier", "table-sync"},
     .oracle = "no-table-use-after-free",
     .bites_on = WhereTheDepositAloneHurts,
     .needs = "weak-memory",
     .control = kGetAgainstCollapse},
    {.name = "clear-no-barrier",
     .summary = "the clear and its flush are no barrier",
     .cuts = {"clear-barrier"},
     .bites_on = Nowhere,
     .needs = "weak-memory",
     .control = kGetAgainstCollapse},
    {.name = "flush-for-a-barrier",
     .id = "D5",
     .upstream = "088b8aa537c2",
     .fixed_in = "6.1",
     .summary =
         "no full barrier between the cleared entry and the look at the pins: the flush, which "
         "may be skipped or deferred, has to do (one of the fix's four)",
     .cuts = {"unmap-barrier"},
     .oracle = "exclusive-when-pinned",
     .or_oracle = "no-pinned-page-freed",
     .bites_on = WhereTheEmptyEntryIsStoredLast,
     .needs = "weak-memory",
     .control = "cpu 0\n pin 0 write\n write-pinned\n unpin\n"
                "cpu 1\n reclaim 0\n"},
    {.name = "share-no-barrier",
     .id = "C2",
     .upstream = "088b8aa537c2",
     .fixed_in = "6.1",
     .summary = "no barrier between the cleared PageAnonExclusive and the entry that is put back "
                "(one of the "
                "fix's four)",
     .cuts = {"share-barrier"},
     .oracle = "exclusive-when-pinned",
     .bites_on = WhereFlushWaitsForNobody,
     .rare = true,
     .needs = "weak-memory",
     .control = kPinAgainstKsm},
    {.name = "split-no-barrier",
     .summary = "no full barrier between the invalid huge entry and the split's look at the pins",
     .cuts = {"split-unmap-barrier"},
     .bites_on = Nowhere,
     .needs = "weak-memory",
     .control = "map-huge 0-7 rw\n"
                "cpu 0\n pin 0 write\n"
                "cpu 1\n split 0\n"},
    {.name = "split-tail-no-barrier",
     .summary = "no write barrier between what a tail becomes and that it is no tail any more",
     .cuts = {"tail-barrier"},
     .bites_on = Nowhere,
     .needs = "weak-memory",
     .control = "map-huge 0-7 rw\n"
                "cpu 0\n get 1\n get 2\n"
                "cpu 1\n split 0\n"},
    {.name = "fork-begin-no-barrier",
     .summary = "no write barrier between fork's odd sequence and its look at the pins",
     .cuts = {"fork-begin-barrier"},
     .bites_on = Nowhere,
     .needs = "weak-memory",
     .control = kPinAgainstFork},
    {.name = "fork-end-no-barrier",
     .summary = "no write barrier between fork's write-protection and its even sequence",
     .cuts = {"fork-end-barrier"},
     .oracle = "exclusive-when-pinned",
     .bites_on = Everywhere,
     .needs = "weak-memory",
     .control = kPinAgainstFork},
    {.name = "madv-free-no-read-barrier",
     .id = "C3",
     .upstream = "6c8e2a256915",
     .fixed_in = "5.18",
     .summary = "no read barrier between the count of a lazily freed page and its dirty flag",
     .cuts = {"lazyfree-read-barrier"},
     .bites_on = Nowhere,
     .needs = "weak-memory",
     .control = "cpu 0\n get 0 write\n write-pinned\n unpin\n"
                "cpu 1\n madv-free 0\n reclaim 0\n"},
    {.name = "populate-no-barrier",
     .summary = "no write barrier between a new table and the pmd that leads to it",
     .cuts = {"populate-barrier"},
     .bites_on = Nowhere,
     .needs = "weak-memory",
     .control = "map none\n"
                "cpu 0\n get 0\n"
                "cpu 1\n fault 0\n"},
    {.name = "kvm-no-barriers",
     .summary = "no barriers around the sequence of invalidations",
     .cuts = {"invalidate-barriers"},
     .bites_on = Nowhere,
     .needs = "weak-memory",
     .control = "cpu 0\n guest-read 0\n guest-read 0\n"
                "cpu 1\n zap 0\n"},
    {.name = "kthread-no-barrier",
     .summary = "no full barrier between a CPU's bit in mm_cpumask and its first walk",
     .cuts = {"mask-barrier"},
     .bites_on = Nowhere,
     .needs = "weak-memory",
     .control = "cpu 0\n kthread 0\n"
                "cpu 1 mm 1\n read 0\n zap 0\n"},
    {.name = "lazy-no-barrier",
     .summary = "no full barrier between the end of lazy TLB and the flush of what was missed",
     .cuts = {"lazy-barrier"},
     .bites_on = Nowhere,
     .needs = "weak-memory",
     .control = "cpu 0\n read 0\n idle 0\n read 0\n"
                "cpu 1\n zap 0\n"},
    {.name = "split-pmd-no-flush",
     .summary = "the split of a huge pmd invalidates the entry and flushes nothing",
     .cuts = {"split-flush"},
     .oracle = "tlb-coherent",
     .bites_on = Everywhere,
     .control = "map-huge 0-7 rw\n"
                "cpu 0\n read 0\n read 1\n"
                "cpu 1\n split-pmd 0-7\n"},
    {.name = "tables-without-rcu",
     .id = "A8",
     .upstream = "9e52fc2b50de",
     .fixed_in = "4.14",
     .summary = "munmap frees tables as soon as they are flushed, without a grace period",
     .cuts = {"table-rcu"},
     .oracle = "no-table-use-after-free",
     .bites_on = WhereGracePeriodsAloneHoldTables,
     .control = "cpu 0\n get 0\n"
                "cpu 1\n munmap 0-7\n"},
    {.name = "torn-pte",
     .id = "D2",
     .summary = "the second read of the low half of a pte, and the pte re-check, which would close "
                "it: a frame that the entry never had (the GUP of x86 before 4.13 had no re-check)",
     .cuts = {"pte-low-again", "pte-recheck"},
     .oracle = "no-stale-page",
     .bites_on = WherePtesAreTwoWords,
     .control = "map 0-8 rw\n"
                "cpu 0\n get 8\n"
                "cpu 1\n zap 8\n"},
    {.name = "torn-pmd",
     .id = "D2",
     .upstream = "1180e732c985",
     .fixed_in = "6.2",
     .summary = "the second read of the low half of a pmd: collapse empties the entry between the "
                "halves, and what they make together links to no table",
     .cuts = {"pmd-low-again"},
     .oracle = "no-table-use-after-free",
     .bites_on = WhereTornPmdsShow,
     .control = "map 0 rw\ncpu 0\n get 0\n"
                "cpu 1\n collapse 0-7\n"},
    {.name = "no-head-recheck",
     .id = "B1",
     .upstream = "c24d37322548",
     .fixed_in = "5.14",
     .summary =
         "the head is not read again after the reference; a split makes the page its own head",
     .cuts = {"head-recheck"},
     .oracle = "no-stale-page",
     .bites_on = WhereFlushWaitsForNobody,
     .control = "map 0-7 rw\nbacking 0-7 compound\n"
                "cpu 0\n get 1\n"
                "cpu 1\n split 0\n"},
    {.name = "refcount-wraps",
     .id = "B2",
     .upstream = "8fde12ca79af",
     .fixed_in = "5.1",
     .summary = "a reference is taken on a count that is negative, until it wraps to zero: a put "
                "frees what others have pinned",
     .cuts = {"ref-overflow"},
     .oracle = "no-pinned-page-freed",
     .bites_on = Everywhere,
     .control = "map 0 rw\n"
                "cpu 0\n pin 0\n pin 0\n pin 0\n pin 0\n"
                "cpu 1\n pin 0\n pin 0\n pin 0\n pin 0\n zap 0\n"},
    {.name = "secretmem-by-lru",
     .id = "B6",
     .upstream = "65291dcfcf89",
     .fixed_in = "6.9",
     .introduced_in = "5.14",
     .summary = "GUP-fast knows secretmem only where PG_lru is set, which it is not while the page "
                "waits in a folio batch",
     .cuts = {"secretmem-lru"},
     .oracle = "no-forbidden-page",
     .bites_on = Everywhere,
     .control = "map 1 rw\nbacking 0-7 secretmem\n"
                "cpu 0\n get 0\n"
                "cpu 1\n fault 0\n"},
    {.name = "longterm-write-of-file",
     .id = "B7",
     .upstream = "a6e79df92e4a",
     .fixed_in = "6.5",
     .summary = "GUP-fast gives a page of a file with dirty tracking to a long-term pin for "
                "writing, of which its filesystem learns nothing",
     .cuts = {"fast-pin-allowed"},
     .oracle = "no-forbidden-page",
     .bites_on = Everywhere,
     .control = "map 0 rw\nbacking 0-7 dirty-tracked\n"
                "cpu 0\n pin 0 write longterm\n"},
    {.name = "offset-of-local-copy",
     .id = "D1",
     .upstream = "d3f7b1bb2040",
     .fixed_in = "5.9",
     .summary = "p?d_offset of the walker's own copy of an entry: where the level below is folded "
                "at run time, the next entry is read from the stack",
     .cuts = {"offset-lockless"},
     .oracle = "no-table-use-after-free",
     .bites_on = WhereLevelsFoldAtRunTime,
     .control = "levels 3\nmap 7-15 rw\nbacking 8-15 hugetlb\n"
                "cpu 0\n get 7-8\n"},
    {.name = "device-huge-no-recheck",
     .id = "B8",
     .upstream = "a9b6de77b1a3",
     .fixed_in = "4.18",
     .summary =
         "the re-read of a huge leaf of device memory; truncation finds the pages unused and "
         "gives them to another file",
     .cuts = {"device-recheck"},
     .oracle = "no-pinned-page-freed",
     .bites_on = WhereFlushWaitsForNobody,
     .control = "map 8-15 rw\nbacking 8-15 dax\n"
                "cpu 0\n get 8\n"
                "cpu 1\n dax-truncate 8-15\n"},
    {.name = "mapping-loaded-twice",
     .id = "B7",
     .summary =
         "one load of folio->mapping in GUP-fast: truncation empties it between its test and "
         "its use",
     .cuts = {"mapping-read-once"},
     .oracle = "checked-what-was-used",
     .bites_on = WhereFlushWaitsForNobody,
     .control = "map 0 rw\nbacking 0-7 dirty-tracked\n"
                "cpu 0\n pin 0 write longterm\n"
                "cpu 1\n truncate 0\n"},
    {.name = "migrate-no-recheck",
     .id = "C8",
     .summary = "the pte re-read, or its value kept in a register; migration in between",
     .cuts = {"pte-recheck"},
     .oracle = "no-pinned-page-freed",
     .bites_on = WhereFlushWaitsForNobody,
     .control = "cpu 0\n get 0 write\n write-pinned\n unpin\n"
                "cpu 1\n migrate 0\n"},
    {.name = "migrate-count-first",
     .summary = "migration looks at the counts before it clears the entries, and not after",
     .cuts = {"migrate-count-after-clear"},
     .oracle = "no-pinned-page-freed",
     .bites_on = Everywhere,
     .control = "cpu 0\n get 0 write\n write-pinned\n unpin\n"
                "cpu 1\n migrate 0\n"},
    {.name = "migrate-huge-count-first",
     .summary =
         "the same for a huge page that a pmd maps: the counts, and then the entry of the pmd",
     .cuts = {"migrate-count-after-clear"},
     .oracle = "no-pinned-page-freed",
     .bites_on = Everywhere,
     .control = "map-huge 0-7 rw\n"
                "cpu 0\n get 0 write\n write-pinned\n unpin\n"
                "cpu 1\n migrate 0\n"},
    {.name = "migrate-flush-late",
     .id = "C10",
     .upstream = "60bae7370896",
     .fixed_in = "6.0",
     .summary = "device migration flushes after it has dropped the table's lock, as up to 5.19",
     .cuts = {"migrate-vma-flush"},
     .oracle = "no-lost-write",
     .bites_on = Everywhere,
     .control = "cpu 0\n migrate-vma 0\n"
                "cpu 1\n read 0\n zap 0\n write 0\n read 0\n"},
    {.name = "swap-no-pin-test",
     .id = "C4",
     .upstream = "feb889fb40fa",
     .fixed_in = "5.11",
     .summary = "swap-out asks nowhere whether the page may be pinned",
     .cuts = {"swap-pin-test", "swap-pin-after-clear"},
     .oracle = "no-pinned-page-freed",
     .bites_on = Everywhere,
     .control = "cpu 0\n pin 0 write\n write-pinned\n unpin\n"
                "cpu 1\n reclaim 0\n"},
    {.name = "swap-pin-test-first",
     .id = "C4",
     .fixed_in = "5.19",
     .summary = "swap-out asks for pins before it clears the entry, and not after",
     .cuts = {"swap-pin-after-clear"},
     .oracle = "no-pinned-page-freed",
     .bites_on = Everywhere,
     .control = "cpu 0\n pin 0 write\n write-pinned\n unpin\n"
                "cpu 1\n reclaim 0\n"},
    {.name = "no-flush-batched-pending",
     .upstream = "3ea277194daa",
     .fixed_in = "4.13",
     .summary = "a zap does not flush what a reclaim has unmapped and not flushed yet",
     .cuts = {"flush-batched-pending"},
     .oracle = "no-lost-write",
     .bites_on = WhereUnmapFlushIsBatched,
     .control = "cpu 0\n reclaim 0\n"
                "cpu 1\n read 0\n zap 0\n write 0\n read 0\n"},
    {.name = "pageout-before-flush",
     .summary = "reclaim writes a page out before the flush that its unmapping has deferred",
     .cuts = {"pageout-flush"},
     .oracle = "no-lost-write",
     .bites_on = WhereUnmapFlushIsBatched,
     .control = "cpu 0\n write 0\n write 0\n read 0\n"
                "cpu 1\n reclaim 0\n"},
    {.name = "madv-free-no-count-check",
     .id = "C3",
     .upstream = "6c8e2a256915",
     .fixed_in = "5.18",
     .summary = "reclaim discards a page that was freed lazily without a look at its count",
     .cuts = {"lazyfree-count"},
     .oracle = "no-pinned-page-freed",
     .bites_on = Everywhere,
     .control = "cpu 0\n get 0 write\n write-pinned\n unpin\n"
                "cpu 1\n madv-free 0\n reclaim 0\n"},
    {.name = "madv-free-no-barrier",
     .id = "C3",
     .upstream = "6c8e2a256915",
     .fixed_in = "5.18",
     .summary = "no full barrier between the cleared entry and the look at the count",
     .cuts = {"lazyfree-barrier"},
     .oracle = "no-pinned-page-freed",
     .bites_on = WhereTheEmptyEntryIsStoredLast,
     .needs = "weak-memory",
     .control = "cpu 0\n get 0 write\n write-pinned\n unpin\n"
                "cpu 1\n madv-free 0\n reclaim 0\n"},
    {.name = "ksm-count-first",
     .id = "C7",
     .summary = "KSM looks at the counts before it clears the entry, and not after",
     .cuts = {"ksm-count-after-clear"},
     .oracle = "no-pinned-page-freed",
     .bites_on = Everywhere,
     .control = "map none\n"
                "cpu 0\n fault 1\n read 0\n get 1 write\n"
                "cpu 1\n fault 0\n ksm 0-1\n"},
    {.name = "mremap-without-rmap-lock",
     .id = "A13",
     .upstream = "97113eb39fa7",
     .fixed_in = "5.14",
     .summary = "the rmap lock while mremap moves a whole table: reclaim that stands in the table "
                "clears the entry and flushes the address that the table has left",
     .cuts = {"mremap-rmap-lock"},
     .oracle = "tlb-coherent",
     .bites_on = WhereMremapMovesTables,
     .control = "map 0 rw\nbacking 0-7 file\n"
                "cpu 0\n reclaim-file 0\n"
                "cpu 1\n mremap 0-7\n read 8\n read 8\n read 8\n read 8\n read 8\n",
     // Linked, looked up, moved: mremap and reclaim hand over three times.
     .pct_depth = 4},
    {.name = "numa-clears-pmd",
     .id = "C12",
     .upstream = "ced108037c2a",
     .fixed_in = "4.11",
     .summary = "that NUMA hinting invalidates a huge pmd and never clears it: MADV_DONTNEED finds "
                "none in between, skips it, and the data survives",
     .cuts = {"numa-pmd-invalid"},
     .oracle = "no-lost-write",
     .bites_on = Everywhere,
     .control = "map-huge 0-7 rw\n"
                "cpu 0\n numa 0-7\n"
                "cpu 1\n zap 0-7\n read 0\n"},
    {.name = "madv-free-clears-pmd",
     .id = "C12",
     .upstream = "58ceeb6bec86",
     .fixed_in = "4.11",
     .summary = "the same of MADV_FREE, which makes the huge pmd clean",
     .cuts = {"madv-free-pmd-invalid"},
     .oracle = "no-lost-write",
     .bites_on = Everywhere,
     .control = "map-huge 0-7 rw\n"
                "cpu 0\n madv-free 0-7\n"
                "cpu 1\n zap 0-7\n read 0\n"},
    {.name = "numa-thp-in-place",
     .summary =
         "the migration entry in a huge pmd that moves on a NUMA fault: the pmd keeps its hint "
         "(3.13 to 5.13); the page's lock, and that GUP takes the fault, hold up the others",
     .cuts = {"numa-thp-by-entry"},
     .bites_on = Nowhere,
     .control = "map-huge 0-7 ro\n"
                "cpu 0\n pin 0 write\n write-pinned\n unpin\n write 1\n"
                "cpu 1\n numa 0-7\n numa-migrate 0\n"
                "cpu 2\n numa 0-7\n"},
    {.name = "numa-thp-gup",
     .id = "C9",
     .upstream = "2b4847e73004",
     .fixed_in = "3.13",
     .summary =
         "the same, and slow GUP looks for the hint before it takes the pmd's lock alone: it "
         "writes to the page that was copied already, and is gone when it is counted",
     .cuts = {"numa-thp-by-entry", "gup-slow-protnone"},
     .oracle = "no-lost-write",
     .bites_on = Everywhere,
     .control = "map-huge 0-7 ro\n"
                "cpu 0\n pin 0 write\n write-pinned\n unpin\n"
                "cpu 1\n numa 0-7\n numa-migrate 0\n"},
    {.name = "numa-thp-hint-unlocked",
     .id = "C9",
     .upstream = "3f926ab945b6",
     .fixed_in = "3.12",
     .summary = "the same, and another fault takes the hint back without the page's lock; the next "
                "scan makes the pmd what it was, and the migration goes on",
     .cuts = {"numa-thp-by-entry", "numa-page-lock"},
     .oracle = "no-lost-write",
     .bites_on = Everywhere,
     .control = "map-huge 0-7 rw\n"
                "cpu 0\n numa 0-7\n numa-migrate 0\n"
                "cpu 1\n write 0\n numa 0-7\n"},
    {.name = "lazy-cpus-walk-on",
     .id = "A9",
     .upstream = "3ef938c35035",
     .fixed_in = "6.15",
     .introduced_in = "4.20",
     .summary =
         "that pmdp_collapse_flush reaches CPUs with a lazy TLB: the hardware of one walks on "
         "in the table that retraction frees",
     .cuts = {"lazy-tlb-flush"},
     .oracle = "no-table-use-after-free",
     .bites_on = WhereFlushesSkipLazyCpus,
     .control = "map 0 rw\nbacking 0-7 file\n"
                "cpu 0\n idle 0\n idle 0\n idle 0\n idle 0\n"
                "cpu 1\n retract 0-7\n"},
    {.name = "cpumask-trimmed-whole",
     .id = "A10",
     .upstream = "a665eec0a22e",
     .fixed_in = "5.10",
     .introduced_in = "4.17",
     .summary =
         "that a CPU takes itself out of mm_cpumask, unless it uses the mm again by then: the "
         "flusher clears the mask, and a kernel thread that has just come is passed by",
     .cuts = {"trim-yourself"},
     .oracle = "tlb-coherent",
     .bites_on = WhereCpumasksAreTrimmed,
     .control = "map 0 rw\n"
                "cpu 0\n zap 0\n"
                "cpu 1 mm 1\n kthread 0\n kthread 0\n kthread 0\n kthread 0\n",
     .pct_depth = 5},
    {.name = "share-count-is-refcount",
     .id = "A16",
     .upstream = "59d9094df3d7",
     .fixed_in = "6.13",
     .summary =
         "a count of its own for the mms that share a pmd table of hugetlb: a scan's reference "
         "looks like a sharer, and the last mm leaves the table with its page",
     .cuts = {"share-count"},
     .oracle = "counts-conserved",
     .bites_on = Everywhere,
     .control = "map 8-15 rw\nbacking 8-15 hugetlb\n"
                "cpu 0\n hugetlb-unmap 8-15\n"
                "cpu 1\n pfn-scan\n"},
    {.name = "follow-page-table-lock",
     .id = "C11",
     .upstream = "fac35ba763ed",
     .fixed_in = "6.1",
     .summary =
         "that follow_page looks at a hugetlb entry of CONT-PTE size under mm->page_table_lock, "
         "which is its lock, and not under the lock of its table: migration does not notice it",
     .cuts = {"huge-pte-lock"},
     .oracle = "no-pinned-page-freed",
     .bites_on = Everywhere,
     .control = "map 8-15 rw\nbacking 8-15 hugetlb-cont\n"
                "cpu 0\n hugetlb-migrate 8-15\n"
                "cpu 1\n hugetlb-migrate 8-15\n",
     // One isolates before the other's lookup ends, whose entry is read before the clear and whose
     // reference is taken between the look at the count and the free.
     .pct_depth = 5},
    {.name = "follow-without-vma-lock",
     .id = "A18",
     .upstream = "eefc7fa53608",
     .fixed_in = "6.3",
     .summary = "the lock that keeps a pmd table of hugetlb shared, in slow walks: migration ends "
                "the sharing under one, and it goes on in the table of another mm",
     .cuts = {"follow-vma-lock"},
     .oracle = "no-stale-page",
     .bites_on = Everywhere,
     .control = "map 8-15 ro\nbacking 8-15 hugetlb\n"
                "cpu 0\n get 8 write\n"
                "cpu 1 mm 1\n hugetlb-migrate 8-15\n"},
    {.name = "no-huge-pud-recheck",
     .id = "E2",
     .summary = "the re-read of a huge pud after the references",
     .cuts = {"huge-pud-recheck"},
     .oracle = "no-pinned-page-freed",
     .bites_on = WhereFlushWaitsForNobody,
     .control = "map 8-15 rw\nbacking 8-15 hugetlb-pud\n"
                "cpu 0\n get 8\n"
                "cpu 1\n hugetlb-migrate 8-15\n"},
};

}  // namespace

const VariantRow* VariantRows(size_t* count) {
  *count = sizeof(kRows) / sizeof(kRows[0]);
  return kRows;
}

const VariantRow* FindVariant(const char* name) { return FindRow(kRows, name); }

bool BitesOn(const VariantRow& row, const Profile& profile) {
  return row.oracle != nullptr && row.bites_on(profile);
}

bool MayFireFirst(const VariantRow& row, const Profile& profile, const char* oracle) {
  if (!BitesOn(row, profile) || oracle == nullptr) return false;
  if (std::strcmp(oracle, row.oracle) == 0) return true;
  if (row.or_oracle != nullptr && std::strcmp(oracle, row.or_oracle) == 0) return true;
  return profile.deposit_writes_table && row.oracle_of_deposit != nullptr &&
         std::strcmp(oracle, row.oracle_of_deposit) == 0;
}

bool NeedsWeakMemory(const VariantRow& row) {
  return row.needs != nullptr && std::strcmp(row.needs, "weak-memory") == 0;
}

void AddCuts(const VariantRow& row, Cuts* cuts) {
  for (const wr_cut& cut : row.cuts) {
    const auto at = std::ranges::lower_bound(*cuts, cut.hash, {}, &wr_cut::hash);
    const bool there = at != cuts->end() && *at == cut;
    if (cut != wr_cut() && !there) cuts->insert(at, cut);
  }
}

void SetCuts(const Cuts& cuts) {
  active_cuts = cuts;
  wr_tlb_leave_out((is_cut("lazy-tlb-flush") ? WR_TLB_LAZY_CPUS : 0) |
                   (is_cut("trim-yourself") ? WR_TLB_TRIM_CHECK : 0) |
                   (is_cut("two-step-clear") ? WR_TLB_TWO_STEP_CLEAR : 0) |
                   (is_cut("clear-barrier") ? WR_TLB_CLEAR_BARRIER : 0));
}

}  // namespace walkrace

bool is_cut(wr_cut cut) {
  for (const wr_cut& active : walkrace::active_cuts) {
    if (active == cut) return true;
  }
  return false;
}
