#include "litmus/verdict.h"

#include <gtest/gtest.h>

#include <string>

#include "litmus/parse.h"

namespace walkrace::litmus {
namespace {

Program TwoRegisters(const std::string& final) {
  auto program = Parse(
      "C MP\n{p=y}\nP0(int *x, int *y, int **p)\n{ int r0; int r1; }\nP1(int *x) { int r9; }\n" +
      final);
  EXPECT_TRUE(program.ok()) << program.status();
  return *std::move(program);
}

// r0, r1, r9; x, y, p.
FinalState State(Value r0, Value r1, Value x, Value p = 0) { return {{{r0, r1}, {9}}, {p, 0, x}}; }

std::map<FinalState, uint64_t> States() {
  return {{State(0, 0, 1, AddressOf(1)), 2}, {State(1, 0, 1, 5), 3}, {State(1, 1, 2, 5), 4}};
}

TEST(Verdict, CountsExecutions) {
  const Program program = TwoRegisters("exists (0:r0=1 /\\ 0:r1=0)");
  const Verdict verdict = Judge(program, States());
  EXPECT_EQ(verdict.positive, 3);
  EXPECT_EQ(verdict.negative, 6);
  EXPECT_STREQ(verdict.Word(), "Sometimes");
  EXPECT_EQ(VerdictText(program, verdict, true),
            "Test MP Allowed\nStates 3\n0:r0=0; 0:r1=0;\n0:r0=1; 0:r1=0;\n0:r0=1; 0:r1=1;\nOk\n"
            "Witnesses\nPositive: 3 Negative: 6\nCondition exists (0:r0=1 /\\ 0:r1=0)\n"
            "Observation MP Sometimes 3 6\n");
}

TEST(Verdict, ShowsPlacesOnceAndStatesThatLookAlikeTogether) {
  const Program program = TwoRegisters("locations [x; p; 0:r1; x;]\nforall (0:r1=0 \\/ x=2)");
  const Verdict verdict = Judge(program, States());
  EXPECT_EQ(VerdictText(program, verdict, true),
            "Test MP Required\nStates 3\n0:r1=0; p=5; x=1;\n0:r1=0; p=&y; x=1;\n0:r1=1; p=5; "
            "x=2;\nOk\nWitnesses\nPositive: 9 Negative: 0\nCondition forall (0:r1=0 \\/ x=2)\n"
            "Observation MP Always 9 0\n");
  const Program one = TwoRegisters("exists (0:r1=0)");
  const Verdict of_one = Judge(one, States());
  EXPECT_EQ(of_one.states.size(), 2);
  EXPECT_EQ(of_one.states.at({0}), 5);
}

TEST(Verdict, Filter) {
  const Program program = TwoRegisters("filter (0:r0=1)\n~exists (0:r0=0)");
  const Verdict verdict = Judge(program, States());
  EXPECT_EQ(verdict.positive, 0);
  EXPECT_EQ(verdict.negative, 7);
  EXPECT_STREQ(verdict.Word(), "Never");
  EXPECT_TRUE(verdict.Ok(Quantifier::kNotExists));
  EXPECT_FALSE(verdict.Ok(Quantifier::kExists));
}

TEST(Verdict, Connectives) {
  const auto holds = [](const std::string& condition) {
    return Holds(TwoRegisters("exists " + condition).condition, State(1, 0, 2, AddressOf(1)));
  };
  EXPECT_TRUE(holds("0:r0=1"));
  EXPECT_FALSE(holds("0:r0=0"));
  EXPECT_TRUE(holds("0:r0!=0"));
  EXPECT_TRUE(holds("(0:r0=0 => 0:r1=7)"));
  EXPECT_FALSE(holds("(0:r0=1 => 0:r1=7)"));
  EXPECT_TRUE(holds("(0:r0=0 \\/ 0:r1=0) /\\ 1:r9=9"));
  EXPECT_TRUE(holds("~(0:r0=0 /\\ 0:r1=0)"));
  EXPECT_TRUE(holds("true"));
  EXPECT_FALSE(holds("false"));
  EXPECT_FALSE(holds("not true"));
}

TEST(Verdict, WhatIsNotCompleteProvesOnlyWhatWasSeen) {
  const Program program = TwoRegisters("exists (0:r0=7)");
  const Verdict verdict = Judge(program, States());
  EXPECT_FALSE(verdict.IsCertain(false));
  const std::string text = VerdictText(program, verdict, false, 1);
  EXPECT_NE(text.find("Incomplete"), std::string::npos);
  EXPECT_NE(text.find("Observation MP Unknown 0 9"), std::string::npos);
  EXPECT_NE(text.find("States 2\n0:r0=0;\n... (1 more)\nWitnesses"), std::string::npos) << text;
  const Program other = TwoRegisters("exists (0:r0=1)");
  EXPECT_TRUE(Judge(other, States()).IsCertain(false));
}

TEST(Verdict, OfNothing) {
  const Program program = TwoRegisters("exists (x=1)");
  EXPECT_STREQ(Judge(program, {}).Word(), "Never");
}

}  // namespace
}  // namespace walkrace::litmus
