#include "kernel/c_vocabulary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/kernel_test_bed.h"
#include "kernel/notes.h"

namespace walkrace {
namespace {

TEST(CVocabulary, WorksFromAFileInC) {
  FollowSchedule schedule({{3, 0, 1}, {4, 0, 1}});
  uint64_t old[2] = {7, 7};
  const RecordedRun run =
      RunKernel(schedule, 0, 2, [&](CpuId cpu) { old[cpu] = c_add_one(Word(0), Word(1)); });
  EXPECT_EQ(run.result.outcome, Outcome::kFinished);
  EXPECT_EQ(old[0], 0u);
  EXPECT_EQ(old[1], 1u);
  EXPECT_EQ(test_arena[0], 2u);
  // CPU 1 came as far as the lock.
  EXPECT_EQ(CpusOf(run), "001000011111");
  const Event& load = run.events[3];
  EXPECT_EQ(load.kind, EventKind::kLoad);
  EXPECT_STREQ(load.site->function, "c_add_one");
  EXPECT_THAT(load.site->file, ::testing::EndsWith("src/kernel/c_vocabulary.c"));
  const Event& note = run.events[5];
  EXPECT_EQ(note.kind, EventKind::kNote);
  EXPECT_EQ(note.detail, WR_NOTE_USER_WRITE);
  EXPECT_EQ(note.location, 0u);
}

}  // namespace
}  // namespace walkrace
