#include "kernel/pc_site.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "engine/backend.h"
#include "engine/test_bed.h"

namespace walkrace {
namespace {

__attribute__((noinline)) const void* Here() { return __builtin_return_address(0); }

// Where a call of Here stood, and on which line the compiler says so.
struct Called {
  const void* pc;
  int line;
};
volatile int after_the_call;  // so that no call is a jump

__attribute__((noinline)) Called Plain() {
  const Called called = {Here(), __LINE__};
  after_the_call = 1;
  return called;
}

__attribute__((always_inline)) inline Called Inlined() {
  const Called called = {Here(), __LINE__};
  after_the_call = 2;
  return called;
}

__attribute__((noinline)) Called AroundInlined() {
  const Called called = Inlined();
  after_the_call = 3;
  return called;
}

TEST(SiteOfPc, NamesFunctionFileAndLine) {
  const Called called = Plain();
  const wr_site* site = wr_site_of_pc(called.pc);
  EXPECT_STREQ(site->function, "Plain");
  EXPECT_STREQ(site->file, "src/kernel/pc_site_test.cc");
  EXPECT_STREQ(site->file, __FILE__);
  EXPECT_EQ(site->line, called.line);
}

TEST(SiteOfPc, NamesTheInnermostInlinedFunction) {
  const Called called = AroundInlined();
  const wr_site* site = wr_site_of_pc(called.pc);
  EXPECT_STREQ(site->function, "Inlined");
  EXPECT_EQ(site->line, called.line);
}

TEST(SiteOfPc, OnePlaceHasOneSite) {
  const Called first = AroundInlined();
  const Called second = Inlined();  // another program counter
  EXPECT_NE(first.pc, second.pc);
  EXPECT_EQ(wr_site_of_pc(first.pc), wr_site_of_pc(second.pc));
  EXPECT_EQ(wr_site_of_pc(first.pc), wr_site_of_pc(first.pc));
}

TEST(SiteOfPc, WhatNobodyKnowsIsSaidSo) {
  static int no_code;
  for (const void* pc : {static_cast<const void*>(nullptr), static_cast<const void*>(&no_code)}) {
    const wr_site* site = wr_site_of_pc(pc);
    EXPECT_STREQ(site->function, "?");
    EXPECT_STREQ(site->file, "?");
    EXPECT_EQ(site->line, 0);
  }
}

// Without line tables, in another object: by its symbol table, or not at all, but without harm.
TEST(SiteOfPc, ACallFromTheCLibraryIsNoHarm) {
  static const void* caller;
  int numbers[2] = {2, 1};
  std::qsort(numbers, 2, sizeof(int), [](const void* /*a*/, const void* /*b*/) {
    caller = __builtin_return_address(0);
    return 0;
  });
  EXPECT_NE(wr_site_of_pc(caller), nullptr);
}

// The first question of all, and more than the table has room for at first, on the stacks of CPUs.
TEST(SiteOfPc, IsAskedOnCpusOfEitherBackend) {
  const auto strategy = FindStrategy("random")->make({});
  for (Backend* backend : {&Fibers(), &OsThreads()}) {
    TestEngine().set_backend(*backend);
    static const char* names[2];
    RunBodies(*strategy, 1, 2, [](CpuId cpu) {
      const Called called = cpu == 0 ? Plain() : AroundInlined();
      (void)Load(0);
      names[cpu] = wr_site_of_pc(called.pc)->function;
      for (int i = 1; i < 400; ++i) {
        const auto* pc = static_cast<const char*>(called.pc) + i * 2 + cpu;
        (void)wr_site_of_pc(pc);
      }
      (void)Load(0);
    });
    EXPECT_STREQ(names[0], "Plain");
    EXPECT_STREQ(names[1], "Inlined");
  }
  TestEngine().set_backend(OsThreads());
}

}  // namespace
}  // namespace walkrace
