// Named twins: one piece of a fix under a schedule that needs it, and the same schedule with the
// piece taken out, which the named oracle must catch. A preemption names the event that it stands
// before; where the code has drifted the test says so and the file can be made again by `walkrace
// hunt` and `minimize`.
#include <gtest/gtest.h>

#include <string>

#include "harness/harness_test_bed.h"
#include "harness/race_reports.h"

namespace walkrace {
namespace {

// Replays the schedule with `variants` cut.
Report ReplayWith(const WalkFile& file, const char* profile, const char* variants) {
  return Runner::Get().Replay(file.input, ContextOf(profile, variants).run);
}

void ExpectCaught(const char* walk, const char* profile, const char* variants, const char* oracle) {
  const WalkFile file = FileOf(walk);
  const Report report = ReplayWith(file, profile, variants);
  EXPECT_EQ(OracleOf(report), oracle) << "variant " << variants << " on " << profile
                                      << " is not caught: " << report.violation.message;
  EXPECT_EQ(DriftOfLastReplay(Runner::Get(), file), "");
}

void ExpectClean(const char* walk, const char* profile, const char* variants = "") {
  const WalkFile file = FileOf(walk);
  const Report report = ReplayWith(file, profile, variants);
  EXPECT_EQ(report.run.outcome, Outcome::kFinished);
  EXPECT_TRUE(report.clean()) << "variant '" << variants << "' on " << profile
                              << Paste(file.input.scenario, ContextOf(profile, variants), report);
}

// --- The seed's race: 70cbc3cc78a9 and 2ba99c5e0881 --------------------------------------------

// Collapse clears the pmd, flushes, and counts, all between the walker's load of the pte and its
// pin. Then the walker goes on.
constexpr char kPinBetweenCountAndCopy[] =
    "map 0 rw\n"
    "cpu 0\n"
    "  pin 0\n"
    "cpu 1\n"
    "  collapse 0-7\n"
    "preempt cpu 0 before event 11 to cpu 1 at try_get_folio update folio1.refcount\n"
    "preempt cpu 1 before event 31 to cpu 0 at __collapse_huge_page_copy store T0.pte[0]\n";

TEST(GupPteRange, BacksOffWhenPmdClearedBeforePin) {
  // The sync is out as well: the re-check alone must do it.
  ExpectClean(kPinBetweenCountAndCopy, "arm64", "no-table-sync");
  ExpectClean(kPinBetweenCountAndCopy, "x86-64-paravirt", "no-table-sync");
}

TEST(GupPteRange, ReturnsAReplacedPageWithoutThePmdRecheck) {
  ExpectCaught(kPinBetweenCountAndCopy, "arm64", "collapse-race", "no-pinned-page-freed");
  ExpectCaught(kPinBetweenCountAndCopy, "x86-64-paravirt", "collapse-race", "no-pinned-page-freed");
}

TEST(CollapseHugePage, WaitsForTheWalkerBeforeItCounts) {
  // The re-check is out: the sync alone must do it, and on x86-64 the flush.
  for (const char* profile : {"arm64", "x86-64-paravirt", "x86-64", "powerpc-hash"}) {
    ExpectClean(kPinBetweenCountAndCopy, profile, "no-pmd-recheck");
    ExpectClean(kPinBetweenCountAndCopy, profile);
  }
  ExpectClean(kPinBetweenCountAndCopy, "x86-64", "collapse-race");
  ExpectClean(kPinBetweenCountAndCopy, "powerpc-hash", "collapse-race");
}

// The walker has read the pmd and not yet the pte; collapse deposits the table, and a zap frees it.
constexpr char kTableFreedUnderTheWalker[] =
    "map 1 rw\n"
    "cpu 0\n"
    "  get 0\n"
    "cpu 1\n"
    "  collapse 0-7\n"
    "  zap 0-7\n"
    "preempt cpu 0 before event 6 to cpu 1 at gup_pte_range load T0.pte[0]\n";

TEST(CollapseHugePage, SyncsBeforeTheTableIsDeposited) {
  ExpectClean(kTableFreedUnderTheWalker, "arm64");
  ExpectClean(kTableFreedUnderTheWalker, "x86-64-paravirt");
  ExpectClean(kTableFreedUnderTheWalker, "x86-64", "no-table-sync");
}

TEST(CollapseHugePage, GivesTheTableAwayUnderAWalkerWithoutTheSync) {
  ExpectCaught(kTableFreedUnderTheWalker, "arm64", "no-table-sync", "no-table-use-after-free");
  ExpectCaught(kTableFreedUnderTheWalker, "x86-64-paravirt", "no-table-sync",
               "no-table-use-after-free");
}

// --- The pte re-check --------------------------------------------------------------------------

// Zap frees the page and a fault puts it to use elsewhere, between the load of the pte and the
// reference: the reference is good, the page is another one.
constexpr char kPageReusedBeforeTheReference[] =
    "map 0 rw\n"
    "cpu 0\n"
    "  get 0\n"
    "cpu 1\n"
    "  zap 0\n"
    "  fault 2\n"
    "preempt cpu 0 before event 9 to cpu 1 at try_get_folio update folio1.refcount\n";

TEST(GupPteRange, BacksOffWhenPteClearedBeforeReference) {
  for (const char* profile : {"arm64", "x86-64-paravirt", "powerpc-hash", "x86-64"}) {
    ExpectClean(kPageReusedBeforeTheReference, profile);
  }
}

TEST(GupPteRange, ReturnsAReusedPageWithoutThePteRecheck) {
  for (const char* profile : {"arm64", "x86-64-paravirt", "powerpc-hash"}) {
    ExpectCaught(kPageReusedBeforeTheReference, profile, "no-pte-recheck", "no-stale-page");
  }
  // The flush of the zap waits for the walk.
  ExpectClean(kPageReusedBeforeTheReference, "x86-64", "no-pte-recheck");
}

// --- Unless zero -------------------------------------------------------------------------------

constexpr char kPageFreedBeforeTheReference[] =
    "map 0 rw\n"
    "cpu 0\n"
    "  get 0\n"
    "cpu 1\n"
    "  zap 0\n"
    "preempt cpu 0 before event 9 to cpu 1 at try_get_folio update folio1.refcount\n";

TEST(TryGetFolio, LeavesACountOfZeroAlone) { ExpectClean(kPageFreedBeforeTheReference, "arm64"); }

TEST(TryGetFolio, BringsAFreePageToLifeWithoutTheZeroTest) {
  ExpectCaught(kPageFreedBeforeTheReference, "arm64", "add-not-unless-zero", "counts-conserved");
}

// --- Putting back ------------------------------------------------------------------------------

constexpr char kPteChangesAfterTheReference[] =
    "map 0 rw\n"
    "cpu 0\n"
    "  get 0\n"
    "cpu 1\n"
    "  zap 0\n"
    "preempt cpu 0 before event 12 to cpu 1 at gup_pte_range load T0.pte[0]\n";

TEST(GupPteRange, PutsTheReferenceBackWhenTheRecheckFails) {
  ExpectClean(kPteChangesAfterTheReference, "arm64");
  ExpectClean(kPteChangesAfterTheReference, "x86-64");
}

TEST(GupPteRange, LeaksTheReferenceWithoutThePut) {
  ExpectCaught(kPteChangesAfterTheReference, "arm64", "no-put-on-failed-recheck",
               "counts-conserved");
  ExpectCaught(kPteChangesAfterTheReference, "x86-64", "no-put-on-failed-recheck",
               "counts-conserved");
}

// --- Count after clear -------------------------------------------------------------------------

// A pin comes when collapse is about to clear the pmd.
constexpr char kPinBeforeTheClear[] =
    "map 0 rw\n"
    "cpu 0\n"
    "  collapse 0-7\n"
    "cpu 1\n"
    "  pin 0\n"
    "preempt cpu 0 before event 19 to cpu 1 at pmdp_collapse_flush update pmd[0]\n";

// The same place without the early count: the clear is the 7th event then.
constexpr char kPinBeforeTheClearUnmodified[] =
    "map 0 rw\n"
    "cpu 0\n"
    "  collapse 0-7\n"
    "cpu 1\n"
    "  pin 0\n"
    "preempt cpu 0 before event 7 to cpu 1 at pmdp_collapse_flush update pmd[0]\n";

TEST(CollapseHugePageIsolate, CountsAfterThePmdIsClear) {
  ExpectClean(kPinBeforeTheClear, "arm64");
  ExpectClean(kPinBeforeTheClearUnmodified, "arm64");
  EXPECT_EQ(DriftOfLastReplay(Runner::Get(), FileOf(kPinBeforeTheClearUnmodified)), "");
}

TEST(CollapseHugePageIsolate, MissesAPinWhenItCountsBeforeTheClear) {
  ExpectCaught(kPinBeforeTheClear, "arm64", "count-before-clear", "no-pinned-page-freed");
}

// --- Back-off ----------------------------------------------------------------------------------

constexpr char kPinnedPageInTheRegion[] =
    "map 0-1 rw\n"
    "cpu 0\n"
    "  pin 0\n"
    "cpu 1\n"
    "  collapse 0-7\n";

TEST(CollapseHugePage, PutsTheTableBackWhenItBacksOff) {
  for (const char* profile : {"arm64", "x86-64-paravirt", "x86-64", "powerpc-hash"}) {
    ExpectClean(kPinnedPageInTheRegion, profile);
  }
}

TEST(CollapseHugePage, LosesTheRegionWithoutThePopulate) {
  for (const char* profile : {"arm64", "x86-64-paravirt", "x86-64", "powerpc-hash"}) {
    ExpectCaught(kPinnedPageInTheRegion, profile, "backoff-leaves-pmd-clear", "back-off-restores");
  }
}

// --- The collapse flush ------------------------------------------------------------------------

// CPU 0 has the translation of page 0 in its TLB. Collapse interrupts it (its event 2), and copies
// the page; CPU 0 writes.
constexpr char kWriteThroughAnOldTranslation[] =
    "map 0 rw\n"
    "cpu 0\n"
    "  write 0\n"
    "  write 0\n"
    "  read 0\n"
    "cpu 1\n"
    "  collapse 0-7\n"
    "preempt cpu 0 before event 2 to cpu 1\n"
    "preempt cpu 0 before event 3 to cpu 1 at user_write store user memory\n";

TEST(CollapseHugePage, FlushesTranslationsBeforeItCopies) {
  for (const char* profile : {"arm64", "x86-64-paravirt", "x86-64", "powerpc-hash"}) {
    ExpectClean(kWriteThroughAnOldTranslation, profile);
  }
}

TEST(CollapseHugePage, LeavesATranslationOfAFreedPageWithoutTheFlush) {
  // powerpc-hash interrupts twice: another schedule.
  for (const char* profile : {"arm64", "x86-64-paravirt", "x86-64"}) {
    ExpectCaught(kWriteThroughAnOldTranslation, profile, "no-collapse-flush", "tlb-coherent");
  }
}

// --- Interrupts on again before mmap_lock ------------------------------------------------------

// GUP finds a hole and is about to take mmap_lock; collapse has it, and waits for CPU 0's
// acknowledgement.
constexpr char kFallBackWhileCollapseSyncs[] =
    "map 1 rw\n"
    "cpu 0\n"
    "  get 0\n"
    "cpu 1\n"
    "  collapse 0-7\n"
    "preempt cpu 0 before event 7 to cpu 1 at internal_get_user_pages_fast lock mmap_lock\n";

TEST(LocklessPagesFromMm, SwitchesInterruptsOnBeforeItFallsBack) {
  for (const char* profile : {"arm64", "x86-64-paravirt", "x86-64", "powerpc-hash"}) {
    ExpectClean(kFallBackWhileCollapseSyncs, profile);
  }
}

TEST(LocklessPagesFromMm, DeadlocksWithCollapseWhenItFallsBackWithInterruptsOff) {
  for (const char* profile : {"arm64", "x86-64-paravirt", "x86-64", "powerpc-hash"}) {
    ExpectCaught(kFallBackWhileCollapseSyncs, profile, "fallback-with-irqs-off", "progress");
  }
}

// --- READ_ONCE of the re-read ------------------------------------------------------------------

// Collapse changes the pmd, then the walker reads it again.
constexpr char kClearBeforeTheReread[] =
    "map 0 rw\n"
    "cpu 0\n"
    "  get 0\n"
    "cpu 1\n"
    "  collapse 0-7\n"
    "preempt cpu 0 before event 11 to cpu 1 at gup_pte_range load pmd[0]\n";

TEST(GupPteRange, RereadsThePmdWithReadOnce) { ExpectClean(kClearBeforeTheReread, "arm64"); }

TEST(GupPteRange, RacesWhereItRereadsThePmdPlainly) {
  if (!RaceDetectorPresent()) GTEST_SKIP() << "needs: tsan";
  ExpectCaught(kClearBeforeTheReread, "arm64", "plain-pmd-reread", "data-race");
}

// --- Collapse of file memory -------------------------------------------------------------------

constexpr char kPinnedFilePage[] =
    "map 0-1 rw\n"
    "backing 0-7 file\n"
    "cpu 0\n"
    "  pin 1 write\n"
    "  write-pinned\n"
    "cpu 1\n"
    "  collapse-file 0-7\n";

TEST(CollapseFile, BacksOffFromAPinnedPageAndPutsTheOthersBack) {
  for (const char* profile : {"arm64", "x86-64-paravirt", "x86-64", "powerpc-hash"}) {
    ExpectClean(kPinnedFilePage, profile);
  }
}

TEST(CollapseFile, ReplacesAPinnedPageWithoutTheFreeze) {
  for (const char* profile : {"arm64", "x86-64-paravirt", "x86-64", "powerpc-hash"}) {
    ExpectCaught(kPinnedFilePage, profile, "collapse-file-no-freeze", "no-pinned-page-freed");
  }
}

TEST(CollapseFile, LeavesTheHugePageBehindWithoutTheRollback) {
  for (const char* profile : {"arm64", "x86-64-paravirt", "x86-64", "powerpc-hash"}) {
    ExpectCaught(kPinnedFilePage, profile, "collapse-file-no-rollback", "back-off-restores");
  }
}

// The hole's walk, under i_mmap_rwsem alone, has read the pmd.
constexpr char kTableRetractedUnderAHole[] =
    "map 0 rw\n"
    "backing 0-7 file\n"
    "cpu 0\n"
    "  punch-hole 0\n"
    "cpu 1\n"
    "  collapse-file 0-7\n"
    "preempt cpu 0 before event 7 to cpu 1 at tlb_remove_table_sync_one ipi-handle\n"
    "preempt cpu 0 before event 9 to cpu 1 at zap_pte_range load T0.pte[0]\n";

TEST(RetractPageTables, WaitsForTheWalkOfAHole) { ExpectClean(kTableRetractedUnderAHole, "arm64"); }

TEST(RetractPageTables, FreesTheTableUnderTheWalkOfAHoleWithoutTheRmapLock) {
  ExpectCaught(kTableRetractedUnderAHole, "arm64", "retract-without-rmap-lock",
               "no-table-use-after-free");
}

// GUP-fast has read the pmd.
constexpr char kTableRetractedUnderAWalker[] =
    "map 0 rw\n"
    "backing 0-7 file\n"
    "cpu 0\n"
    "  get 0\n"
    "cpu 1\n"
    "  khugepaged-file 0-7\n"
    "preempt cpu 0 before event 6 to cpu 1 at gup_pte_range load T0.pte[0]\n";

TEST(RetractPageTables, SyncsBeforeTheTableIsFreed) {
  ExpectClean(kTableRetractedUnderAWalker, "arm64");
  ExpectClean(kTableRetractedUnderAWalker, "x86-64", "retract-no-table-sync");
}

TEST(RetractPageTables, FreesTheTableUnderAWalkerWithoutTheSync) {
  ExpectCaught(kTableRetractedUnderAWalker, "arm64", "retract-no-table-sync",
               "no-table-use-after-free");
}

// mremap has read the pmd; the variant lets khugepaged do without mmap_lock as well.
constexpr char kTableRetractedUnderMremap[] =
    "map 0 rw\n"
    "backing 0-7 file\n"
    "cpu 0\n"
    "  khugepaged-file 0-7\n"
    "cpu 1\n"
    "  mremap 0-7\n"
    "preempt cpu 0 before event 53 to cpu 1 at retract_page_tables lock i_mmap_rwsem\n"
    "preempt cpu 1 before event 18 to cpu 0 at tlb_remove_table_sync_one ipi-handle\n";

TEST(RetractPageTables, LeavesATableAloneThatMremapMoves) {
  ExpectClean(kTableRetractedUnderMremap, "arm64");
}

TEST(RetractPageTables, MremapMovesWhatIsNoTableAnyMoreWithoutItsRecheck) {
  ExpectCaught(kTableRetractedUnderMremap, "arm64", "mremap-trusts-pmd", "no-table-use-after-free");
}

// The other mm maps the huge page by ptes, and its guest reads it; khugepaged takes the table, the
// first mm unmaps the page, and reclaim frees it.
constexpr char kTableWithAGuestRetracted[] =
    "map 0 rw\n"
    "backing 0-7 file\n"
    "cpu 0\n"
    "  collapse-file 0-7\n"
    "  zap 0\n"
    "  reclaim-file 0\n"
    "cpu 1 mm 1\n"
    "  guest-read 0\n"
    "  khugepaged-file 0-7\n"
    "  guest-read 0\n"
    "preempt cpu 0 before event 85 to cpu 1 at collapse_file update folio32.flags\n"
    "preempt cpu 0 before event 86 to cpu 1 at tlb_remove_table_sync_one ipi-handle\n"
    "preempt cpu 0 before event 87 to cpu 1 at madvise_dontneed lock mmap_lock\n"
    "preempt cpu 1 before event 123 to cpu 0 at access_from_guest load user memory\n";

TEST(CollapsePteMappedThp, TellsTheGuestThatTheTableGoes) {
  ExpectClean(kTableWithAGuestRetracted, "arm64");
}

TEST(CollapsePteMappedThp, LeavesTheGuestAFreedPageWithoutTheNotifier) {
  ExpectCaught(kTableWithAGuestRetracted, "arm64", "collapse-without-notifier", "no-lost-write");
}

}  // namespace
}  // namespace walkrace
