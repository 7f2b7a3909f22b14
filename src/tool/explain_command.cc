#include <cstdio>

#include "harness/describe.h"
#include "harness/replays.h"
#include "tool/commands.h"
#include "tool/common.h"
#include "trace/explain.h"
#include "trace/explain_json.h"

namespace walkrace {
namespace {

struct ExplainArguments {
  std::string path;
  ContextOptions context;
  bool full = false;
  bool json = false;
};

int RunExplain(const ExplainArguments& arguments) {
  auto loaded = LoadInput(arguments.path, arguments.context);
  if (!loaded.ok()) return UsageError(loaded.status());
  Runner& runner = Runner::Get();
  const Input& input = loaded->file.input;
  const Report report = ReplayFound(input, loaded->context.run, OracleExpected(loaded->file));
  const TraceView view = ViewOfLastRun(runner.engine(), input.scenario, report.violation);
  if (arguments.json) {
    nlohmann::ordered_json json =
        VerdictJson(loaded->context, report, SignatureOf(runner.engine(), report.violation));
    json.update(ExplainJson(view));
    std::printf("%s\n", json.dump().c_str());
    return kExitClean;
  }
  ExplainOptions options;
  options.full = arguments.full;
  std::printf("%s", ExplainText(view, options).c_str());
  return kExitClean;
}

}  // namespace

void AddExplainCommand(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<ExplainArguments>();
  CLI::App* command = app.add_subcommand("explain", "the interleaving of a file, one column a CPU");
  command->add_option("FILE", arguments->path, "text or bytes")->required();
  arguments->context.AddTo(*command);
  command->add_flag("--full", arguments->full, "every event, not only those that matter");
  command->add_flag("--json", arguments->json, "every event, one object on one line");
  command->callback([arguments, &exit_code] { exit_code = RunExplain(*arguments); });
}

}  // namespace walkrace
