// For tests only: runs the real `walkrace` binary and keeps all that it leaves behind.
#ifndef WALKRACE_TOOL_TOOL_TEST_BED_H_
#define WALKRACE_TOOL_TOOL_TEST_BED_H_

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace walkrace {

using Json = nlohmann::json;

struct Finished {
  int exit_code = -1;  // -1: a signal ended it
  int signal = 0;
  bool timed_out = false;  // and was killed by us
  double seconds = 0;
  std::string out, err;

  // One block that a person can paste.
  std::string Paste() const;
};

// A binary that runs, or has run.
class Process {
 public:
  struct Options {
    std::string standard_output;   // a path; empty: kept in Finished
    bool as_nobody = false;        // where the test runs as root
    size_t address_space_max = 0;  // in bytes; 0: unbounded
    bool no_threads = false;       // as ulimit -u 1; needs as_nobody where the test runs as root
    bool no_file_content = false;  // as ulimit -f 0, which its own output is kept by as well
  };

  Process(const std::string& folder, const std::vector<std::string>& arguments,
          const Options& options);
  Process(const std::string& folder, const std::vector<std::string>& arguments)
      : Process(folder, arguments, Options()) {}
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  void Send(int signal) const;
  // Waits for its end; kills it after `seconds_max`.
  Finished Wait(double seconds_max = 120);

 private:
  std::string out_, err_;
  int pid_ = -1;
  double start_ = 0;
};

// Each test has a folder of its own, gone when it ends.
class Tool : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  std::string PathOf(const std::string& name) const { return folder_ + "/" + name; }
  // Writes a file and returns its path.
  std::string Put(const std::string& name, const std::string& content) const;
  static std::string Get(const std::string& path);
  static bool Exists(const std::string& path);

  // Runs walkrace to its end. Fails the test where a signal ended it, where a sanitizer has found
  // something, or where an internal check failed.
  Finished Run(const std::vector<std::string>& arguments) const;
  // The same with --json: its only line.
  Json RunJson(std::vector<std::string> arguments, int expected_exit_code) const;

  // "plain", "tsan" or "asan-ubsan".
  static std::string Flavour();
  // A path below corpus/.
  static std::string Corpus(const std::string& name);
  // A file with the seed's race, found by hunt.
  std::string HuntedRace() const;

  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
};

}  // namespace walkrace

#endif  // WALKRACE_TOOL_TOOL_TEST_BED_H_
