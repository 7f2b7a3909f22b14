#include "target/text.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"
#include "target/target_test_bed.h"

namespace walkrace {
namespace {

constexpr char kText[] =
    "walkrace-target 1\n"
    "target test_target\n"
    "expect an increment is lost\n"
    "cpu 0\n"
    "  increment\n"
    "cpu 1\n"
    "  take_both 1\n"
    "  increment\n"
    "preempt cpu 0 before event 2 to cpu 1 at increment store count\n";

std::string ErrorOf(const std::string& content) {
  TargetText text;
  return ParseTargetText(test_target, content, text);
}

TEST(TargetText, IsWrittenAsItWasRead) {
  TargetText text;
  ASSERT_EQ(ParseTargetText(test_target, kText, text), "");
  EXPECT_EQ(text.expect, "an increment is lost");
  ASSERT_EQ(text.names.size(), 1);
  EXPECT_EQ(text.names[0], "increment store count");
  const TargetVerdict verdict = TestRunner().Replay(text.input);
  EXPECT_EQ(PrintTargetText(TestRunner(), text.input, verdict.violated), kText);
}

TEST(TargetText, CommentsAndBlanksAreForTheReader) {
  TargetText text;
  EXPECT_EQ(ParseTargetText(test_target,
                            "walkrace-target 1  # by hand\r\n\n\tcpu 0 # one\n increment\n", text),
            "");
  EXPECT_EQ(text.input.cpu_count, 1);
  EXPECT_EQ(CallCount(text.input), 1);
}

TEST(TargetText, SaysWhatIsWrongAndWhere) {
  const std::string head = "walkrace-target 1\n";
  EXPECT_EQ(ErrorOf("walkrace-target 2\n"), "line 1: the first line is: walkrace-target 1");
  EXPECT_EQ(ErrorOf(head), "no cpu");
  EXPECT_EQ(ErrorOf(head + "target other"), "line 2: this is another target");
  EXPECT_EQ(ErrorOf(head + "cpu 1"), "line 2: CPUs are numbered 0 to 3, in order");
  EXPECT_EQ(ErrorOf(head + "increment"), "line 2: an operation stands before the first cpu");
  EXPECT_EQ(ErrorOf(head + "cpu 0\nfly"), "line 3: no operation has this name: fly");
  EXPECT_EQ(ErrorOf(head + "cpu 0\nincrement 1"), "line 3: too many words");
  EXPECT_EQ(ErrorOf(head + "cpu 0\ntake_both 2"),
            "line 3: the argument of take_both is a number below 2");
  EXPECT_EQ(ErrorOf(head + "cpu 0\npreempt cpu 0 before event x to cpu 1"),
            "line 3: a preemption is: preempt cpu N before event N to cpu N");
  EXPECT_EQ(ErrorOf(head + "cpu 0\npreempt cpu 0 before event 1 to cpu 1"),
            "a preemption names a CPU that is not there");
}

TEST(TargetText, AnyContentIsAnswered) {
  Random random(1);
  for (int i = 0; i < 5000; ++i) {
    std::string content = kText;
    for (uint32_t changes = 1 + random.Below(8); changes > 0; --changes) {
      const uint32_t at = random.Below(static_cast<uint32_t>(content.size()));
      if (random.OneIn(2)) {
        content[at] = static_cast<char>(random.Below(256));
      } else {
        content.erase(at, random.Below(20));
      }
      if (content.empty()) content = kText;
    }
    TargetText text;
    if (ParseTargetText(test_target, content, text).empty()) {
      EXPECT_GE(text.input.cpu_count, 1);
    }
  }
}

}  // namespace
}  // namespace walkrace
