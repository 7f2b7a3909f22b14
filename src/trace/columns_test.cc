#include "trace/columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace walkrace {
namespace {

using ::testing::ElementsAre;

TEST(Wrap, BreaksAtBlanksAndIndentsTheRest) {
  EXPECT_THAT(Wrap("one two three", 8, 2), ElementsAre("one two", "  three"));
  EXPECT_THAT(Wrap("one", 8, 2), ElementsAre("one"));
  EXPECT_THAT(Wrap("", 8, 2), ElementsAre(""));
}

TEST(Wrap, CutsLongWordsBehindAnUnderscore) {
  EXPECT_THAT(Wrap("__collapse_huge_page_copy()", 22, 2),
              ElementsAre("__collapse_huge_page_", "  copy()"));
  EXPECT_THAT(Wrap("abcdefghij", 4, 1), ElementsAre("abcd", " efg", " hij"));
}

TEST(LayOut, PutsAFunctionsEventsBelowItsNameAndALoneOneBesideIt) {
  const std::vector<StoryItem> items = {
      {.kind = StoryItem::kEvent, .cpu = 0, .function = "f", .text = "alone"},
      {.kind = StoryItem::kEvent, .cpu = 1, .function = "g", .text = "first"},
      {.kind = StoryItem::kEvent, .cpu = 0, .mark = 1, .function = "h", .text = "marked"},
      {.kind = StoryItem::kEvent, .cpu = 1, .function = "g", .text = "second"},
  };
  EXPECT_THAT(
      LayOut(items, {.cpu_count = 2, .width = 42, .heads = {"CPU 0", "CPU 1"}}),
      ElementsAre("CPU 0                 CPU 1", "--------------------  --------------------",
                  "f() <-- alone", "                      g()", "                          first",
                  "h()", "(1) marked", "                          second"));
}

}  // namespace
}  // namespace walkrace
