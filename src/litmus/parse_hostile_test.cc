// Files that nobody wrote in good faith: the parser answers, in bounded time and memory.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/random.h"
#include "litmus/explore.h"
#include "litmus/parse.h"
#include "litmus/to_text.h"

namespace walkrace::litmus {
namespace {

constexpr int kDamagedFiles = 50'000;

// An answer is a program that comes back from its text, or an error with its place.
void ExpectAnswer(const std::string& text) {
  const auto program = Parse(text, "f");
  if (!program.ok()) {
    const std::string message(program.status().message());
    ASSERT_TRUE(message.starts_with("f:")) << message;
    ASSERT_NE(message.find("; expected "), std::string::npos) << message;
    ASSERT_LT(message.size(), 1000u);
    return;
  }
  const std::string printed = ToText(*program);
  const auto again = Parse(printed, "printed");
  // Only what is long already may get too long.
  if (!again.ok()) {
    ASSERT_TRUE(again.status().message().find("at most") != std::string::npos)
        << again.status() << "\n"
        << printed;
    return;
  }
  ASSERT_EQ(ToText(*again), printed);
  // And it runs, as long as one lets it.
  for (const MemoryKind memory : {MemoryKind::kSc, MemoryKind::kLkmm}) {
    int asked = 0;
    ExploreOptions options;
    options.executions_max = 20;
    options.stop = [&asked] { return asked++ > 0; };
    Explore(*program, memory, options);
  }
}

std::vector<std::string> CorpusTexts() {
  std::vector<std::string> paths, texts;
  for (const auto& entry : std::filesystem::directory_iterator(WALKRACE_LITMUS_CORPUS)) {
    paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) texts.push_back(ReadFile(path, kLitmusBytesMax).value());
  return texts;
}

TEST(HostileLitmus, OneByteManyTimes) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string fill(kLitmusBytesMax - 100, static_cast<char>(byte));
    ExpectAnswer(fill);
    for (const std::string begin :
         {"C a\n", "C a\n{", "C a\n{}\nP0(", "C a\n{}\nP0(int *x) {", "C a\n{}\nP0(int *x) { *x = ",
          "C a\n{}\nP0(int *x) {}\nexists ", "C a\n{}\nP0(int *x) {}\nlocations ["}) {
      ExpectAnswer(begin + fill);
    }
  }
}

TEST(HostileLitmus, ManyTimesTheSameWords) {
  for (const std::string words : {"if (1) ",
                                  "if (READ_ONCE(*x)) ",
                                  "if (1) ; else ",
                                  "{ ",
                                  "(int *)",
                                  "- ",
                                  "x && ",
                                  "READ_ONCE(*x) && ",
                                  "READ_ONCE(*",
                                  "xchg(x, ",
                                  "*x = *x;",
                                  "int a; ",
                                  "int ",
                                  "* ",
                                  "& *",
                                  "atomic_add_return(",
                                  "x=1 => ",
                                  "x=1 /\\ ",
                                  "(* ",
                                  "/* ",
                                  "// \n",
                                  "P0(int *x) {} ",
                                  "x; ",
                                  "0:r0=1; ",
                                  "exists ",
                                  "~ ",
                                  "\"\" ",
                                  "a=b\n"}) {
    for (const std::string begin :
         {"C a\n", "C a\n{ ", "C a\n{}\nP0(int *x) { ", "C a\n{}\nP0(int *x) { int r = ",
          "C a\n{}\nP0(int *x) {}\nexists ", "C a\n{}\nP0(int *x) {}\nlocations [ "}) {
      std::string text = begin;
      while (text.size() + words.size() <= kLitmusBytesMax) text += words;
      ExpectAnswer(text);
    }
  }
}

// A defect that shows in one damaged file of 5,000 is missed with probability (1 - 2e-4)^5e4 =
// 5e-5.
TEST(HostileLitmus, DamagedFiles) {
  constexpr std::string_view kAlphabet("\0\t\n ()*{};=~/\\:[]&|,019xrP-$\"\xff", 31);
  const std::vector<std::string> texts = CorpusTexts();
  Random random(1);
  for (int i = 0; i < kDamagedFiles; ++i) {
    std::string text = texts[random.Below(texts.size())];
    const std::string& other = texts[random.Below(texts.size())];
    for (int changes = 1 + random.Below(3); changes > 0; --changes) {
      const size_t at = random.Below(text.size() + 1);
      const size_t length = random.Below(12);
      switch (random.Below(4)) {
        case 0:
          text.erase(at, length);
          break;
        case 1:
          text.insert(at, other.substr(random.Below(other.size()), 4 * length));
          break;
        case 2:
          text.insert(at, 1, kAlphabet[random.Below(kAlphabet.size())]);
          break;
        default:
          if (at < text.size()) text[at] = static_cast<char>(random.Next());
          break;
      }
    }
    ASSERT_NO_FATAL_FAILURE(ExpectAnswer(text)) << text;
  }
}

}  // namespace
}  // namespace walkrace::litmus
