// Each message that ParseText can give, with its line and column.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "scenario/operation_table.h"
#include "scenario/text_codec.h"

namespace walkrace {
namespace {

using ::testing::StartsWith;

std::string Error(std::string_view text) {
  const absl::StatusOr<WalkFile> file = ParseText(text);
  if (file.ok()) return "no error";
  EXPECT_EQ(file.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(file.status().message());
}

// The message for one line of a file of two CPUs with one operation each; the line is the third.
std::string ErrorOfLine(std::string_view line) {
  return Error("walkrace 1\n\n" + std::string(line) + "\ncpu 0\n  read 0\ncpu 1\n  read 1\n");
}

TEST(TextErrors, Version) {
  EXPECT_EQ(Error(""), "line 1, column 1: the file has no version line; expected 'walkrace 1'");
  EXPECT_EQ(Error("# c\n\n"),
            "line 2, column 1: the file has no version line; expected 'walkrace 1'");
  EXPECT_EQ(Error("\n cpu 0\n"), "line 2, column 2: found 'cpu'; expected 'walkrace 1' first");
  EXPECT_EQ(Error("walkrace1\n"),
            "line 1, column 1: found 'walkrace1'; expected 'walkrace 1' first");
  EXPECT_EQ(Error("walkrace 2\ncpu 0\n"),
            "line 1, column 10: found '2'; expected 1: this walkrace reads version 1");
  EXPECT_EQ(Error("walkrace\n"),
            "line 1, column 9: found nothing; expected 1: this walkrace reads version 1");
  EXPECT_EQ(Error("walkrace 1 2\n"), "line 1, column 12: found '2'; expected the end of the line");
  EXPECT_EQ(Error("walkrace 1\nwalkrace 1\n").substr(0, 34), "line 2, column 1: found 'walkrace'");
}

std::string OperationWords() {
  std::string words;
  for (const OperationRow& row : OperationRows()) {
    words += (words.empty() ? "" : ", ") + std::string(row.word);
  }
  return words;
}

TEST(TextErrors, UnknownLine) {
  EXPECT_EQ(ErrorOfLine("  pni 0-1"),
            "line 3, column 3: found 'pni'; expected target, variant, profile, expect, levels, "
            "map, map-huge, backing, cpus, cpu, preempt, trace, tree, memory, old, late, or an "
            "operation: " +
                OperationWords());
  EXPECT_EQ(ErrorOfLine("a\x01\xff'" + std::string(50, 'b')).substr(0, 79),
            "line 3, column 1: found 'a\\x01\\xff\\'" + std::string(36, 'b') + "...'; e");
}

TEST(TextErrors, Trace) {
  EXPECT_EQ(ErrorOfLine("trace AbC"),
            "line 3, column 7: found 'AbC'; expected two letters of A-Z, a-z, 0-9, '-' and '_' for "
            "each event");
  EXPECT_EQ(ErrorOfLine("trace Ab.d").substr(0, 29), "line 3, column 9: found 'Ab.d");
  EXPECT_EQ(ErrorOfLine("trace").substr(0, 31), "line 3, column 6: found nothing");
  EXPECT_EQ(ErrorOfLine("trace AB CD").substr(0, 28), "line 3, column 10: found 'CD");
  EXPECT_EQ(ErrorOfLine("trace " + std::string(2 * 4 * 8192, 'A') + "\ntrace AB"),
            "line 4, column 7: too many events; expected at most 32768");
}

TEST(TextErrors, Names) {
  EXPECT_EQ(ErrorOfLine("target"),
            "line 3, column 7: found nothing; expected a word of a-z, 0-9, '_' and '-'");
  EXPECT_EQ(ErrorOfLine("expect No"),
            "line 3, column 8: found 'No'; expected a word of a-z, 0-9, '_' and '-'");
  EXPECT_EQ(ErrorOfLine("target a b"),
            "line 3, column 10: found 'b'; expected the end of the line");
  EXPECT_EQ(ErrorOfLine("variant a,,b"),
            "line 3, column 11: found nothing; expected words of a-z, 0-9, '_' and '-', with ',' "
            "between them");
  EXPECT_EQ(ErrorOfLine("variant a,B"),
            "line 3, column 11: found 'B'; expected words of a-z, 0-9, '_' and '-', with ',' "
            "between them");
  std::string many = "variant a";
  for (int i = 0; i < 64; ++i) many += ",a";
  EXPECT_EQ(ErrorOfLine(many), "line 3, column 137: too many variants; expected at most 64");
  EXPECT_THAT(ErrorOfLine("profile vax"),
              StartsWith("line 3, column 9: found 'vax'; expected a profile: x86-64, "));
}

TEST(TextErrors, Duplicates) {
  for (const std::string line :
       {"target a", "variant a", "profile arm64", "expect a", "levels 4", "cpus 2"}) {
    EXPECT_EQ(ErrorOfLine(line + "\n " + line), "line 4, column 2: a second '" +
                                                    line.substr(0, line.find(' ')) +
                                                    "' line; expected one at most");
  }
  EXPECT_EQ(ErrorOfLine("cpu 1"),
            "line 6, column 5: a second block of this CPU; expected one at most");
}

TEST(TextErrors, Numbers) {
  for (const std::string number :
       {"2", "6", "-4", "+4", "4x", "0x4", "4294967300", "99999999999999999999999999"}) {
    EXPECT_EQ(ErrorOfLine("levels " + number),
              "line 3, column 8: found '" + number +
                  "'; expected a number of page table levels from 3 to 5");
  }
  EXPECT_EQ(ErrorOfLine("cpus 5"),
            "line 3, column 6: found '5'; expected a number of CPUs from 1 to 4");
  EXPECT_EQ(ErrorOfLine("cpu 4"), "line 3, column 5: found '4'; expected a CPU from 0 to 3");
  EXPECT_EQ(ErrorOfLine("cpu # 1"), "line 3, column 4: found nothing; expected a CPU from 0 to 3");
}

TEST(TextErrors, Layout) {
  for (const std::string range :
       {"x", "0-16", "16", "3-1", "1-", "-1", "1-2-3", "1--2", "0-4294967297"}) {
    EXPECT_EQ(ErrorOfLine("map " + range + " rw"),
              "line 3, column 5: found '" + range + "'; expected pages like 3 or 0-7, of 0 to 15");
  }
  EXPECT_EQ(ErrorOfLine("map"),
            "line 3, column 4: found nothing; expected pages like 3 or 0-7, of 0 to 15");
  EXPECT_EQ(ErrorOfLine("map 1"), "line 3, column 6: found nothing; expected 'rw' or 'ro'");
  EXPECT_EQ(ErrorOfLine("map 1 wr"), "line 3, column 7: found 'wr'; expected 'rw' or 'ro'");
  EXPECT_EQ(ErrorOfLine("map 1 rw\nmap 0-2 ro"),
            "line 4, column 5: some of these pages are mapped already; expected each page once");
  EXPECT_EQ(ErrorOfLine("map 1 rw\nmap none"),
            "line 4, column 5: 'map none' beside another map line; expected one or the other");
  EXPECT_EQ(ErrorOfLine("map none\nmap-huge 0-7 rw"),
            "line 4, column 10: a map line beside 'map none'; expected one or the other");
  EXPECT_EQ(ErrorOfLine("map-huge 0-6 rw"),
            "line 3, column 10: these pages are not one whole region; expected a region, 0-7 or "
            "8-15");
}

TEST(TextErrors, Operations) {
  EXPECT_EQ(ErrorOfLine("unpin"),
            "line 3, column 1: an operation outside of any CPU's block; expected a line 'cpu N' "
            "above it");
  EXPECT_EQ(Error("walkrace 1\ncpu 0\nlevels 4\nunpin\n"),
            "line 4, column 1: an operation outside of any CPU's block; expected a line 'cpu N' "
            "above it");
  const auto operation = [](std::string_view line) {
    return Error("walkrace 1\ncpu 0\n" + std::string(line));
  };
  EXPECT_EQ(operation("pin"),
            "line 3, column 4: found nothing; expected pages like 3 or 0-7, of 0 to 15");
  EXPECT_EQ(
      operation("pin 0 wirte"),
      "line 3, column 7: found 'wirte'; expected 'write' or 'longterm' or the end of the line");
  EXPECT_EQ(operation("pin 0 write x"),
            "line 3, column 13: found 'x'; expected 'longterm' or the end of the line");
  EXPECT_EQ(operation("zap 0 write"),
            "line 3, column 7: found 'write'; expected the end of the line");
  EXPECT_EQ(operation("unpin 0"), "line 3, column 7: found '0'; expected the end of the line");
  EXPECT_EQ(operation("fault 0-1"), "line 3, column 7: found '0-1'; expected a page from 0 to 15");
  EXPECT_EQ(operation("collapse 0"),
            "line 3, column 10: these pages are not one whole region; expected a region, 0-7 or "
            "8-15");
  std::string many = "unpin";
  for (int i = 0; i < kOperationsMax; ++i) many += "\nunpin";
  EXPECT_EQ(operation(many),
            "line 11, column 6: too many operations of one CPU; expected at most 8");
}

TEST(TextErrors, Preemptions) {
  EXPECT_EQ(ErrorOfLine("preempt 0"), "line 3, column 9: found '0'; expected 'cpu'");
  EXPECT_EQ(ErrorOfLine("preempt cpu 0 after event 3 to cpu 1"),
            "line 3, column 15: found 'after'; expected 'before event N' or 'at start'");
  EXPECT_EQ(ErrorOfLine("preempt cpu 0 before 3 to cpu 1"),
            "line 3, column 22: found '3'; expected 'event'");
  EXPECT_EQ(ErrorOfLine("preempt cpu 0 before event 0 to cpu 1"),
            "line 3, column 28: found '0'; expected an event from 1 to 8192");
  EXPECT_EQ(ErrorOfLine("preempt cpu 0 before event 8193 to cpu 1"),
            "line 3, column 28: found '8193'; expected an event from 1 to 8192");
  EXPECT_EQ(ErrorOfLine("preempt cpu 0 at end to cpu 1"),
            "line 3, column 18: found 'end'; expected 'start'");
  EXPECT_EQ(ErrorOfLine("preempt cpu 1 at start to cpu 0"),
            "line 3, column 18: only CPU 0 is at the start of a run; expected 'before event 1'");
  EXPECT_EQ(ErrorOfLine("preempt cpu 0 before event 3"),
            "line 3, column 29: found nothing; expected 'to'");
  EXPECT_EQ(ErrorOfLine("preempt cpu 0 before event 3 to cpu 0"),
            "line 3, column 37: the CPU hands over to itself; expected another CPU");
  EXPECT_EQ(ErrorOfLine("preempt cpu 0 before event 3 to cpu 1 load"),
            "line 3, column 39: found 'load'; expected 'at' and the event's name, or the end of "
            "the line");
  EXPECT_EQ(ErrorOfLine("preempt cpu 0 before event 3 to cpu 1 at # load"),
            "line 3, column 41: found nothing; expected the name of an event");
  EXPECT_EQ(ErrorOfLine("preempt cpu 0 before event 3 to cpu 1 at load\tpmd"),
            "line 3, column 46: a control character; expected the name of an event");
}

TEST(TextErrors, CpuCount) {
  EXPECT_EQ(Error("walkrace 1\n"),
            "line 1, column 11: the file has no CPU; expected 'cpu 0' or 'cpus N'");
  EXPECT_EQ(ErrorOfLine("cpus 1"),
            "line 3, column 6: there is a block of CPU 1; expected at least 2 CPUs");
  EXPECT_EQ(ErrorOfLine("preempt cpu 0 before event 3 to cpu 2"),
            "line 3, column 37: the file has no CPU 2; expected a CPU from 0 to 1");
  EXPECT_EQ(ErrorOfLine("preempt cpu 3 before event 3 to cpu 2"),
            "line 3, column 13: the file has no CPU 3; expected a CPU from 0 to 1");
}

TEST(TextErrors, TooManyComments) {
  std::string text = "walkrace 1\n";
  for (int i = 0; i <= 1000; ++i) text += "#\n";
  EXPECT_EQ(Error(text),
            "line 1002, column 1: too many lines of comment at the top; expected at most 1000");
}

}  // namespace
}  // namespace walkrace
