#include "litmus/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "litmus/to_text.h"

namespace walkrace::litmus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Program ParseOrDie(std::string_view text) {
  auto program = Parse(text);
  EXPECT_TRUE(program.ok()) << program.status() << "\n" << std::string(text);
  return program.ok() ? *std::move(program) : Program();
}

// A thread of this body, with locations x, y, p, c and the lock s.
std::string File(std::string_view body) {
  return "C t\n{}\nP0(int *x, int *y, int **p, atomic_t *c, spinlock_t *s)\n{\n" +
         std::string(body) + "\n}\n";
}

// What the body became, as text, without tabs.
std::string Lowered(std::string_view body) {
  std::string text = ToText(ParseOrDie(File(body)));
  text = text.substr(text.find("\n{", text.find("P0")) + 3);
  text = text.substr(0, text.rfind("}\n\nforall"));
  std::erase(text, '\t');
  for (size_t at; (at = text.find("int ")) != std::string::npos;) {
    text.erase(at, text.find('\n', at) + 1 - at);
  }
  std::string line;
  for (const char c : text) line += c == '\n' ? ' ' : c;
  line.erase(0, line.find_first_not_of(' '));
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::string ErrorOf(std::string_view text) {
  const auto program = Parse(text, "f.litmus");
  if (program.ok()) return "no error";
  EXPECT_EQ(program.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(program.status().message());
}
// Of the body, which begins in line 5.
std::string BodyError(std::string_view body) { return ErrorOf(File(body)); }

TEST(Parse, AWholeFile) {
  const Program program = ParseOrDie(
      "C MP+a-b.c\n\n(*\n * Result: Never\n * (* nested *) words *)\n\"a string\"\nCycle=Rfe Fre\n"
      "{ int x=1; y; p=&x; q=y; spinlock_t l; 1:r1=7; [z]=0x10; atomic_t c = ATOMIC_INIT(3) }\n"
      "P0(int *x, int *y) // Producer\n{\n\tWRITE_ONCE(*x, 1); /* (* */\n}\n(* between *)\n"
      "P1(volatile int *x, int **p)\n{\n\tint *r0 = READ_ONCE(*p);\n\tint r1;\n\tint r2, r3 = -2;\n"
      "\tr2 = READ_ONCE(*r0);\n}\n"
      "locations [1:r1; int x;]\nfilter (x=1)\n"
      "exists (1:r0=x /\\ (1:r2=0 \\/ ~(p=&y)) => true) (* bad *)\n");
  EXPECT_EQ(program.name, "MP+a-b.c");
  EXPECT_EQ(program.expected, "Never");
  ASSERT_EQ(program.locations.size(), 7);
  EXPECT_EQ(program.locations[0].name, "x");
  EXPECT_EQ(program.locations[0].initial, 1);
  EXPECT_EQ(program.locations[2].initial, AddressOf(0));
  EXPECT_EQ(program.locations[3].initial, AddressOf(1));
  EXPECT_TRUE(program.locations[4].is_lock);
  EXPECT_EQ(program.locations[5].initial, 16);
  EXPECT_EQ(program.locations[6].initial, 3);
  ASSERT_EQ(program.threads.size(), 2);
  EXPECT_THAT(program.threads[1].registers, ElementsAre("r1", "r0", "r2", "r3"));
  EXPECT_EQ(program.threads[1].initial[0], 7);
  EXPECT_EQ(program.threads[1].body[0].line, 16);
  EXPECT_EQ(program.shown.size(), 2);
  EXPECT_EQ(program.quantifier, Quantifier::kExists);
  EXPECT_EQ(FinalText(program), "exists ((1:r0=&x /\\ (1:r2=0 \\/ ~(p=&y))) => true)");
  EXPECT_EQ(ConditionText(program, program.filter), "x=1");
}

TEST(Parse, Quantifiers) {
  EXPECT_EQ(ParseOrDie(File("")).quantifier, Quantifier::kForall);
  EXPECT_EQ(ParseOrDie(File("") + "~exists (x=1)").quantifier, Quantifier::kNotExists);
  EXPECT_EQ(ParseOrDie(File("") + "forall x!=1").quantifier, Quantifier::kForall);
}

TEST(Parse, AResultCountsInAnyComment) {
  EXPECT_EQ(ParseOrDie("C t // Result: Always\n{}\nP0(int *x) {}").expected, "Always");
  EXPECT_EQ(ParseOrDie("C t /* Result:\tSometimes*/\n{}\nP0(int *x) {}").expected, "Sometimes");
  EXPECT_EQ(ParseOrDie("C t (* Result: DEADLOCK *)\n{}\nP0(int *x) {}").expected, "");
}

TEST(Parse, Accesses) {
  EXPECT_EQ(Lowered("int r0 = READ_ONCE(*x); WRITE_ONCE(*y, r0 + 1);"),
            "r0 = READ_ONCE(*x); WRITE_ONCE(*y, r0 + 1);");
  EXPECT_EQ(Lowered("int r0 = smp_load_acquire(x); smp_store_release(y, 1);"),
            "r0 = smp_load_acquire(x); smp_store_release(y, 1);");
  EXPECT_EQ(Lowered("int *r0 = rcu_dereference(*p); rcu_assign_pointer(*p, x);"),
            "r0 = READ_ONCE(*p); smp_store_release(p, x);");
  EXPECT_EQ(Lowered("smp_store_mb(*x, 1);"), "WRITE_ONCE(*x, 1); smp_mb();");
  EXPECT_EQ(Lowered("int r0 = atomic_read(c); atomic_set(c, 1);"),
            "r0 = READ_ONCE(*c); WRITE_ONCE(*c, 1);");
  EXPECT_EQ(Lowered("int r0 = atomic_read_acquire(c); atomic_set_release(c, 1);"),
            "r0 = smp_load_acquire(c); smp_store_release(c, 1);");
  EXPECT_EQ(Lowered("int r0; r0 = *x; *y = r0; *x = *y;"), "r0 = *x; *y = r0; t0 = *y; *x = t0;");
  EXPECT_EQ(Lowered("int r0 = **p; int *r1 = &*x; *r1 = 1;"),
            "t0 = *p; r0 = *t0; r1 = x; *r1 = 1;");
  EXPECT_EQ(Lowered("int r0; r0 = READ_ONCE(*(int *)(x + (r0 & 0)));"),
            "r0 = READ_ONCE(*(x + (r0 & 0)));");
}

TEST(Parse, ReadModifyWrites) {
  EXPECT_EQ(Lowered("int r0 = xchg(x, 1); r0 = atomic_xchg_acquire(c, r0);"),
            "r0 = xchg(x, 1); r0 = xchg_acquire(c, r0);");
  EXPECT_EQ(Lowered("int r0 = cmpxchg_release(x, 1, 2);"), "r0 = cmpxchg_release(x, 1, 2);");
  EXPECT_EQ(Lowered("atomic_add(2, c); atomic_inc(c); atomic_dec(c); atomic_or(4, c);"),
            "atomic_add(2, c); atomic_add(1, c); atomic_sub(1, c); atomic_or(4, c);");
  EXPECT_EQ(Lowered("int r0 = atomic_fetch_inc_relaxed(c);"),
            "r0 = atomic_fetch_add_relaxed(1, c);");
  EXPECT_EQ(Lowered("int r0 = atomic_add_return_acquire(2, c);"),
            "t0 = atomic_fetch_add_acquire(2, c); r0 = t0 + 2;");
  EXPECT_EQ(Lowered("int r0 = atomic_sub_and_test(1, c);"),
            "t0 = atomic_fetch_sub(1, c); r0 = (t0 - 1) == 0;");
  EXPECT_EQ(Lowered("int r0 = atomic_add_negative(1, c);"),
            "t0 = atomic_fetch_add(1, c); r0 = (t0 + 1) < 0;");
  EXPECT_EQ(Lowered("int r0 = atomic_add_unless(c, 1, 5);"),
            "t0 = atomic_fetch_add_unless(c, 1, 5); r0 = t0 != 5;");
  EXPECT_EQ(Lowered("xchg(x, 1);"), "t0 = xchg(x, 1);");

  const Program program = ParseOrDie(File("atomic_inc(c); atomic_fetch_inc(c);"));
  EXPECT_FALSE(program.threads[0].body[0].returns_value);
  EXPECT_EQ(program.threads[0].body[0].order, Order::kRelaxed);
  EXPECT_TRUE(program.threads[0].body[1].returns_value);
  EXPECT_EQ(program.threads[0].body[1].order, Order::kFull);
}

TEST(Parse, EveryOrderOfEveryReadModifyWriteOfTheKernel) {
  for (const std::string call :
       {"xchg$(x, 1)", "atomic_xchg$(c, 1)", "cmpxchg$(x, 0, 1)", "atomic_cmpxchg$(c, 0, 1)",
        "atomic_add_return$(1, c)", "atomic_sub_return$(1, c)", "atomic_inc_return$(c)",
        "atomic_dec_return$(c)", "atomic_fetch_add$(1, c)", "atomic_fetch_sub$(1, c)",
        "atomic_fetch_inc$(c)", "atomic_fetch_dec$(c)", "atomic_fetch_and$(1, c)",
        "atomic_fetch_or$(1, c)"}) {
    for (const auto& [suffix, order] : {std::pair{"", Order::kFull},
                                        {"_relaxed", Order::kRelaxed},
                                        {"_acquire", Order::kAcquire},
                                        {"_release", Order::kRelease}}) {
      std::string text = call;
      text.replace(text.find('$'), 1, suffix);
      const Program program = ParseOrDie(File("int r0 = " + text + ";"));
      ASSERT_FALSE(program.threads[0].body.empty()) << text;
      EXPECT_EQ(program.threads[0].body[0].order, order) << text;
      EXPECT_TRUE(program.threads[0].body[0].returns_value) << text;
    }
  }
}

TEST(Parse, FencesLocksAndRcu) {
  for (const std::string body :
       {"smp_mb(); smp_rmb(); smp_wmb(); barrier();",
        "smp_mb__before_atomic(); smp_mb__after_atomic(); smp_mb__after_spinlock(); "
        "smp_mb__after_unlock_lock();",
        "spin_lock(s); spin_unlock(s); r0 = spin_trylock(s); r0 = spin_is_locked(s);",
        "rcu_read_lock(); rcu_read_unlock(); synchronize_rcu();"}) {
    EXPECT_EQ(Lowered("int r0; " + body), body);
  }
  EXPECT_EQ(Lowered("synchronize_rcu_expedited();"), "synchronize_rcu();");
}

TEST(Parse, NestedCallsInTheirOrder) {
  EXPECT_EQ(Lowered("int r0; if (READ_ONCE(*x) + xchg(y, READ_ONCE(*x)) == 2) r0 = 1;"),
            "t0 = READ_ONCE(*x); t1 = READ_ONCE(*x); t2 = xchg(y, t1); if ((t0 + t2) == 2) { r0 = "
            "1; }");
}

TEST(Parse, WhatMayNotBeReachedBecomesIf) {
  EXPECT_EQ(Lowered("int r0; r0 = r0 && r0 > 1;"), "r0 = r0 && (r0 > 1);");
  EXPECT_EQ(Lowered("int r0; r0 = r0 && READ_ONCE(*x);"),
            "if (r0) { t0 = READ_ONCE(*x); t1 = t0 != 0; } else { t1 = 0; } r0 = t1;");
  EXPECT_EQ(Lowered("int r0; if (r0 == 3 || atomic_dec_and_test(c)) smp_mb(); else { r0 = 1; }"),
            "if (r0 == 3) { t1 = 1; } else { t0 = atomic_fetch_sub(1, c); t1 = ((t0 - 1) == 0) != "
            "0; } if (t1) { smp_mb(); } else { r0 = 1; }");
}

TEST(Parse, Precedence) {
  EXPECT_EQ(Lowered("int r0; r0 = 1 + 2 * 3 == 7 && !r0 | ~1 & -1 ^ 2;"),
            "r0 = ((1 + (2 * 3)) == 7) && ((!r0) | (((~(1)) & -1) ^ 2));");
  EXPECT_EQ(Lowered("int r0; r0 = 1 - 2 - 3;"), "r0 = (1 - 2) - 3;");
}

TEST(Parse, ALineAndAColumnForEachError) {
  EXPECT_EQ(ErrorOf(""),
            "f.litmus:1:1: found the end of the file; expected 'C' and the name of the test: no "
            "other flavour is read");
  EXPECT_THAT(ErrorOf("X86 SB\n{}"), StartsWith("f.litmus:1:1: found 'X86'; expected 'C'"));
  EXPECT_THAT(ErrorOf("C \n{}"), StartsWith("f.litmus:1:1: a test without a name"));
  EXPECT_THAT(ErrorOf("C a b\n{}"), StartsWith("f.litmus:1:1: a name that is no word"));
  EXPECT_THAT(ErrorOf("C a\n(* b"), StartsWith("f.litmus:2:1: a comment that does not end"));
  EXPECT_THAT(ErrorOf("C a\n{ x=1 y=2 }"), StartsWith("f.litmus:2:7: found 'y'; expected ';'"));
  EXPECT_THAT(ErrorOf("C a\n{ x=99999999999 }"), StartsWith("f.litmus:2:5: found '99999999999'"));
  EXPECT_THAT(ErrorOf("C a\n{ int x[2]; }"), HasSubstr("2:8: found '[': arrays"));
  EXPECT_THAT(ErrorOf("C a\n{}\n"),
              StartsWith("f.litmus:3:1: found the end of the file; expected a"));
  EXPECT_THAT(ErrorOf("C a\n{}\nP1(int *x) {}"),
              StartsWith("f.litmus:3:1: found 'P1'; expected 'P0'"));
  EXPECT_THAT(ErrorOf("C a\n{}\nP0(int x) {}"), HasSubstr("3:4: the parameter x is no pointer"));
  EXPECT_THAT(ErrorOf("C a\n{}\nP0(rwlock_t *x) {}"), HasSubstr("3:4: found 'rwlock_t': reader-w"));
  EXPECT_THAT(ErrorOf("C a\n{}\nP0(struct f *x) {}"), HasSubstr("structures are not supported"));
  EXPECT_THAT(ErrorOf("C a\n{ 1:r0=1 }\nP0(int *x) {}"),
              HasSubstr("2:3: found '1'; expected a thr"));
  std::string five = "C a\n{}\n";
  for (int i = 0; i < 5; ++i) five += "P" + std::to_string(i) + "(int *x) {}\n";
  EXPECT_EQ(ErrorOf(five), "f.litmus:7:1: one more thread; expected at most 4");
}

TEST(Parse, ErrorsOfBodies) {
  EXPECT_THAT(BodyError("while (1) ;"), HasSubstr("5:1: found 'while': loops are not supported"));
  EXPECT_THAT(BodyError("srcu_read_lock(s);"), HasSubstr("5:1: found 'srcu_read_lock': SRCU is"));
  EXPECT_THAT(BodyError("int r0 = srcu_read_lock(s);"), HasSubstr("5:10: found 'srcu_read_lock'"));
  EXPECT_THAT(BodyError("read_lock(s);"), HasSubstr("reader-writer locks are not supported"));
  EXPECT_THAT(BodyError("foo(s);"), HasSubstr("5:1: found 'foo'; expected a declaration"));
  EXPECT_THAT(BodyError("int r0 = foo(s);"),
              HasSubstr("5:10: found 'foo'; expected a register or"));
  EXPECT_THAT(BodyError("r0 = 1;"), HasSubstr("5:1: found 'r0'; expected a declaration"));
  EXPECT_THAT(BodyError("x = 1;"), HasSubstr("found 'x', an address; expected a store to '*x'"));
  EXPECT_THAT(BodyError("READ_ONCE(x);"), HasSubstr("5:11: found 'x'; expected '*' and an addr"));
  EXPECT_THAT(BodyError("int r0 = WRITE_ONCE(*x, 1);"), HasSubstr("which has no value"));
  EXPECT_THAT(BodyError("int r0; int r0;"), HasSubstr("5:13: found 'r0'; expected a name that"));
  EXPECT_THAT(BodyError("int x;"), HasSubstr("5:5: 'x' is a parameter; expected another"));
  EXPECT_THAT(BodyError("WRITE_ONCE(*s, 1);"), HasSubstr("5:1: an access to the lock s"));
  EXPECT_THAT(BodyError("spin_lock(1);"), HasSubstr("found '1'; expected a lock"));
  EXPECT_THAT(BodyError("int r0 = p->next;"), HasSubstr("5:11: found '->': structures and"));
  EXPECT_THAT(BodyError("int r0 = 1 / 2;"), HasSubstr("5:12: found '/'; expected ';'"));
  EXPECT_THAT(BodyError("int r0; r0 += 1;"), HasSubstr("5:12: found '+='; expected '='"));
  EXPECT_THAT(BodyError("smp_mb()"), HasSubstr("6:1: found '}'; expected ';'"));
  EXPECT_THAT(BodyError("\x01"), HasSubstr("5:1: found '\\x01'; expected a declaration"));
  EXPECT_THAT(BodyError("int r0 = 010;"), HasSubstr("found '010'; expected a number"));
}

TEST(Parse, ErrorsOfConditions) {
  const auto error = [](const std::string& text) { return ErrorOf(File("int r0;") + text); };
  EXPECT_THAT(error("exists (0:r1=1)"), HasSubstr("7:11: found 'r1'; expected a register of P0"));
  EXPECT_THAT(error("exists (1:r0=1)"), HasSubstr("7:9: found '1'; expected a thread, 0 to 0"));
  EXPECT_THAT(error("exists (u=1)"), HasSubstr("7:9: found 'u'; expected a register like 0:r0"));
  EXPECT_THAT(error("exists (s=1)"), HasSubstr("7:9: found 's', a lock"));
  EXPECT_THAT(error("exists (x=u)"), HasSubstr("7:11: found 'u'; expected a number or a location"));
  EXPECT_THAT(error("exists (x=1 & y=1)"), HasSubstr("7:13: found '&'; expected '/\\'"));
  EXPECT_THAT(error("exists (x=1) exists (x=2)"), HasSubstr("7:14: found 'exists'"));
  EXPECT_THAT(error("P2() {}"), HasSubstr("7:1: found 'P2'; expected 'P1'"));
  EXPECT_THAT(error("unless (x=1)"), HasSubstr("7:1: found 'unless'; expected another thread"));
}

TEST(Parse, BoundsWhatItMakes) {
  std::string body;
  for (int i = 0; i < 100; ++i) body += "WRITE_ONCE(*x, 1);";
  EXPECT_THAT(BodyError(body), HasSubstr("too many accesses; expected at most 64"));
  body.clear();
  for (int i = 0; i < 1000; ++i) body += "smp_mb();";
  EXPECT_THAT(BodyError(body), HasSubstr("too many instructions"));
  body = "int r0 = 1";
  for (int i = 0; i < 1000; ++i) body += " + 1";
  EXPECT_THAT(BodyError(body + ";"), HasSubstr("too many operators"));
  EXPECT_THAT(BodyError("int r0 = " + std::string(100'000, '(')), HasSubstr("nested too deep"));
  EXPECT_THAT(BodyError(std::string(100'000, '{')), HasSubstr("nested too deep"));
  EXPECT_THAT(BodyError("int r0 = " + std::string(100'000, '!')), HasSubstr("nested too deep"));
  EXPECT_THAT(ErrorOf(File("") + "exists " + std::string(100'000, '~')), HasSubstr("too deep"));
  EXPECT_THAT(ErrorOf(File("") + "exists " + std::string(100'000, '(')), HasSubstr("too deep"));
  std::string condition = "exists (x=1";
  for (int i = 0; i < 2000; ++i) condition += " /\\ x=1";
  EXPECT_THAT(ErrorOf(File("") + condition + ")"), HasSubstr("a condition that is too long"));
  EXPECT_THAT(ErrorOf(std::string(kLitmusBytesMax + 1, ' ')), HasSubstr(":1:1: a file of"));
}

}  // namespace
}  // namespace walkrace::litmus
