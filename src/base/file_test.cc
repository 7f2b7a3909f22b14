#include "base/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace walkrace {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

constexpr size_t kBytesMax = 1000;

// Each test has a folder of its own, gone when it ends.
class File : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = std::filesystem::temp_directory_path() / "walkrace-file.XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string PathOf(const std::string& name) const { return folder_ + "/" + name; }

  std::string Put(const std::string& name, const std::string& content) const {
    std::ofstream(PathOf(name), std::ios::binary) << content;
    return PathOf(name);
  }

  // What stands in the folder now.
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  std::string folder_;
};

// root may do everything: as nobody until the end of the block, if this is root.
class NotAsRoot {
 public:
  NotAsRoot() : user_(geteuid()) {
    if (user_ == 0) EXPECT_EQ(seteuid(kNobody), 0);
  }
  ~NotAsRoot() { EXPECT_EQ(seteuid(user_), 0); }

 private:
  static constexpr uid_t kNobody = 65534;
  const uid_t user_;
};

using ReadFileTest = File;
using WriteFileTest = File;

TEST_F(ReadFileTest, GivesEveryByteBack) {
  std::string content;
  for (int i = 0; i < 512; ++i) content.push_back(static_cast<char>(i));
  const auto read = ReadFile(Put("bytes", content), kBytesMax);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, content);
  const auto empty = ReadFile(Put("empty", ""), kBytesMax);
  ASSERT_TRUE(empty.ok()) << empty.status();
  EXPECT_EQ(*empty, "");
}

TEST_F(ReadFileTest, ReadsMoreThanOneBuffer) {
  std::string content;
  while (content.size() < 200'000) content += std::to_string(content.size()) + "\n";
  const auto read = ReadFile(Put("long", content), 1 << 20);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(*read == content);
}

TEST_F(ReadFileTest, MissingFile) {
  const std::string path = PathOf("missing");
  const absl::Status status = ReadFile(path, kBytesMax).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), StartsWith(path + ": "));
  EXPECT_THAT(std::string(status.message()), HasSubstr("No such file"));
}

TEST_F(ReadFileTest, FileUsedAsAFolder) {
  const std::string path = Put("file", "") + "/below";
  const absl::Status status = ReadFile(path, kBytesMax).status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), StartsWith(path + ": "));
}

TEST_F(ReadFileTest, Directory) {
  const absl::Status status = ReadFile(folder_, kBytesMax).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), StartsWith(folder_ + ": not a regular file"));
}

TEST_F(ReadFileTest, Unreadable) {
  const std::string path = Put("secret", "x");
  ASSERT_EQ(chmod(path.c_str(), 0), 0);
  ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);
  const NotAsRoot nobody;
  const absl::Status status = ReadFile(path, kBytesMax).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(status.message()), StartsWith(path + ": "));
}

// A test that waits for a writer would hang here.
TEST_F(ReadFileTest, NamedPipeIsRefusedAndNotWaitedFor) {
  const std::string path = PathOf("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const absl::Status status = ReadFile(path, kBytesMax).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), StartsWith(path + ": not a regular file"));
}

TEST_F(ReadFileTest, EndlessDeviceIsRefused) {
  EXPECT_EQ(ReadFile("/dev/zero", kBytesMax).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ReadFileTest, AtMostAsManyBytesAsAllowed) {
  EXPECT_TRUE(ReadFile(Put("fits", std::string(kBytesMax, 'x')), kBytesMax).ok());
  const std::string path = Put("large", std::string(kBytesMax + 1, 'x'));
  const absl::Status status = ReadFile(path, kBytesMax).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), StartsWith(path + ": larger than 1000 bytes"));
}

// A file of 1 TB takes no longer than the bound, and no more memory.
TEST_F(ReadFileTest, HugeFileIsNotReadToItsEnd) {
  const std::string path = Put("sparse", "");
  if (truncate(path.c_str(), off_t{1} << 40) != 0) GTEST_SKIP() << "no sparse files here";
  EXPECT_EQ(ReadFile(path, 1 << 20).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(WriteFileTest, WritesTheContentAndLeavesNothingElse) {
  const std::string content("a\0b\n", 4);
  ASSERT_TRUE(WriteFileAtomically(PathOf("out"), content).ok());
  const auto read = ReadFile(PathOf("out"), kBytesMax);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, content);
  EXPECT_THAT(Names(), ElementsAre("out"));
}

TEST_F(WriteFileTest, ReplacesWhatWasThere) {
  const std::string path = Put("out", std::string(100'000, 'x'));
  ASSERT_TRUE(WriteFileAtomically(path, "new").ok());
  EXPECT_EQ(*ReadFile(path, kBytesMax), "new");
  ASSERT_TRUE(WriteFileAtomically(path, "").ok());
  EXPECT_EQ(*ReadFile(path, kBytesMax), "");
  EXPECT_THAT(Names(), ElementsAre("out"));
}

// Whoever has the old file open keeps it: the new one is another file.
TEST_F(WriteFileTest, NeverWritesIntoTheOldFile) {
  const std::string path = Put("out", "old");
  std::ifstream old(path);
  ASSERT_TRUE(WriteFileAtomically(path, "new").ok());
  std::string word;
  old >> word;
  EXPECT_EQ(word, "old");
}

TEST_F(WriteFileTest, NoFolder) {
  const std::string path = PathOf("missing/out");
  const absl::Status status = WriteFileAtomically(path, "x");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), StartsWith(path + ": "));
}

TEST_F(WriteFileTest, UnwritableFolder) {
  ASSERT_EQ(chmod(folder_.c_str(), 0555), 0);
  const NotAsRoot nobody;
  const absl::Status status = WriteFileAtomically(PathOf("out"), "x");
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(status.message()), StartsWith(PathOf("out") + ": "));
  EXPECT_THAT(Names(), ElementsAre());
}

