#include "oracle/oracles.h"

#include <gtest/gtest.h>

#include "oracle/test_bed.h"

namespace walkrace {
namespace {

TEST(OracleRows, AreInTheOrderThatDecides) {
  size_t count;
  const OracleRow* rows = OracleRows(&count);
  const char* const names[] = {
      "no-pinned-page-freed",    "no-stale-page",     "tlb-coherent",      "no-lost-write",
      "no-table-use-after-free", "counts-conserved",  "back-off-restores", "checked-what-was-used",
      "exclusive-when-pinned",   "no-forbidden-page", "progress",          "data-race"};
  ASSERT_EQ(count, std::size(names));
  for (size_t i = 0; i < count; ++i) {
    EXPECT_STREQ(rows[i].name, names[i]);
    EXPECT_TRUE(IsOracleName(names[i]));
    EXPECT_STRNE(rows[i].summary, "");
  }
  EXPECT_FALSE(IsOracleName("no-such-oracle"));
  // Judged outside the event stream.
  EXPECT_EQ(rows[count - 2].make, nullptr);
  EXPECT_EQ(rows[count - 1].make, nullptr);
}

TEST(OracleSet, TheFirstReportStandsAndEndsTheRun) {
  Script script;
  script.On(0, [] { AddToMapcount(1, -2); }).On(0, [] { AddToMapcount(2, -2); });
  const Violation& violation = script.Run();
  EXPECT_STREQ(violation.oracle, "counts-conserved");
  EXPECT_NE(std::string(violation.message).find("folio1"), std::string::npos);
  EXPECT_EQ(violation.second_event + 1, script.engine().event_count());
  EXPECT_EQ(violation.step, script.engine().steps());
}

TEST(OracleSet, OfTwoReportsOfOneEventTheFirstRowDecides) {
  // A page that was replaced, and whose frame was given to another address: both no-pinned-page-
  // freed and no-stale-page object when it is returned, and only the former may say so.
  Script script;
  script.On(0, [] { GupBegin(0, FOLL_GET | FOLL_WRITE); })
      .On(1,
          [] {
            UnmapBegin();
            ClearPte(0);
            SetPte(0, 1, false);
            Look(0, 1);
            Replace(0, 1);
          })
      .On(0, [] {
        AddToMapcount(1, -1);
        Take(1);
        Return(0, 1, FOLL_GET | FOLL_WRITE);
      });
  EXPECT_STREQ(script.Run().oracle, "no-pinned-page-freed");
}

TEST(OracleSet, ForgetsTheLastRun) {
  Script bad;
  bad.On(0,
         [] {
           Pin(0, 1);
           UnmapBegin();
         })
      .On(1, [] { PutBack(1, 1 + GUP_PIN_COUNTING_BIAS); });
  EXPECT_STREQ(bad.Run().oracle, "no-pinned-page-freed");
  for (int i = 0; i < 3; ++i) {
    Script good;
    good.On(0, [] { UserWrite(0, 7); }).On(1, [] { EXPECT_EQ(UserRead(0), 7u); });
    good.Run();
    EXPECT_EQ(good.Verdict(), "clean");
  }
}

}  // namespace
}  // namespace walkrace
