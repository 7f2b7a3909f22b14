#include "tool/tool_test_bed.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/build_info.h"

namespace walkrace {
namespace {

constexpr uid_t kNobody = 65534;
constexpr int kCannotStart = 126;

// The walkrace beside this test.
std::string Binary() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "walkrace";
}

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

void Limit(int resource, rlim_t most) {
  const struct rlimit limit = {most, most};
  if (setrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0) _exit(kCannotStart);
}

// In the child, before it becomes walkrace: system calls only.
[[noreturn]] void Become(char* const* argv, const char* out, const char* err,
                         const Process::Options& options) {
  const int in_fd = open("/dev/null", O_RDONLY);
  const int out_fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  const int err_fd = open(err, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (in_fd < 0 || out_fd < 0 || err_fd < 0) _exit(kCannotStart);
  if (dup2(in_fd, 0) < 0 || dup2(out_fd, 1) < 0 || dup2(err_fd, 2) < 0) _exit(kCannotStart);
  if (options.address_space_max != 0) Limit(RLIMIT_AS, options.address_space_max);
  if (options.no_file_content) Limit(RLIMIT_FSIZE, 0);
  if (options.as_nobody && geteuid() == 0 && setuid(kNobody) != 0) _exit(kCannotStart);
  if (options.no_threads) Limit(RLIMIT_NPROC, 1);
  execv(argv[0], argv);
  _exit(kCannotStart);
}

}  // namespace

std::string Finished::Paste() const {
  std::string text = "\nexit code " + std::to_string(exit_code);
  if (signal != 0) text += ", signal " + std::to_string(signal);
  if (timed_out) text += ", killed: it did not end";
  return text + "\n--- stdout\n" + out.substr(0, 4000) + "\n--- stderr\n" + err.substr(0, 4000);
}

Process::Process(const std::string& folder, const std::vector<std::string>& arguments,
                 const Options& options) {
  static int serial = 0;
  const std::string base = folder + "/.process" + std::to_string(++serial);
  out_ = options.standard_output.empty() ? base + ".out" : options.standard_output;
  err_ = base + ".err";
  std::vector<std::string> words = {Binary()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  start_ = Now();
  pid_ = fork();
  if (pid_ == 0) Become(argv.data(), out_.c_str(), err_.c_str(), options);
  EXPECT_GT(pid_, 0);
}

Process::~Process() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Process::Send(int signal) const { EXPECT_EQ(kill(pid_, signal), 0); }

Finished Process::Wait(double seconds_max) {
  Finished finished;
  int status = 0;
  const double deadline = Now() + seconds_max;
  while (waitpid(pid_, &status, WNOHANG) == 0) {
    if (Now() > deadline) {
      finished.timed_out = true;
      kill(pid_, SIGKILL);
      waitpid(pid_, &status, 0);
      break;
    }
    usleep(2000);
  }
  pid_ = -1;
  finished.seconds = Now() - start_;
  if (WIFEXITED(status)) finished.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) finished.signal = WTERMSIG(status);
  // What was given as a device is not read back.
  if (std::filesystem::is_regular_file(out_)) finished.out = ReadAll(out_);
  finished.err = ReadAll(err_);
  return finished;
}

void Tool::SetUp() {
  std::string pattern = std::filesystem::temp_directory_path() / "walkrace-tool.XXXXXX";
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  folder_ = pattern;
  // For tests that run walkrace as nobody.
  std::filesystem::permissions(folder_, std::filesystem::perms::all);
}

void Tool::TearDown() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string Tool::Put(const std::string& name, const std::string& content) const {
  std::ofstream(PathOf(name), std::ios::binary) << content;
  return PathOf(name);
}

std::string Tool::Get(const std::string& path) { return ReadAll(path); }
bool Tool::Exists(const std::string& path) { return std::filesystem::exists(path); }

Finished Tool::Run(const std::vector<std::string>& arguments) const {
  Process process(folder_, arguments);
  const Finished finished = process.Wait();
  EXPECT_FALSE(finished.timed_out) << finished.Paste();
  EXPECT_EQ(finished.signal, 0) << finished.Paste();
  for (const char* word : {"internal check failed", "AddressSanitizer",
                           "runtime error:", "LeakSanitizer", "DEADLYSIGNAL"}) {
    EXPECT_THAT(finished.err, ::testing::Not(::testing::HasSubstr(word)));
  }
  return finished;
}

Json Tool::RunJson(std::vector<std::string> arguments, int expected_exit_code) const {
  arguments.push_back("--json");
  const Finished finished = Run(arguments);
  EXPECT_EQ(finished.exit_code, expected_exit_code) << finished.Paste();
  EXPECT_EQ(finished.out.find('\n'), finished.out.size() - 1) << "one line" << finished.Paste();
  Json json = Json::parse(finished.out, nullptr, false);
  EXPECT_TRUE(json.is_object()) << finished.Paste();
  // A member that is not there reads as null: the test fails, and goes on.
  return json.is_object() ? json : Json::object();
}

std::string Tool::Flavour() { return kFlavour; }
std::string Tool::Corpus(const std::string& name) { return WALKRACE_CORPUS_DIR "/" + name; }

std::string Tool::HuntedRace() const {
  const std::string path = PathOf("hunted.walk");
  const Finished finished =
      Run({"hunt", "--target", "gup_vs_collapse", "--variant", "collapse-race", "--profile",
           "arm64", "--scenario", Corpus("gup_vs_collapse/seed/collapse_race.walk"), "--schedules",
           "200000", "--save", path});
  EXPECT_EQ(finished.exit_code, 77) << finished.Paste();
  return path;
}

}  // namespace walkrace
