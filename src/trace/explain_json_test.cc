#include "trace/explain_json.h"

#include <gtest/gtest.h>

#include "trace/trace_maker.h"

namespace walkrace {
namespace {

using nlohmann::json;

TEST(ExplainJson, HoldsEveryEventAndTheTwoThatDidIt) {
  const TraceMaker run = SeedRace();
  const json out = ExplainJson(run.View());
  ASSERT_EQ(out["events"].size(), run.View().count);
  EXPECT_EQ(out["violation"]["oracle"], "no-pinned-page-freed");
  const json& first = out["events"][out["violation"]["first_event"].get<size_t>()];
  EXPECT_EQ(first["mark"], 1);
  EXPECT_EQ(first["cpu"], 1);
  EXPECT_EQ(first["kind"], "load");
  EXPECT_EQ(first["function"], "is_refcount_suitable");
  EXPECT_EQ(first["file"], "src/paths/test.cc");
  EXPECT_EQ(first["object"], "folio1.refcount");
  EXPECT_EQ(first["before"], "1");
  EXPECT_EQ(first["before_raw"], 1);
  EXPECT_TRUE(first["note"].is_null());
  EXPECT_EQ(out["events"][0]["note"], "op-begin");
  EXPECT_TRUE(out["events"][0]["before"].is_null());
}

TEST(ExplainJson, NamesThePreemptions) {
  const json out = ExplainJson(SeedRace().View());
  EXPECT_EQ(out["preemptions"],
            json::parse(R"([{"cpu":0,"event":5,"to":1,"at":"try_get_folio update folio1.refcount"},
                {"cpu":1,"event":4,"to":0,"at":"__collapse_huge_page_copy store T0.pte[0]"}])"));
  EXPECT_EQ(out["cpus"], json::parse(R"([{"cpu":0,"operations":["pin 0 write"]},
                                         {"cpu":1,"operations":["collapse 0-7"]}])"));
}

TEST(ExplainJson, OfACleanRunHasNoViolation) {
  TraceMaker run(1);
  Event event = {};
  event.location = kNoLocation;
  run.Add(event);
  const json out = ExplainJson(run.View());
  EXPECT_TRUE(out["violation"].is_null());
  EXPECT_TRUE(out["events"][0]["function"].is_null());
  EXPECT_TRUE(out["events"][0]["line"].is_null());
}

}  // namespace
}  // namespace walkrace
