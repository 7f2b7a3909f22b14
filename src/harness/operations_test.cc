// Each operation of a scenario does what the .walk grammar says, judged clean, one CPU at a time.
#include "harness/operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "harness/harness_test_bed.h"
#include "kernel/page_ref.h"
#include "machine/inspect.h"

namespace walkrace {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint16_t kFirstHuge = 32;

// Runs in the default order; expects no violation.
void RunText(const std::string& text, const char* profile = "x86-64") {
  Input input = {ScenarioOf(text), {}};
  const ResolvedContext context = ContextOf(profile);
  const Report report = Runner::Get().Replay(input, context.run);
  EXPECT_EQ(report.run.outcome, Outcome::kFinished);
  EXPECT_TRUE(report.clean()) << Paste(input.scenario, context, report);
}

// The notes of this kind in the last run, by their first number.
std::vector<uint64_t> Notes(wr_note_kind kind) {
  std::vector<uint64_t> values;
  const Engine& engine = Runner::Get().engine();
  for (size_t i = 0; i < engine.event_count(); ++i) {
    const Event& event = engine.events()[i];
    if (event.kind == EventKind::kNote && event.detail == kind) values.push_back(event.before);
  }
  return values;
}

uint64_t AddressOf(int page) { return kAreaStart + page * kBytesPerPage; }

TEST(Operations, PinAndGetKeepTheirReferences) {
  RunText("cpu 0\n pin 0 write\n get 1\n");
  EXPECT_EQ(CountsOf(1).refcount, 1 + GUP_PIN_COUNTING_BIAS);
  EXPECT_EQ(CountsOf(2).refcount, 2);
  EXPECT_THAT(Notes(WR_NOTE_PAGE_RETURNED), ElementsAre(AddressOf(0), AddressOf(1)));
}

TEST(Operations, UnpinPutsBackAllThatItsOwnCpuHolds) {
  RunText("cpu 0\n pin 0 write\n get 0-1\n unpin\ncpu 1\n pin 1\n");
  EXPECT_EQ(CountsOf(1).refcount, 1);
  EXPECT_EQ(CountsOf(2).refcount, 1 + GUP_PIN_COUNTING_BIAS);
  EXPECT_THAT(Notes(WR_NOTE_PAGE_PUT), ElementsAre(AddressOf(0), AddressOf(0), AddressOf(1)));
}

TEST(Operations, UnpinOfNothingDoesNothing) {
  RunText("cpu 0\n unpin\n write-pinned\n read-pinned\n");
  EXPECT_THAT(Notes(WR_NOTE_PAGE_PUT), IsEmpty());
  EXPECT_THAT(Notes(WR_NOTE_PIN_READ), IsEmpty());
}

TEST(Operations, WritePinnedWritesThroughReferencesForWritingOnly) {
  RunText("cpu 0\n pin 0 write\n get 1\n write-pinned\n");
  EXPECT_THAT(Notes(WR_NOTE_PIN_WRITE), ElementsAre(AddressOf(0)));
  EXPECT_NE(ContentOf(1), 100u);
  EXPECT_EQ(ContentOf(2), 101u);
}

TEST(Operations, ReadPinnedReadsThroughAll) {
  RunText("cpu 0\n pin 0 write\n get 1\n read-pinned\n");
  EXPECT_THAT(Notes(WR_NOTE_PIN_READ), ElementsAre(AddressOf(0), AddressOf(1)));
}

TEST(Operations, NoTwoWritesOfARunWriteTheSame) {
  std::string text = "map 0-15 rw\n";
  for (int cpu = 0; cpu < kCpusMax; ++cpu) {
    text += "cpu " + std::to_string(cpu) + "\n pin 0-15 write\n write-pinned\n write 3\n unpin\n" +
            " write 3\n get 2-9 write\n write-pinned\n write 15\n";
  }
  RunText(text);
  std::set<uint64_t> values;
  size_t writes = 0;
  const Engine& engine = Runner::Get().engine();
  for (size_t i = 0; i < engine.event_count(); ++i) {
    const Event& event = engine.events()[i];
    if (event.kind != EventKind::kNote) continue;
    if (event.detail != WR_NOTE_PIN_WRITE && event.detail != WR_NOTE_USER_WRITE) continue;
    values.insert(event.after);
    ++writes;
  }
  EXPECT_EQ(writes, 4u * (16 + 3 + 8));
  EXPECT_EQ(values.size(), writes);
}

TEST(Operations, CollapseZapFaultReadAndWrite) {
  RunText("cpu 0\n collapse 0-7\n");
  EXPECT_EQ(Translate(1), (Translation{kFirstHuge + 1, true, true}));
  RunText("cpu 0\n zap 0\n");
  EXPECT_EQ(Translate(0).pfn, 0);
  EXPECT_EQ(Translate(1).pfn, 2);
  RunText("cpu 0\n fault 9\n");
  EXPECT_EQ(Translate(9), (Translation{3, true, false}));
  RunText("cpu 0\n read 1\n");
  EXPECT_THAT(Notes(WR_NOTE_USER_READ), ElementsAre(AddressOf(1)));
  RunText("cpu 0\n write 1\n");
  EXPECT_NE(ContentOf(2), 101u);
}

TEST(Operations, FaultIsForWriting) {
  RunText("map 0 ro\ncpu 0\n fault 0\n");
  EXPECT_TRUE(Translate(0).writable);
}

TEST(Operations, CollapseOfTheSecondRegion) {
  RunText("map 8-9 rw\ncpu 0\n collapse 8-15\n");
  EXPECT_EQ(Translate(8), (Translation{kFirstHuge, true, true}));
}

TEST(Operations, BeginAndEndAreTold) {
  RunText("cpu 0\n read 0\n unpin\ncpu 1\n zap 3\n");
  EXPECT_THAT(Notes(WR_NOTE_OP_BEGIN), ElementsAre(0, 1, 0));
  EXPECT_THAT(Notes(WR_NOTE_OP_END), ElementsAre(0, 1, 0));
}

TEST(Operations, WorkWhereMemoryRanOut) {
  RunText(
      "map none\ncpu 0\n get 0-15\n zap 0-15\n get 0-15\n zap 0-15\n get 0-15\n read 15\n write "
      "15\n"
      " write-pinned\n");
}

}  // namespace
}  // namespace walkrace
