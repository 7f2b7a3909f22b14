#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/file.h"
#include "litmus/explore.h"
#include "litmus/parse.h"
#include "litmus/to_text.h"
#include "litmus/verdict.h"
#include "tool/commands.h"
#include "tool/common.h"
#include "tool/progress.h"

namespace walkrace {
namespace {

struct LitmusArguments {
  std::vector<std::string> paths;
  std::string memory = "lkmm";
  uint64_t executions_max = UINT64_MAX;
  uint64_t states_max = UINT64_MAX;
  bool json = false;
  bool check = false;
};

// What became of all the files.
struct LitmusTally {
  size_t files = 0;
  size_t unreadable = 0, incomplete = 0;
  std::vector<std::string> differing, without_result;  // of --check
};

std::string KnownMemories() {
  size_t count;
  const MemoryRow* rows = MemoryRows(&count);
  return absl::StrJoin(rows, rows + count, ", ", [](std::string* out, const MemoryRow& row) {
    absl::StrAppend(out, row.name);
  });
}

// Files as they are given; of folders the *.litmus files below them, sorted.
absl::StatusOr<std::vector<std::string>> LitmusFiles(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    auto below = FilesOf({path});
    if (!below.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": ", below.status().message()));
    }
    const size_t before = files.size();
    for (std::string& file : *below) {
      if (file.ends_with(".litmus")) files.push_back(std::move(file));
    }
    if (files.size() == before) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": holds no *.litmus file"));
    }
  }
  return files;
}

absl::StatusOr<litmus::Program> LoadLitmus(const std::string& path) {
  auto text = ReadFile(path, litmus::kLitmusBytesMax);
  if (!text.ok()) return text.status();
  return litmus::Parse(*text, path);
}

nlohmann::ordered_json StatesJson(const litmus::Program& program, const litmus::Verdict& verdict,
                                  uint64_t states_max) {
  nlohmann::ordered_json states = nlohmann::ordered_json::array();
  for (const auto& [values, count] : verdict.states) {
    if (states.size() == states_max) break;
    nlohmann::ordered_json state = nlohmann::ordered_json::object();
    for (size_t i = 0; i < values.size(); ++i) {
      const std::string place = litmus::PlaceText(program, verdict.places[i]);
      if (litmus::LocationAt(values[i], static_cast<int>(program.locations.size())) >= 0) {
        state[place] = litmus::ValueText(program, values[i]);
      } else {
        state[place] = values[i];
      }
    }
    states.push_back({{"state", std::move(state)}, {"count", count}});
  }
  return states;
}

void PrintLitmusJson(const LitmusArguments& arguments, const std::string& file,
                     const litmus::Program& program, const litmus::Exploration& exploration,
                     const litmus::Verdict& verdict) {
  nlohmann::ordered_json json;
  json["name"] = program.name;
  json["file"] = file;
  json["verdict"] = nullptr;
  if (verdict.IsCertain(exploration.complete)) json["verdict"] = verdict.Word();
  json["states"] = StatesJson(program, verdict, arguments.states_max);
  json["state_count"] = verdict.states.size();
  json["positive"] = verdict.positive;
  json["negative"] = verdict.negative;
  json["condition"] = litmus::FinalText(program);
  json["model"] = arguments.memory;
  json["complete"] = exploration.complete;
  json["expected"] = nullptr;
  if (!program.expected.empty()) json["expected"] = program.expected;
  using Handler = nlohmann::ordered_json::error_handler_t;
  std::printf("%s\n", json.dump(-1, ' ', false, Handler::replace).c_str());
}

