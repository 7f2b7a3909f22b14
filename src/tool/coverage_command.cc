#include <cstdio>
#include <vector>

#include "harness/coverage.h"
#include "tool/commands.h"
#include "tool/common.h"
#include "tool/progress.h"

namespace walkrace {
namespace {

struct CoverageArguments {
  std::vector<std::string> corpus;
  ContextOptions context;
  bool missing = false;
  bool json = false;
};

void SayProgress(size_t done, size_t total) {
  static EveryTwoSeconds pace;
  if (pace.IsDue()) std::fprintf(stderr, "walkrace: %zu of %zu files\n", done, total);
}

const char* KindWord(OrderKind kind) {
  return kind == OrderKind::kReadsFrom ? "reads-from" : "conflict";
}

void PrintText(const CoverageArguments& arguments, const Coverage& coverage,
               const std::vector<Coverage::Order>& orders) {
  const auto print_those = [&](bool reached) {
    for (const Coverage::Order& order : orders) {
      if ((order.runs != 0) != reached) continue;
      std::printf("  %8llu  %-10s  %s -> %s\n", static_cast<unsigned long long>(order.runs),
                  KindWord(order.kind), order.before.c_str(), order.after.c_str());
    }
  };
  if (!arguments.missing) {
    std::printf("reached, by the number of runs:\n");
    print_those(true);
  }
  std::printf("never reached:\n");
  print_those(false);
  for (const OrderKind kind : {OrderKind::kConflict, OrderKind::kReadsFrom}) {
    size_t possible = 0, reached = 0;
    for (const Coverage::Order& order : orders) {
      possible += order.kind == kind;
      reached += order.kind == kind && order.runs != 0;
    }
    std::printf("%s: %zu of %zu possible orders reached\n", KindWord(kind), reached, possible);
  }
  std::printf("%llu runs, %zu accesses\n", static_cast<unsigned long long>(coverage.runs()),
              coverage.accesses().size());
}

void PrintJson(const Coverage& coverage, const std::vector<Coverage::Order>& orders) {
  nlohmann::ordered_json json;
  json["runs"] = coverage.runs();
  json["accesses"] = coverage.accesses().size();
  json["orders"] = nlohmann::ordered_json::array();
  for (const Coverage::Order& order : orders) {
    json["orders"].push_back({{"kind", KindWord(order.kind)},
                              {"before", order.before},
                              {"after", order.after},
                              {"runs", order.runs}});
  }
  std::printf("%s\n", json.dump().c_str());
}

int RunCoverage(const CoverageArguments& arguments) {
  auto files = FilesOf(arguments.corpus);
  if (!files.ok()) return UsageError(files.status());
  Coverage coverage;
  Watchdog watchdog;
  for (const std::string& path : *files) {
    if (Interrupted()) break;
    auto loaded = LoadInput(path, arguments.context);
    if (!loaded.ok()) return UsageError(loaded.status());
    Runner& runner = Runner::Get();
    (void)runner.Replay(loaded->file.input, loaded->context.run);
    watchdog.Pat();
    coverage.Add(runner.engine());
    SayProgress(coverage.runs(), files->size());
  }
  const std::vector<Coverage::Order> orders = coverage.Orders();
  if (arguments.json) {
    PrintJson(coverage, orders);
  } else {
    PrintText(arguments, coverage, orders);
  }
  if (!Interrupted()) return kExitClean;
  std::fprintf(stderr, "walkrace: interrupted after %llu of %zu files\n",
               static_cast<unsigned long long>(coverage.runs()), files->size());
  return kExitInterrupted;
}

}  // namespace

void AddCoverageCommand(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<CoverageArguments>();
  CLI::App* command = app.add_subcommand(
      "coverage", "which orders of accesses the runs of a corpus reach, and which they never do");
  command->add_option("CORPUS", arguments->corpus, "folders, or files: text or bytes")->required();
  arguments->context.AddTo(*command);
  command->add_flag("--missing", arguments->missing, "only what is never reached, and the sums");
  command->add_flag("--json", arguments->json, "one object on one line");
  command->footer(
      "An order is two accesses of different CPUs to one location: a conflict (one right after "
      "the\n"
      "other, at least one of them a write), or a write and a read that saw it. Possible are the\n"
      "orders of any two accesses that some run made to the same kind of object; locks may forbid\n"
      "them all the same.");
  command->callback([arguments, &exit_code] { exit_code = RunCoverage(*arguments); });
}

}  // namespace walkrace
