// The checker against what the kernel says of its own litmus tests, which are read from a kernel
// tree at run time: they are GPL-2.0, and nothing of them is in walkrace.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "litmus/axiomatic.h"
#include "litmus/parse.h"
#include "litmus/verdict.h"

namespace walkrace::litmus {
namespace {

std::vector<std::filesystem::path> LitmusFiles(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
    if (entry.path().extension() == ".litmus") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// What the model of 6.12 forbids and that of 6.1 does not: it extends a release over
// read-modify-writes of other CPUs. The corpus says what 6.1 does.
const std::set<std::string> kForbiddenSince6_1 = {
    "MP+releaseonce+fetchinc+acquireonce",
    "MP+releaseonce+fetchincrelaxed+acquireonce",
    "MP+wmbonceonce+fetchincrelaxed+fetchincrelaxed+acquireonce",
};

// Returns whether the test says what is expected of it.
bool AgreesWithItself(const std::filesystem::path& path) {
  const absl::StatusOr<Program> program = Parse(ReadAll(path), path.filename().string());
  EXPECT_TRUE(program.ok()) << program.status();
  if (!program.ok() || program->expected.empty()) return false;
  for (const LkmmVersion version : {LkmmVersion::k6_1, LkmmVersion::k6_12}) {
    LkmmOptions options;
    options.version = version;
    const LkmmResult result = CheckLkmm(*program, options);
    EXPECT_TRUE(result.complete);
    const Verdict verdict = Judge(*program, result.states);
    const bool forbidden =
        version == LkmmVersion::k6_12 && kForbiddenSince6_1.contains(program->name);
    EXPECT_EQ(verdict.Word(), forbidden ? "Never" : program->expected)
        << (version == LkmmVersion::k6_1 ? "6.1" : "6.12") << "\n"
        << VerdictText(*program, verdict, result.complete);
  }
  return true;
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
  int checked = 0;
  for (const std::filesystem::path& file : files) {
    SCOPED_TRACE(file.filename());
    checked += AgreesWithItself(file);
  }
  // All of 6.1's say what they expect.
  EXPECT_EQ(checked, static_cast<int>(files.size()));
}

TEST(TreeLitmus, TheCheckerAgreesWithTheCorpus) {
  const std::vector<std::filesystem::path> files =
      LitmusFiles(std::filesystem::path(WALKRACE_CORPUS_DIR) / "litmus");
  EXPECT_GE(files.size(), 45u);
  for (const std::filesystem::path& file : files) {
    SCOPED_TRACE(file.filename());
    EXPECT_TRUE(AgreesWithItself(file)) << "no Result: in it";
  }
}

}  // namespace
}  // namespace walkrace::litmus
