#include "harness/recorded_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/harness_test_bed.h"
#include "scenario/text_codec.h"
#include "trace/words.h"

namespace walkrace {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kGetAgainstZap[] =
    "cpu 0\n get 0\ncpu 1\n zap 0\n"
    "preempt cpu 0 before event 9 to cpu 1\n";

const Engine& Replay(const char* text, const char* variant = nullptr) {
  const WalkFile file = FileOf(text);
  const ResolvedContext context =
      variant == nullptr ? ContextOf("arm64") : ContextOf("arm64", variant);
  Runner::Get().Replay(file.input, context.run);
  return Runner::Get().engine();
}

TEST(RecordedTrace, HasTwoLettersForEachEvent) {
  const Engine& engine = Replay(kGetAgainstZap);
  const std::string trace = TraceOf(engine);
  EXPECT_GT(engine.event_count(), 20u);
  EXPECT_EQ(trace.size(), engine.event_count() * kLettersAnEvent);
  EXPECT_EQ(trace.find_first_not_of(kTraceLetters), std::string::npos);
  const Parting parting = PartingFrom(trace, Replay(kGetAgainstZap));
  EXPECT_EQ(parting.event, 0u) << parting.words;
}

TEST(RecordedTrace, NamesTheFirstEventThatIsAnother) {
  std::string trace = TraceOf(Replay(kGetAgainstZap));
  for (const size_t event : {1u, 7u, 20u}) {
    std::string other = trace;
    char& letter = other[(event - 1) * kLettersAnEvent + 1];
    letter = letter == 'A' ? 'B' : 'A';
    const Engine& engine = Replay(kGetAgainstZap);
    const Parting parting = PartingFrom(other, engine);
    EXPECT_EQ(parting.event, event);
    EXPECT_THAT(parting.words, AllOf(StartsWith("event " + std::to_string(event) + ", CPU "),
                                     EndsWith(EventName(engine.events()[event - 1]))));
  }
}

TEST(RecordedTrace, NamesTheEnds) {
  const std::string trace = TraceOf(Replay(kGetAgainstZap));
  const Engine& engine = Replay(kGetAgainstZap);
  const size_t events = engine.event_count();
  const Parting longer = PartingFrom(trace.substr(0, 10 * kLettersAnEvent), engine);
  EXPECT_EQ(longer.event, 11u);
  EXPECT_THAT(longer.words, HasSubstr("where the recording ends"));
  const Parting shorter = PartingFrom(trace + "AA", engine);
  EXPECT_EQ(shorter.event, events + 1);
  EXPECT_THAT(shorter.words, HasSubstr("it ends after " + std::to_string(events)));
}

// What is taken out shows where it stood: the walker's re-read of the pte.
TEST(RecordedTrace, PartsWhereTheCodeIsAnother) {
  constexpr char kGet[] = "cpu 0\n get 0\n";
  const std::string trace = TraceOf(Replay(kGet));
  const Parting parting = PartingFrom(trace, Replay(kGet, "no-pte-recheck"));
  EXPECT_GT(parting.event, 9u);
  EXPECT_THAT(parting.words, HasSubstr("CPU 0's "));
}

}  // namespace
}  // namespace walkrace