void RunOneLitmus(const LitmusArguments& arguments, MemoryKind memory, const std::string& file,
                  const std::string& place, EveryTwoSeconds& clock, LitmusTally& tally) {
  auto program = LoadLitmus(file);
  if (!program.ok()) {
    UsageError(program.status());
    ++tally.unreadable;
    return;
  }
  const auto start = std::chrono::steady_clock::now();
  litmus::ExploreOptions options;
  options.executions_max = arguments.executions_max;
  options.stop = [&] {
    if (clock.IsDue()) {
      const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
      std::fprintf(stderr, "walkrace: %s %s: for %.0f s\n", place.c_str(), program->name.c_str(),
                   time.count());
    }
    return Interrupted();
  };
  const litmus::Exploration exploration = litmus::Explore(*program, memory, options);
  const litmus::Verdict verdict = litmus::Judge(*program, exploration.states);
  ++tally.files;
  const bool certain = verdict.IsCertain(exploration.complete);
  if (!exploration.complete) ++tally.incomplete;
  const bool ends = exploration.executions != 0 || !exploration.complete;
  if (!ends) {
    std::fprintf(stderr,
                 "walkrace: %s: no execution comes to its end, so that the verdict says nothing: a "
                 "lock is waited for forever, or unlocked where it is not held, a read section is "
                 "left that was not entered, or an address is none\n",
                 file.c_str());
  }
  if (!program->expected.empty() && !ends) {
    tally.differing.push_back(
        absl::StrCat(file, ": no execution, documented: ", program->expected));
  } else if (program->expected.empty()) {
    tally.without_result.push_back(file);
  } else if (certain && program->expected != verdict.Word()) {
    tally.differing.push_back(
        absl::StrCat(file, ": ", verdict.Word(), ", documented: ", program->expected));
  }
  if (arguments.json) {
    PrintLitmusJson(arguments, file, *program, exploration, verdict);
  } else {
    std::printf(
        "%s\n",
        litmus::VerdictText(*program, verdict, exploration.complete, arguments.states_max).c_str());
  }
  std::fflush(stdout);
}

void TellCheck(const LitmusTally& tally) {
  for (const std::string& line : tally.differing) {
    std::fprintf(stderr, "walkrace: differs: %s\n", line.c_str());
  }
  for (const std::string& file : tally.without_result) {
    std::fprintf(stderr, "walkrace: no Result: %s\n", file.c_str());
  }
  std::fprintf(stderr, "walkrace: %zu tests, %zu differ, %zu without a documented result\n",
               tally.files, tally.differing.size(), tally.without_result.size());
}

int RunLitmus(const LitmusArguments& arguments) {
  const MemoryRow* memory = FindMemory(arguments.memory.c_str());
  if (memory == nullptr) {
    return UsageError(absl::InvalidArgumentError(absl::StrCat(
        "unknown memory model '", arguments.memory, "'; known are: ", KnownMemories())));
  }
  const auto files = LitmusFiles(arguments.paths);
  if (!files.ok()) return UsageError(files.status());
  EveryTwoSeconds clock;
  LitmusTally tally;
  for (size_t i = 0; i < files->size() && !Interrupted(); ++i) {
    const std::string place = absl::StrCat(i + 1, " of ", files->size());
    RunOneLitmus(arguments, memory->kind, (*files)[i], place, clock, tally);
  }
  if (arguments.check) {
    TellCheck(tally);
    if (!tally.differing.empty()) return kExitViolation;
  }
  if (Interrupted()) return kExitInterrupted;
  if (tally.unreadable != 0) return kExitUsage;
  return tally.incomplete == 0 ? kExitClean : kExitTimeout;
}

}  // namespace

void AddLitmusCommand(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<LitmusArguments>();
  CLI::App* command = app.add_subcommand(
      "litmus", "what a memory model allows litmus tests in the C flavour of herd7");
  command
      ->add_option("files", arguments->paths,
                   "litmus tests, or folders whose *.litmus files are taken, sorted")
      ->required();
  command->add_option("--memory", arguments->memory,
                      absl::StrCat("the memory model: ", KnownMemories(), " (default: lkmm)"));
  command->add_flag("--json", arguments->json, "one object on one line for each file");
  command->add_flag("--check", arguments->check,
                    "compare with the \"Result:\" that a comment of each file documents; exit code "
                    "77 where one differs");
  command
      ->add_option("--executions-max", arguments->executions_max,
                   "stop a test after so many executions: it is not complete then")
      ->check(WholeNumber());
  command
      ->add_option("--states-max", arguments->states_max,
                   "print at most so many states of a test; all are counted")
      ->check(WholeNumber());
  command->footer(
      "Prints what herd7 prints: each final state, and whether the condition holds Never,\n"
      "Sometimes or Always. Every execution that differs to an observer is run once.\n"
      "Exit codes: 0 each verdict is printed; 77 --check: one differs; 2 a file cannot be read\n"
      "(the others are done all the same); 70 a test stopped at --executions-max; 130\n"
      "interrupted: what was seen is printed, as not complete.\n"
      "What is read and what is not: src/litmus/README.md.");
  command->callback([arguments, &exit_code] { exit_code = RunLitmus(*arguments); });
}

}  // namespace walkrace
