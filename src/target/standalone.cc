// The driver without a fuzzer: hunts, replays files, minimises and saves what it finds. Exit codes
// are those of every walkrace binary.
#include <fcntl.h>
#include <getopt.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "base/random.h"
#include "harness/interrupt.h"
#include "target/crash.h"
#include "target/minimizer.h"
#include "target/report.h"
#include "target/text.h"

namespace walkrace {
namespace {

constexpr uint64_t kSchedulesPerInput = 8;

struct Options {
  uint64_t schedules = 100000;
  uint64_t seed = 1;
  const StrategyRow* strategy = FindStrategy("portfolio");
  const BackendRow* backend = FindBackend("threads");
  std::string save;
  bool minimize = true;
};

void PrintUsage(FILE* out, const char* name) {
  (void)std::fprintf(
      out,
      "usage: %s [options] [FILE...]\n"
      "Without files: draws operations and schedules until something is violated. With files, in\n"
      "text form or the bytes of a fuzzer: replays each.\n\n"
      "  --schedules N    at most (100000)\n"
      "  --seed S         the same seed hunts the same (1)\n"
      "  --strategy NAME  who runs next (portfolio)\n"
      "  --backend NAME   threads or fibers (threads)\n"
      "  --save FILE      what was found, in text form; of replays the last one\n"
      "  --no-minimize    as it was found\n\n"
      "Ends with 0 clean, 77 violation, 66 data race only, 2 usage or a file that cannot be read,\n"
      "70 or 71 time-out or out of memory, 130 interrupted with nothing found.\n",
      name);
}

[[noreturn]] void EndWithUsage(const std::string& wrong) {
  (void)std::fprintf(stderr, "walkrace: %s (see --help)\n", wrong.c_str());
  std::exit(kExitUsage);  // NOLINT(concurrency-mt-unsafe): CPUs wait
}

uint64_t Number(const char* text) {
  char* end = nullptr;
  errno = 0;
  const uint64_t number = std::strtoull(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || text[0] == '-') {
    EndWithUsage("not a number: " + std::string(text));
  }
  return number;
}

Options ParseOptions(int argc, char** argv) {
  Options options;
  const option rows[] = {
      {"schedules", required_argument, nullptr, 'n'},
      {"seed", required_argument, nullptr, 's'},
      {"strategy", required_argument, nullptr, 'g'},
      {"backend", required_argument, nullptr, 'b'},
      {"save", required_argument, nullptr, 'o'},
      {"no-minimize", no_argument, nullptr, 'm'},
      {"help", no_argument, nullptr, 'h'},
      {nullptr, 0, nullptr, 0},
  };
  for (int c; (c = getopt_long(argc, argv, "h", rows, nullptr)) != -1;) {  // NOLINT
    switch (c) {
      case 'n':
        options.schedules = Number(optarg);
        break;
      case 's':
        options.seed = Number(optarg);
        break;
      case 'g':
        options.strategy = FindStrategy(optarg);
        if (options.strategy == nullptr || std::strcmp(optarg, "schedule") == 0) {
          EndWithUsage("unknown strategy: " + std::string(optarg));
        }
        break;
      case 'b':
        options.backend = FindBackend(optarg);
        if (options.backend == nullptr) EndWithUsage("unknown back end: " + std::string(optarg));
        break;
      case 'o':
        options.save = optarg;
        break;
      case 'm':
        options.minimize = false;
        break;
      case 'h':
        PrintUsage(stdout, argv[0]);
        std::exit(kExitClean);  // NOLINT(concurrency-mt-unsafe)
      default:
        EndWithUsage("that is not how it is called");
    }
  }
  return options;
}

// What ThreadSanitizer and asserts of the code print again and again is not for people.
class Quiet {
 public:
  Quiet() : saved_(dup(STDERR_FILENO)) {
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (saved_ >= 0 && nowhere >= 0) (void)dup2(nowhere, STDERR_FILENO);
    if (nowhere >= 0) close(nowhere);
  }
  ~Quiet() {
    if (saved_ < 0) return;
    (void)dup2(saved_, STDERR_FILENO);
    close(saved_);
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

 private:
  int saved_;
};

int ExitCodeOf(const TargetVerdict& verdict) {
  if (verdict.violated == nullptr) return kExitClean;
  return verdict.data_race ? kExitDataRace : kExitViolation;
}

bool ReadFile(const char* path, std::string& content) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream all;
  all << file.rdbuf();
  content = all.str();
  return file.good();
}

void Save(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) EndWithUsage("cannot write " + path);
}

std::string Counted(size_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

class Driver {
 public:
  Driver(const Options& options, const char* name)
      : options_(options), name_(name), runner_(TargetRunner::Of(walkrace_target)) {
    runner_.engine().set_backend(options.backend->get());
    CatchCrashes(runner_);
    InstallInterruptHandlers();
  }

  int Hunt() {
    const auto strategy = options_.strategy->make(StrategyOptions());
    const uint64_t operations_seed = SplitSeed(options_.seed, 1);
    const uint64_t schedules_seed = SplitSeed(options_.seed, 2);
    const double start = Now();
    uint64_t done = 0;
    TargetVerdict verdict;
    {
      Watchdog watchdog;
      while (done < options_.schedules && verdict.violated == nullptr && !Interrupted()) {
        if (done % kSchedulesPerInput == 0) {
          DrawTargetInput(runner_.target(), SplitSeed(operations_seed, done), input_);
        }
        verdict = runner_.Run(input_, *strategy, SplitSeed(schedules_seed, done));
        watchdog.Pat();
        ++done;
      }
    }
    const double seconds = Now() - start;
    const bool interrupted = verdict.violated == nullptr && Interrupted();
    if (interrupted) std::printf("interrupted: ");
    PrintVerdict(verdict);
    std::printf("  %s: %llu schedules in %.1f s\n", options_.strategy->name,
                static_cast<unsigned long long>(done), seconds);
    if (verdict.violated != nullptr) {
      input_.schedule = runner_.engine().taken();
      Finish(verdict);
    }
    return interrupted ? kExitInterrupted : ExitCodeOf(verdict);
  }

  int ReplayFile(const char* path) {
    std::string content;
    if (!ReadFile(path, content)) {
      EndWithUsage(std::string(path) + ": cannot be read");
    }
    std::vector<std::string> names;
    if (IsTargetText(content)) {
      auto text = std::make_unique<TargetText>();
      const std::string wrong = ParseTargetText(runner_.target(), content, *text);
      if (!wrong.empty()) EndWithUsage(std::string(path) + ": " + wrong);
      input_ = text->input;
      names = text->names;
    } else {
      DecodeTargetInput(runner_.target(), reinterpret_cast<const uint8_t*>(content.data()),
                        content.size(), input_);
    }
    TargetVerdict verdict;
    {
      Watchdog watchdog;
      verdict = runner_.Replay(input_);
    }
    std::printf("%s: ", path);
    PrintVerdict(verdict);
    WarnOfDrift(names);
    if (verdict.violated != nullptr) Finish(verdict);
    return ExitCodeOf(verdict);
  }

 private:
  static double Now() {
    timespec now = {};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
  }

  static void PrintVerdict(const TargetVerdict& verdict) {
    std::printf(verdict.violated == nullptr ? "clean%s\n" : "violation: %s\n",
                verdict.violated == nullptr ? "" : verdict.violated);
  }

  // REQUIRES: the last run gave `verdict`.
  void Finish(const TargetVerdict& verdict) {
    if (options_.minimize) Minimize(verdict.violated);
    std::printf("\n%s\n", ReportTarget(runner_, input_, verdict).c_str());
    if (options_.save.empty()) return;
    Save(options_.save, PrintTargetText(runner_, input_, verdict.violated));
    std::printf("saved to %s; next:\n  %s %s\n", options_.save.c_str(), name_,
                options_.save.c_str());
  }

  void Minimize(const char* violated) {
    const size_t calls = CallCount(input_);
    const size_t preemptions = input_.schedule.size();
    (void)std::fflush(stdout);
    uint64_t runs = 0;
    {
      const Quiet quiet;
      runs = MinimizeTargetInput(runner_, violated, input_);
    }
    std::printf("  minimised in %llu runs: %s (of %zu), %s (of %zu)\n",
                static_cast<unsigned long long>(runs),
                Counted(CallCount(input_), "operation").c_str(), calls,
                Counted(input_.schedule.size(), "preemption").c_str(), preemptions);
  }

  // REQUIRES: the last run was of the file.
  void WarnOfDrift(const std::vector<std::string>& names) {
    for (size_t i = 0; i < names.size(); ++i) {
      const std::string now = NameOfEvent(runner_, input_.schedule[i]);
      if (names[i].empty() || names[i] == now) continue;
      std::printf("  the code has changed since: CPU %d, event %d was \"%s\", is \"%s\"\n",
                  input_.schedule[i].cpu, input_.schedule[i].event, names[i].c_str(), now.c_str());
    }
  }

  const Options& options_;
  const char* name_;
  TargetRunner& runner_;
  TargetInput input_;
};

// A violation wins over a data race, and both over clean.
int Worse(int a, int b) {
  for (const int code : {kExitViolation, kExitDataRace}) {
    if (a == code || b == code) return code;
  }
  return a > b ? a : b;
}

}  // namespace
}  // namespace walkrace

int main(int argc, char** argv) {
  using namespace walkrace;
  const Options options = ParseOptions(argc, argv);
  static Driver driver(options, argv[0]);
  if (optind == argc) return driver.Hunt();
  int code = kExitClean;
  for (int i = optind; i < argc; ++i) code = Worse(code, driver.ReplayFile(argv[i]));
  return code;
}
