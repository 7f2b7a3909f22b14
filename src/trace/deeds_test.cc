#include "trace/deeds.h"

#include <gtest/gtest.h>

#include "trace/trace_maker.h"

namespace walkrace {
namespace {

// Words of all events of a run.
std::string WordsOf(const TraceMaker& run, size_t names_max = 3) {
  Deeds deeds;
  const TraceView view = run.View();
  for (size_t i = 0; i < view.count; ++i) {
    deeds.AddFate(view.events[i]);
    deeds.AddSynchronisation(view.events[i]);
    deeds.AddSection(view.events[i]);
  }
  return deeds.Words(names_max);
}

TEST(Deeds, NameLocksOnceAndNotTooMany) {
  TraceMaker run(1);
  for (const char* lock : {"mmap_lock", "T0.ptl", "mmap_lock"}) {
    run.Step(0, "f", EventKind::kLock, lock);
    run.Step(0, "f", EventKind::kUnlock, lock);
  }
  EXPECT_EQ(WordsOf(run), "takes mmap_lock, T0.ptl");
  EXPECT_EQ(WordsOf(run, 1), "takes mmap_lock and 1 more");
  EXPECT_EQ(WordsOf(run, 0), "locks");
}

TEST(Deeds, NameFlushesAndTheirInterrupts) {
  TraceMaker run(3);
  run.Step(0, "f", EventKind::kTlb, "", 0, 4, kTlbFlushOwn);
  run.Step(0, "f", EventKind::kTlb, "", 4, 8, kTlbFlushAll);
  run.Step(0, "f", EventKind::kTlb, "", 12, 13, kTlbFlushAll);
  run.Step(0, "f", EventKind::kTlb, "", 14, 15, kTlbFill);
  run.Step(0, "f", EventKind::kIpiSend, "", 0b101, 0b101);
  run.Step(0, "f", EventKind::kIpiWait, "", 0b101);
  run.Step(0, "f", EventKind::kIpiHandle, "", 1);
  EXPECT_EQ(WordsOf(run), "flushes pages 0-7, 12; IPI to CPUs 0, 2; IPI from CPU 1");
}

TEST(Deeds, NameKindsAloneWhereThereIsNoRoom) {
  TraceMaker run(3);
  run.Step(0, "f", EventKind::kLock, "mmap_lock");
  run.Step(0, "f", EventKind::kTlb, "", 0, 4, kTlbFlushOwn);
  run.Step(0, "f", EventKind::kIpiSend, "", 0b110, 0b110);
  run.Step(0, "f", EventKind::kIpiWait, "", 0b110);
  run.Step(0, "f", EventKind::kRcuCall);
  run.Note(0, "f", WR_NOTE_FOLIO_FREE, "folio1.refcount", 1, 0);
  EXPECT_EQ(WordsOf(run, 0), "locks; TLB flush; IPI; grace period");
  // A set of CPUs is short enough to be told whole.
  EXPECT_EQ(WordsOf(run, 1),
            "takes mmap_lock; flushes pages 0-3; IPI to CPUs 1-2; asks for a grace period; frees "
            "folio1");
}

TEST(Deeds, NameNoInterruptToNobody) {
  TraceMaker run(1);
  run.Step(0, "f", EventKind::kIpiSend, "", 0);
  run.Step(0, "f", EventKind::kIpiWait, "", 0);
  EXPECT_EQ(WordsOf(run), "");
}

TEST(Deeds, NameGracePeriods) {
  TraceMaker run(1);
  run.Step(0, "f", EventKind::kRcuCall);
  run.Step(0, "f", EventKind::kRcuDone);
  EXPECT_EQ(WordsOf(run), "asks for a grace period; grace period over");
}

TEST(Deeds, NameWhatOutlastsThem) {
  TraceMaker run(1);
  run.Step(0, "f", EventKind::kIrqOff);
  run.Step(0, "f", EventKind::kRcuLock);
  EXPECT_EQ(WordsOf(run), "interrupts off; rcu_read_lock");
  run.Step(0, "f", EventKind::kIrqOn);
  EXPECT_EQ(WordsOf(run), "rcu_read_lock");
  run.Step(0, "f", EventKind::kRcuUnlock);
  EXPECT_EQ(WordsOf(run), "");
}

TEST(Deeds, NameFoliosByNumber) {
  TraceMaker run(1);
  for (const int folio : {2, 1, 3, 7, 2}) {
    run.Note(0, "f", WR_NOTE_FOLIO_FREE, "folio1.refcount", folio, 0);
  }
  run.Note(0, "f", WR_NOTE_TABLE_FREE, "T0.pte[0]", 0x10a, 0);
  EXPECT_EQ(WordsOf(run), "frees folios 1-3, 7; frees table T0");
}

TEST(Deeds, LocksAloneAreNotWorthALine) {
  TraceMaker run(1);
  run.Step(0, "f", EventKind::kLock, "mmap_lock");
  run.Step(0, "f", EventKind::kRcuCall);
  Deeds deeds;
  deeds.AddSynchronisation(run.events()[0]);
  EXPECT_FALSE(deeds.AreWorthALine());
  deeds.AddSynchronisation(run.events()[1]);
  EXPECT_TRUE(deeds.AreWorthALine());
}

}  // namespace
}  // namespace walkrace