TEST_F(WriteFileTest, OntoAFolder) {
  ASSERT_EQ(mkdir(PathOf("folder").c_str(), 0700), 0);
  const absl::Status status = WriteFileAtomically(PathOf("folder"), "x");
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), StartsWith(PathOf("folder") + ": "));
  EXPECT_THAT(Names(), ElementsAre("folder"));
}

// What a full disk does: the write is cut short, then fails.
TEST_F(WriteFileTest, AFullDiskLeavesTheOldFileAndNoTemporary) {
  const std::string path = Put("out", "old");
  struct rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small = {4096, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const absl::Status status = WriteFileAtomically(path, std::string(100'000, 'x'));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, SIG_DFL);
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), StartsWith(path + ": cannot write"));
  EXPECT_EQ(*ReadFile(path, kBytesMax), "old");
  EXPECT_THAT(Names(), ElementsAre("out"));
}

// `-o /dev/stdout` as root must not put a file in the place of the device. Through a link, so that
// a failure of this test replaces the link alone.
TEST_F(WriteFileTest, DevicesAreWrittenToAndNotReplaced) {
  const std::string null = PathOf("null");
  ASSERT_EQ(symlink("/dev/null", null.c_str()), 0);
  EXPECT_TRUE(WriteFileAtomically(null, "x").ok());
  EXPECT_TRUE(std::filesystem::is_character_file(null));

  const std::string full = PathOf("full");
  ASSERT_EQ(symlink("/dev/full", full.c_str()), 0);
  const absl::Status status = WriteFileAtomically(full, "x");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), StartsWith(full + ": cannot write"));
  EXPECT_TRUE(std::filesystem::is_character_file(full));
  EXPECT_THAT(Names(), UnorderedElementsAre("null", "full"));
}

// A test that waits for a reader would hang here.
TEST_F(WriteFileTest, APipeThatNobodyReadsIsRefusedAndNotWaitedFor) {
  const std::string path = PathOf("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const absl::Status status = WriteFileAtomically(path, "text");
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()),
              AllOf(StartsWith(path + ": "), HasSubstr("nobody reads")));
  EXPECT_TRUE(std::filesystem::is_fifo(path));
}

TEST_F(WriteFileTest, OverALinkReplacesWhatItPointsTo) {
  ASSERT_EQ(mkdir(PathOf("folder").c_str(), 0700), 0);
  const std::string file = Put("folder/file", "old");
  ASSERT_EQ(symlink("folder/file", PathOf("link").c_str()), 0);
  ASSERT_EQ(symlink(PathOf("link").c_str(), PathOf("second").c_str()), 0);
  ASSERT_TRUE(WriteFileAtomically(PathOf("second"), "new").ok());
  EXPECT_EQ(*ReadFile(file, kBytesMax), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(PathOf("link")));
  EXPECT_TRUE(std::filesystem::is_symlink(PathOf("second")));

  // A link to what is not there yet.
  std::filesystem::remove(file);
  ASSERT_TRUE(WriteFileAtomically(PathOf("second"), "made").ok());
  EXPECT_EQ(*ReadFile(file, kBytesMax), "made");
}

TEST_F(WriteFileTest, ALinkToItselfIsAnError) {
  ASSERT_EQ(symlink("loop", PathOf("loop").c_str()), 0);
  const absl::Status status = WriteFileAtomically(PathOf("loop"), "x");
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), StartsWith(PathOf("loop") + ": "));
  EXPECT_TRUE(std::filesystem::is_symlink(PathOf("loop")));
}

TEST_F(WriteFileTest, TheUmaskDecidesWhoMayRead) {
  for (const mode_t mask : {0077, 0022, 0002}) {
    const mode_t before = umask(mask);
    EXPECT_TRUE(WriteFileAtomically(PathOf("out"), "x").ok());
    umask(before);
    struct stat status;
    ASSERT_EQ(stat(PathOf("out").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0666 & ~mask);
  }
}

TEST_F(WriteFileTest, CheckWritableTellsBeforehandAndLeavesNothing) {
  EXPECT_TRUE(CheckWritable(PathOf("out")).ok());
  EXPECT_TRUE(CheckWritable("/dev/null").ok());
  EXPECT_THAT(Names(), ElementsAre());
  const std::string old = Put("old", "kept");
  EXPECT_TRUE(CheckWritable(old).ok());
  EXPECT_EQ(*ReadFile(old, kBytesMax), "kept");
  for (const std::string& path : {PathOf("missing/out"), old + "/below", folder_}) {
    const absl::Status status = CheckWritable(path);
    EXPECT_FALSE(status.ok()) << path;
    EXPECT_THAT(std::string(status.message()), StartsWith(path + ": "));
  }
  EXPECT_THAT(Names(), ElementsAre("old"));
}

TEST_F(WriteFileTest, PipesAreWrittenToAndNotReplaced) {
  const std::string path = PathOf("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  EXPECT_TRUE(WriteFileAtomically(path, "text").ok());
  char buffer[16] = {};
  EXPECT_EQ(read(reader, buffer, sizeof(buffer)), 4);
  EXPECT_STREQ(buffer, "text");
  close(reader);
  EXPECT_TRUE(std::filesystem::is_fifo(path));
}

}  // namespace
}  // namespace walkrace
