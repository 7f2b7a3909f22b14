#include "litmus/to_text.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "litmus/explore.h"
#include "litmus/parse.h"
#include "litmus/verdict.h"

namespace walkrace::litmus {
namespace {

std::vector<std::string> CorpusFiles() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(WALKRACE_LITMUS_CORPUS)) {
    files.push_back(entry.path().string());
  }
  return files;
}

TEST(ToText, ComesBackTheSame) {
  const auto files = CorpusFiles();
  EXPECT_GT(files.size(), 45u);
  for (const std::string& file : files) {
    auto text = ReadFile(file, kLitmusBytesMax);
    ASSERT_TRUE(text.ok()) << text.status();
    auto program = Parse(*text, file);
    ASSERT_TRUE(program.ok()) << program.status();
    EXPECT_NE(program->expected, "") << file;
    const std::string printed = ToText(*program);
    auto again = Parse(printed, "printed");
    ASSERT_TRUE(again.ok()) << again.status() << "\n" << printed;
    EXPECT_EQ(ToText(*again), printed);
    EXPECT_EQ(again->expected, program->expected);
    const auto states = [](const Program& test) {
      ExploreOptions options;
      options.executions_max = 1000;  // the same ones of both
      return Judge(test, Explore(test, MemoryKind::kSc, options).states).states;
    };
    EXPECT_EQ(states(*again), states(*program)) << printed;
  }
}

TEST(ToText, EveryInstruction) {
  constexpr char kText[] =
      "C all\n\n(* Result: Sometimes *)\n\n{\nx=1;\np=&x;\nspinlock_t s;\n0:r0=0;\n0:r1=&p;\n"
      "0:t0=-3;\n}\n\n"
      "P0(int *x, int *p, spinlock_t *s)\n{\n\tint r0;\n\tint r1;\n\tint t0;\n\n"
      "\tr0 = READ_ONCE(*x);\n\tr0 = smp_load_acquire(x);\n\tr0 = *r1;\n\t*(x + r0) = -(-(1));\n"
      "\tWRITE_ONCE(*p, x);\n\tsmp_store_release(p, &0);\n}\n";
  EXPECT_FALSE(Parse(kText).ok());  // '&0'
  std::string text = kText;
  text.replace(text.find("&0"), 2, "-1");
  text.insert(text.rfind('}'),
              "\tr0 = xchg_relaxed(r1, (x == 1) && (!r0));\n\tr0 = cmpxchg_acquire(x, r0, ~r0);\n"
              "\tr0 = atomic_fetch_add_unless(x, 1, 2);\n\tr0 = atomic_fetch_sub_release(1, x);\n"
              "\tatomic_and(3, x);\n\tif ((r0 - 1) <= t0) {\n\t\tspin_lock(s);\n\t} else {\n"
              "\t\tr0 = spin_trylock(s);\n\t\tif (-(1)) {\n\t\t\tsmp_mb();\n\t\t}\n\t}\n");
  text +=
      "\nlocations [x; 0:r0;]\nfilter (x=1 \\/ p=&x)\n"
      "~exists ((0:r0!=-1 /\\ ~(x=1)) => true)\n";
  const auto program = Parse(text);
  ASSERT_TRUE(program.ok()) << program.status();
  EXPECT_EQ(ToText(*program), text);
}

TEST(ToText, NamesOfTemporariesDoNotClash) {
  const auto program =
      Parse("C t\n{}\nP0(int *t0) { int t1; *t0 = xchg(t0, *t0); t1 = 0; }\nexists (0:t1=0)");
  ASSERT_TRUE(program.ok()) << program.status();
  const std::string printed = ToText(*program);
  const auto again = Parse(printed);
  ASSERT_TRUE(again.ok()) << again.status() << printed;
  EXPECT_EQ(ToText(*again), printed);
  EXPECT_NE(printed.find("t2 = *t0;\n\tt3 = xchg(t0, t2);\n\t*t0 = t3;"), std::string::npos)
      << printed;
}

}  // namespace
}  // namespace walkrace::litmus
