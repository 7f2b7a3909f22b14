// Files that nobody meant well with: an error that names the file, or a clean decode. Never a
// crash, a signal or a hang.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "base/random.h"
#include "tool/tool_test_bed.h"

namespace walkrace {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Hostile : public Tool {
 protected:
  // Every command that reads a file.
  std::vector<std::vector<std::string>> CommandsFor(const std::string& path) const {
    const std::vector<std::string> context = {"--target", "gup_vs_collapse"};
    std::vector<std::vector<std::string>> commands = {
        {"replay", path},
        {"replay", path, "--json"},
        {"explain", path},
        {"explain", path, "--json"},
        {"minimize", path, "-o", PathOf("out")},
        {"convert", path, PathOf("out")},
        {"convert", path, PathOf("out"), "--bytes"},
        {"hunt", "--scenario", path, "--schedules", "10"},
    };
    for (auto& command : commands) {
      if (command[0] == "convert") continue;
      command.insert(command.end(), context.begin(), context.end());
    }
    return commands;
  }

  // The file may be decoded: then all that follows is as for any other input.
  void ExpectErrorOrCleanDecode(const std::string& path) const {
    for (std::vector<std::string> command : CommandsFor(path)) {
      if (command[0] != "convert") command.insert(command.end(), {"--profile", "arm64"});
      const Finished finished = Run(command);
      EXPECT_THAT(finished.exit_code, AnyOf(0, 2, 66, 77)) << command[0] << finished.Paste();
      if (finished.exit_code == 2) {
        EXPECT_THAT(finished.err, StartsWith("walkrace: " + path)) << command[0];
      }
    }
  }

  void ExpectError(const std::string& path, const char* why = "") const {
    for (const std::vector<std::string>& command : CommandsFor(path)) {
      const Finished finished = Run(command);
      EXPECT_EQ(finished.exit_code, 2) << command[0] << finished.Paste();
      EXPECT_THAT(finished.err, StartsWith("walkrace: " + path + ": ")) << command[0];
      EXPECT_THAT(finished.err, HasSubstr(why)) << command[0];
      EXPECT_EQ(finished.out, "") << command[0];
      EXPECT_FALSE(Exists(PathOf("out")));
    }
  }

  static constexpr char kText[] =
      "walkrace 1\n# why\ntarget gup_vs_collapse\nexpect clean\nmap 0-1 rw\nmap-huge 8-15 ro\n"
      "cpus 3\ncpu 0\n  pin 0-1 write\n  unpin\ncpu 1\n  collapse 0-7\n"
      "preempt cpu 0 before event 9 to cpu 1 at gup_pte_range load pmd[0]\n";
};

TEST_F(Hostile, Empty) { ExpectErrorOrCleanDecode(Put("empty", "")); }

TEST_F(Hostile, OneByte) {
  for (const char* byte : {"\n", "#", "w", "\xff"}) ExpectErrorOrCleanDecode(Put("byte", byte));
}

TEST_F(Hostile, TenMegabytesOfZeros) {
  ExpectErrorOrCleanDecode(Put("zeros", std::string(10 << 20, '\0')));
}

TEST_F(Hostile, RandomBytes) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    Random random(seed);
    std::string bytes(random.Below(5000), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.Next());
    ExpectErrorOrCleanDecode(Put("random", bytes));
    ExpectErrorOrCleanDecode(Put("random", "walkrace 1\n" + bytes));
  }
}

TEST_F(Hostile, TruncatedText) {
  const std::string text = kText;
  for (size_t size : {4u, 8u, 10u, 25u, 47u, 90u, 110u, 140u, 175u, 200u}) {
    ExpectErrorOrCleanDecode(Put("truncated", text.substr(0, size)));
  }
}

TEST_F(Hostile, WrongTextNamesLineAndColumn) {
  ExpectError(Put("wrong", std::string(kText) + "dance\n"), ": line 14, column 1: ");
  ExpectError(Put("version", "walkrace 2\n"), ": line 1, column ");
}

TEST_F(Hostile, AVeryLongLine) {
  ExpectErrorOrCleanDecode(Put("long", "walkrace 1\ncpu " + std::string(5 << 20, '9') + "\n"));
  ExpectErrorOrCleanDecode(Put("comment", "walkrace 1\n# " + std::string(5 << 20, 'x') + "\n"));
}

TEST_F(Hostile, Directory) { ExpectError(folder(), "not a regular file"); }
TEST_F(Hostile, Nonexistent) { ExpectError(PathOf("missing"), "No such file"); }
TEST_F(Hostile, EndlessDevice) { ExpectError("/dev/zero", "not a regular file"); }

TEST_F(Hostile, NamedPipe) {
  ASSERT_EQ(mkfifo(PathOf("pipe").c_str(), 0600), 0);
  ExpectError(PathOf("pipe"), "not a regular file");
}

TEST_F(Hostile, LargerThanAnyInput) {
  const std::string path = Put("large", "");
  std::filesystem::resize_file(path, uintmax_t{1} << 30);
  ExpectError(path, "larger than");
}

TEST_F(Hostile, Unreadable) {
  const std::string path = Put("secret", kText);
  ASSERT_EQ(chmod(path.c_str(), 0), 0);
  Process::Options options;
  options.as_nobody = true;
  Process version(folder(), {"--version"}, options);
  if (version.Wait().exit_code != 0) GTEST_SKIP() << "nobody may not run the binary here";
  Process process(folder(), {"replay", path, "--target", "gup_vs_collapse", "--profile", "arm64"},
                  options);
  const Finished finished = process.Wait();
  EXPECT_EQ(finished.exit_code, 2) << finished.Paste();
  EXPECT_THAT(finished.err, StartsWith("walkrace: " + path + ": "));
  EXPECT_THAT(finished.err, HasSubstr("Permission denied"));
}

}  // namespace
}  // namespace walkrace
