#include <chrono>
#include <cstdio>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/duration.h"
#include "harness/confirm.h"
#include "harness/known_exposures.h"
#include "tool/commands.h"
#include "tool/common.h"
#include "tool/progress.h"

namespace walkrace {
namespace {

struct ConfirmArguments {
  std::vector<std::string> corpus;
  ContextOptions context;
  uint64_t repeat = 1;
  std::string seconds;
  bool json = false;
};

struct ConfirmRow {
  std::string file;
  Comparison both;
  const KnownExposure* exposure;  // that the violation is; null where none is
};

struct Confirmed {
  size_t files = 0, inputs = 0, alike = 0;
  std::vector<ConfirmRow> rows;  // of inputs that violate, and of those that are not alike
  bool interrupted = false;
};

std::string FoundBy(const Report& report) {
  return report.clean() ? "clean" : report.violation.oracle;
}

// Returns InvalidArgument for a file that cannot be read. The first file is run whatever the time.
absl::StatusOr<Confirmed> CompareAll(const std::vector<std::string>& files,
                                     const ConfirmArguments& arguments, double seconds_max) {
  const auto start = std::chrono::steady_clock::now();
  Confirmed confirmed;
  confirmed.files = files.size();
  EveryTwoSeconds pace;
  Watchdog watchdog;
  for (const std::string& path : files) {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    confirmed.interrupted = Interrupted();
    if (confirmed.interrupted || (confirmed.inputs != 0 && seconds.count() >= seconds_max)) break;
    auto loaded = LoadInput(path, arguments.context);
    if (!loaded.ok()) return loaded.status();
    const RunContext& run = loaded->context.run;
    const Comparison both =
        CompareBackends(loaded->file.input, run, arguments.repeat, Fibers(), OsThreads());
    watchdog.Pat();
    ++confirmed.inputs;
    confirmed.alike += both.alike;
    if (!both.alike || !both.other.clean() || !both.threads.clean()) {
      confirmed.rows.push_back({path, both, FindKnownExposure(run, both.signature)});
    }
    if (pace.IsDue()) {
      std::fprintf(stderr, "walkrace: %zu of %zu files\n", confirmed.inputs, files.size());
    }
  }
  return confirmed;
}

nlohmann::ordered_json RowJson(const ConfirmRow& row) {
  nlohmann::ordered_json json;
  const Report& threads = row.both.threads;
  json["file"] = row.file;
  json["alike"] = row.both.alike;
  json["fibers"] = FoundBy(row.both.other);
  json["threads"] = FoundBy(threads);
  json["message"] = threads.violation.message;
  json["signature"] = row.both.signature;
  json["known_exposed"] = nullptr;
  if (row.exposure != nullptr) json["known_exposed"] = row.exposure->name;
  return json;
}

void PrintJson(const Confirmed& confirmed) {
  nlohmann::ordered_json json;
  json["files"] = confirmed.files;
  json["inputs"] = confirmed.inputs;
  json["alike"] = confirmed.alike;
  json["rows"] = nlohmann::ordered_json::array();
  for (const ConfirmRow& row : confirmed.rows) json["rows"].push_back(RowJson(row));
  json["interrupted"] = confirmed.interrupted;
  std::printf("%s\n", json.dump().c_str());
}

void PrintText(const Confirmed& confirmed) {
  for (const ConfirmRow& row : confirmed.rows) {
    if (row.both.alike) {
      std::printf("  %s: %s\n", row.file.c_str(), row.both.signature.c_str());
    } else {
      std::printf("  %s: NOT ALIKE: %s on fibers, %s on OS threads\n", row.file.c_str(),
                  FoundBy(row.both.other).c_str(), FoundBy(row.both.threads).c_str());
    }
  }
  std::printf("%zu inputs on fibers and on OS threads: %zu alike, %zu not\n", confirmed.inputs,
              confirmed.alike, confirmed.inputs - confirmed.alike);
  if (confirmed.inputs < confirmed.files) {
    std::printf("stopped there: %zu of %zu files were not tried\n",
                confirmed.files - confirmed.inputs, confirmed.files);
  }
}

int RunConfirm(const ConfirmArguments& arguments) {
  double seconds_max = 1e18;
  if (!arguments.seconds.empty()) {
    seconds_max = ParseDuration(arguments.seconds);
    if (seconds_max < 0) {
      return UsageError(absl::InvalidArgumentError(
          absl::StrCat("'", arguments.seconds, "' is no duration; say 90, 90s, 15m or 8h")));
    }
  }
  auto files = FilesOf(arguments.corpus);
  if (!files.ok()) return UsageError(files.status());
  auto confirmed = CompareAll(*files, arguments, seconds_max);
  if (!confirmed.ok()) return UsageError(confirmed.status());
  if (arguments.json) {
    PrintJson(*confirmed);
  } else {
    PrintText(*confirmed);
  }
  if (confirmed->alike != confirmed->inputs) {
    std::fprintf(stderr,
                 "walkrace: an input does not come out the same on OS threads: a defect of "
                 "walkrace or of the code under test (it depends on something outside the run)\n");
    return kExitInfrastructure;
  }
  return confirmed->interrupted ? kExitInterrupted : kExitClean;
}

}  // namespace

void AddConfirmCommand(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<ConfirmArguments>();
  CLI::App* command = app.add_subcommand(
      "confirm", "whether files give the same runs on fibers and on OS threads: traces, verdicts");
  command->add_option("CORPUS", arguments->corpus, "folders, or files: text or bytes")->required();
  arguments->context.AddNamesTo(*command);
  command
      ->add_option("--repeat", arguments->repeat,
                   "how many times on each: ThreadSanitizer may miss a data race once")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1} << 40))
      ->capture_default_str();
  command->add_option("--seconds", arguments->seconds,
                      "no further file after this time (90, 90s, 15m, 8h)");
  command->add_flag("--json", arguments->json, "one object on one line");
  command->footer(
      "Ends with 0 when all are alike, whatever they violate; 3 when one is not; 130 interrupted.");
  command->callback([arguments, &exit_code] { exit_code = RunConfirm(*arguments); });
}

}  // namespace walkrace
