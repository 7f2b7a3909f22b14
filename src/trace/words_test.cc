#include "trace/words.h"

#include <gtest/gtest.h>

#include "trace/trace_maker.h"

namespace walkrace {
namespace {

std::string Words(const TraceMaker& run, uint32_t index) {
  const TraceView view = run.View();
  return EventWords(view.events[index], &view.scenario);
}

TEST(EventName, SaysFunctionVerbAndObject) {
  TraceMaker run(1);
  run.Load(0, "gup_pte_range", "pmd[0]", kTable0);
  run.Rmw(0, "try_get_folio", "folio1.refcount", 1, 2);
  run.Step(0, "local_irq_save", EventKind::kIrqOff);
  EXPECT_EQ(EventName(run.events()[0]), "gup_pte_range load pmd[0]");
  EXPECT_EQ(EventName(run.events()[1]), "try_get_folio update folio1.refcount");
  EXPECT_EQ(EventName(run.events()[2]), "local_irq_save irq-off");
}

// A schedule names events that may not have happened yet: no value, no detail, and no folio of a
// user access, whose page is found only when it happens.
TEST(EventName, IsTheSameBeforeAndAfterTheEvent) {
  TraceMaker run(1);
  run.Store(0, "user_write", "folio1.content", 1, 2);
  Event before = run.events()[0];
  before.location = kNoLocation;
  before.before = before.after = 0;
  EXPECT_EQ(EventName(run.events()[0]), "user_write store user memory");
  EXPECT_EQ(EventName(before), "user_write store user memory");
}

TEST(EventName, NeverEndsInABlankAndHasNoHash) {
  for (int kind = 0; kind <= static_cast<int>(EventKind::kKindCount); ++kind) {
    Event event = {};
    event.kind = static_cast<EventKind>(kind);
    event.location = kNoLocation;
    const std::string name = EventName(event);
    EXPECT_FALSE(name.empty());
    EXPECT_EQ(name.find('#'), std::string::npos);
    EXPECT_NE(name.front(), ' ');
    EXPECT_NE(name.back(), ' ');
  }
}

TEST(EventWords, OfEntries) {
  TraceMaker run(1);
  EXPECT_EQ(Words(run, (run.Load(0, "f", "pmd[0]", kTable0), 0)), "load pmd[0]: T0");
  EXPECT_EQ(Words(run, run.Rmw(0, "f", "pmd[0]", kTable0, 0)), "clear pmd[0]: T0 -> none");
  EXPECT_EQ(Words(run, run.Store(0, "f", "pmd[0]", 0, kHugePmd)), "set pmd[0]: none -> folio32 rw");
  EXPECT_EQ(Words(run, run.Store(0, "f", "T0.pte[3]", 0x1025, kPteOfFolio1)),
            "change T0.pte[3]: folio1 ro -> folio1 rw");
}

TEST(EventWords, OfCountsFlagsAndContent) {
  TraceMaker run(1);
  EXPECT_EQ(Words(run, run.Rmw(0, "f", "folio1.refcount", 1, 1025)), "folio1.refcount 1 -> 1025");
  const uint32_t refused = run.Rmw(0, "f", "folio1.refcount", 0, 0);
  run.events()[refused].failed = true;
  EXPECT_EQ(Words(run, refused), "folio1.refcount stays 0");
  EXPECT_EQ(Words(run, run.Rmw(0, "f", "folio1.flags", 0x36, 0x37)), "folio1.flags: set locked");
  EXPECT_EQ(Words(run, run.Rmw(0, "f", "folio1.flags", 0x37, 0x35)), "folio1.flags: clear lru");
  EXPECT_EQ(Words(run, run.Rmw(0, "f", "folio1.flags", 1, 1)), "folio1.flags: no change");
  EXPECT_EQ(Words(run, run.Load(0, "copy_page", "folio1.content", 100)),
            "copy folio1.content: 100");
  EXPECT_EQ(Words(run, run.Load(0, "user_read", "folio1.content", 0xdeadbeefdeadbeef)),
            "load folio1.content: 0xdeadbeefdeadbeef");
}

TEST(EventWords, OfSynchronisation) {
  TraceMaker run(2);
  const auto words = [&](EventKind kind, std::string_view object, uint64_t before, uint64_t after,
                         uint8_t detail) {
    return Words(run, run.Step(0, "f", kind, object, before, after, detail));
  };
  EXPECT_EQ(words(EventKind::kLock, "mmap_lock", 0, 1, 1), "lock mmap_lock for reading");
  EXPECT_EQ(words(EventKind::kLock, "mmap_lock", 0, 1, 2), "lock mmap_lock for writing");
  EXPECT_EQ(words(EventKind::kUnlock, "pmd_lock", 1, 0, 0), "unlock pmd_lock");
  EXPECT_EQ(words(EventKind::kIpiSend, "", 0b101, 0b101, 0), "IPI to CPU 0, 2");
  EXPECT_EQ(words(EventKind::kIpiSend, "", 0, 0, 0), "IPI to nobody");
  EXPECT_EQ(words(EventKind::kIpiHandle, "", 1, 0, 0), "handles the IPI of CPU 1");
  EXPECT_EQ(words(EventKind::kRcuCall, "", 0b1, 0b1, 0), "call_rcu, waits for CPU 0");
  EXPECT_EQ(words(EventKind::kFence, "", 0, 0, 0), "full barrier");
  EXPECT_EQ(words(EventKind::kTlb, "", 0, 8, kTlbFlushAll), "flush every TLB, pages 0-7, no IPI");
  EXPECT_EQ(words(EventKind::kTlb, "", 3, 4, kTlbFlushOwn), "flush own TLB, page 3");
  EXPECT_EQ(words(EventKind::kTlb, "", 3, 0, kTlbPageFault), "page fault at page 3");
  EXPECT_EQ(words(EventKind::kTlb, "", 3, 5, kTlbFill), "TLB miss: page 3 is folio5");
}

TEST(EventWords, OfAUserAccessThatFaulted) {
  TraceMaker run(1);
  EXPECT_EQ(Words(run, run.Store(0, "user_write", "", 0, 0)),
            "user memory: not accessed, page fault");
}

TEST(EventWords, OfNotes) {
  TraceMaker run(1);
  ASSERT_TRUE(run.scenario().cpus[0].push_back({OperationKind::kCollapse, 8, 0, 0}));
  const auto words = [&](wr_note_kind what, std::string_view object, uint64_t a, uint64_t b) {
    return Words(run, run.Note(0, "collapse_huge_page", what, object, a, b));
  };
  const std::string_view count = "folio1.refcount";
  EXPECT_EQ(words(WR_NOTE_OP_BEGIN, "", 0, 4), "begins: collapse 8-15");
  EXPECT_EQ(words(WR_NOTE_OP_BEGIN, "", 7, 4), "begins: operation 7");
  EXPECT_EQ(words(WR_NOTE_GUP_BEGIN, "", AddressOf(2), uint64_t{0x40001} << 32 | 3),
            "GUP of 3 from page 2, FOLL_PIN|FOLL_WRITE");
  EXPECT_EQ(words(WR_NOTE_PAGE_RETURNED, count, AddressOf(0), 1), "returns folio1 for page 0");
  EXPECT_EQ(words(WR_NOTE_PAGE_PUT, count, AddressOf(0), 1), "puts back folio1 of page 0");
  EXPECT_EQ(words(WR_NOTE_COUNT_CHECK, count, AddressOf(0), 1), "checks: nobody else holds folio1");
  EXPECT_EQ(words(WR_NOTE_PAGE_REPLACED, count, AddressOf(0), 1),
            "replaces folio1 (page 0) by the huge page");
  EXPECT_EQ(words(WR_NOTE_BACKED_OFF, "", AddressOf(0), AddressOf(8)), "backs off, pages 0-7");
  EXPECT_EQ(words(WR_NOTE_FOLIO_FREE, count, 1, 0), "frees folio1");
  EXPECT_EQ(words(WR_NOTE_TABLE_FREE, "T0.pte[0]", 0x10a, 0), "frees table T0");
  EXPECT_EQ(words(WR_NOTE_ENTRY_READ, "T0.pte[0]", kPteOfFolio1, 0),
            "has read T0.pte[0] as folio1 rw");
  EXPECT_EQ(words(WR_NOTE_ENTRY_CHECKED, "T0.pte[0]", kAreaStart, kPteOfFolio1),
            "has tested T0.pte[0] as folio1 rw for page 0");
  EXPECT_EQ(words(WR_NOTE_PAGE_KEPT, "folio1.refcount", kAreaStart, 1), "keeps page 0: folio1");
  EXPECT_EQ(words(WR_NOTE_PAGE_KEPT, "folio1.refcount", kAreaStart, 0), "gives up page 0");
  EXPECT_EQ(words(WR_NOTE_PIN_WRITE, "folio1.content", AddressOf(0), 10100),
            "writes 10100 to page 0 (folio1) through its reference");
}

// Whatever the numbers: wild pfns, addresses outside of the area, kinds and notes that are none.
TEST(EventWords, NeverFailsOnWildEvents) {
  for (int kind = 0; kind <= 255; ++kind) {
    for (int detail = 0; detail <= 255; ++detail) {
      for (const uint64_t value : {uint64_t{0}, UINT64_MAX, uint64_t{0x3fffffffffffffff}}) {
        Event event = {};
        event.kind = static_cast<EventKind>(kind);
        event.detail = static_cast<uint8_t>(detail);
        event.cpu = 255;
        event.location = detail % 2 == 0 ? kNoLocation : static_cast<LocationId>(value % 5000);
        event.before = value;
        event.after = ~value;
        const Scenario scenario;
        EXPECT_FALSE(EventWords(event, &scenario).empty());
        EXPECT_FALSE(EventName(event).empty());
        if (event.kind != EventKind::kNote) break;  // details matter to notes
      }
    }
  }
}

}  // namespace
}  // namespace walkrace
