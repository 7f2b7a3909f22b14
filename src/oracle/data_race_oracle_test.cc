#include "oracle/data_race_oracle.h"

#include <gtest/gtest.h>

#include "oracle/test_bed.h"

// The verdict is judged, not the report.
extern "C" const char* __tsan_default_options() {
  return "exitcode=0:report_signal_unsafe=0:atexit_sleep_ms=0";
}

namespace walkrace {
namespace {

uint32_t FindCall(const Engine& engine, const std::string& function) {
  for (uint32_t i = 0; i < engine.event_count(); ++i) {
    const Event& event = engine.events()[i];
    if (event.kind == EventKind::kNote || event.kind == EventKind::kTlb) continue;
    if (event.site->function == function) return i;
  }
  return kNoEvent;
}

void PlainReadPmd() { (void)wr_load(EntryOfPmd(), 8, WR_PLAIN, WR_ENTRY, WR_HERE); }

TEST(DataRace, NamesTheAccessAndTheWriteItRacesWith) {
  Script script;
  script
      .On(1,
          [] {
            ClearPmd();
            RestorePmd();
          })
      .On(0, PlainReadPmd)
      .On(1, [] { UserRead(0); });
  script.Run();
  const Engine& engine = script.engine();
  const uint32_t read = FindCall(engine, "PlainReadPmd");
  Violation violation;
  JudgeDataRace(engine, read, &violation);  // ThreadSanitizer reported there
  EXPECT_STREQ(violation.oracle, "data-race");
  EXPECT_EQ(violation.first_event, read);
  EXPECT_EQ(violation.second_event, FindCall(engine, "RestorePmd"));
  EXPECT_EQ(violation.cpu, 0);
  EXPECT_STREQ(violation.message,
               "ThreadSanitizer reports a data race of CPU 0 in PlainReadPmd on pmd[0], against "
               "RestorePmd; see its report");
}

TEST(DataRace, TheSamePairWhereTheOtherSideIsReported) {
  Script script;
  script.On(0, PlainReadPmd)
      .On(0, ReadPmd)  // marked: this one does not race
      .On(1, [] {
        ClearPmd();
        RestorePmd();
      });
  script.Run();
  const Engine& engine = script.engine();
  Violation violation;
  JudgeDataRace(engine, FindCall(engine, "ClearPmd"), &violation);
  EXPECT_EQ(violation.first_event, FindCall(engine, "PlainReadPmd"));
  EXPECT_EQ(violation.second_event, FindCall(engine, "ClearPmd"));
  EXPECT_EQ(violation.cpu, 1);
}

TEST(DataRace, TheLastAccessWhereNoneIsNamed) {
  Script script;
  script.On(0, ReadPmd).On(1, [] { UserRead(0); });
  script.Run();
  Violation violation;
  JudgeDataRace(script.engine(), kNoEvent, &violation);
  EXPECT_EQ(violation.second_event, FindCall(script.engine(), "UserRead"));
  EXPECT_EQ(violation.first_event, kNoEvent);
}

TEST(DataRace, AnEarlierViolationStands) {
  Violation violation;
  violation.oracle = "no-stale-page";
  Script script;
  script.On(0, ReadPmd);
  script.Run();
  JudgeDataRace(script.engine(), kNoEvent, &violation);
  EXPECT_STREQ(violation.oracle, "no-stale-page");
}

}  // namespace
}  // namespace walkrace
