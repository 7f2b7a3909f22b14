// The checker against what the kernel says of its own litmus tests, which are read from a kernel
// tree at run time (they are GPL-2.0, and nothing of them is in walkrace), and against those of
// corpus/litmus.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "litmus/axiomatic.h"
#include "litmus/parse.h"
#include "litmus/verdict.h"

namespace walkrace::litmus {
namespace {

// Sometimes by Linux 6.1's model, never by 6.12's: what a chain of read-modify-writes hands on.
const std::set<std::string> kStrongerIn612 = {
    "MP+releaseonce+fetchinc+acquireonce",
    "MP+releaseonce+fetchincrelaxed+acquireonce",
    "MP+wmbonceonce+fetchincrelaxed+fetchincrelaxed+acquireonce",
};

std::vector<std::filesystem::path> LitmusFiles(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
    if (entry.path().extension() == ".litmus") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void ExpectWord(const Program& program, LkmmVersion version, const std::string& word) {
  LkmmOptions options;
  options.version = version;
  const LkmmResult result = CheckLkmm(program, options);
  EXPECT_TRUE(result.complete);
  const Verdict verdict = Judge(program, result.states);
  EXPECT_EQ(verdict.Word(), word) << (version == LkmmVersion::k6_1 ? "6.1" : "6.12") << "\n"
                                  << VerdictText(program, verdict, result.complete);
}

// Holds a test against what its comment expects. Returns its name.
std::string Check(const std::filesystem::path& path) {
  const absl::StatusOr<std::string> text = ReadFile(path.string(), kLitmusBytesMax);
  EXPECT_TRUE(text.ok()) << text.status();
  if (!text.ok()) return "";
  const absl::StatusOr<Program> program = Parse(*text, path.filename().string());
  EXPECT_TRUE(program.ok()) << program.status();
  if (!program.ok()) return "";
  EXPECT_NE(program->expected, "") << "no 'Result:'";
  ExpectWord(*program, LkmmVersion::k6_1, program->expected);
  ExpectWord(*program, LkmmVersion::k6_12,
             kStrongerIn612.contains(program->name) ? "Never" : program->expected);
  return program->name;
}

TEST(TreeLitmus, TheCheckerAgreesWithTheKernelsTests) {
  const char* named = std::getenv("WALKRACE_LITMUS_TESTS");
  const std::filesystem::path folder = named != nullptr ? named : WALKRACE_TREE_LITMUS_TESTS;
  const std::vector<std::filesystem::path> files = LitmusFiles(folder);
  if (files.empty() && named == nullptr) {
    GTEST_SKIP() << "skipped: no kernel tree (ci/kernel-source 6.1 fetches one; "
                    "WALKRACE_LITMUS_TESTS names another folder)";
  }
  ASSERT_FALSE(files.empty()) << "no litmus tests in " << folder;
  for (const std::filesystem::path& file : files) {
    SCOPED_TRACE(file.filename());
    Check(file);
  }
}

TEST(TreeLitmus, TheCheckerAgreesWithTheCorpus) {
  const std::vector<std::filesystem::path> files = LitmusFiles(WALKRACE_LITMUS_CORPUS);
  EXPECT_FALSE(files.empty());
  std::set<std::string> names;
  for (const std::filesystem::path& file : files) {
    SCOPED_TRACE(file.filename());
    names.insert(Check(file));
  }
  for (const std::string& name : kStrongerIn612) EXPECT_TRUE(names.contains(name)) << name;
}

}  // namespace
}  // namespace walkrace::litmus
