#include <cstdio>

#include "harness/describe.h"
#include "harness/minimizer.h"
#include "harness/replays.h"
#include "tool/commands.h"
#include "tool/common.h"
#include "tool/progress.h"

namespace walkrace {
namespace {

struct MinimizeArguments {
  std::string in, out;
  ContextOptions context;
};

constexpr uint64_t kProofReplays = 100;

std::string Describe(const InputSize& size) {
  char text[96];
  (void)std::snprintf(text, sizeof(text), "%d CPUs, %d operations, %d preemptions", size.cpus,
                      size.operations, size.preemptions);
  return text;
}

// Prints progress every two seconds; stops on Ctrl-C with the smallest so far.
class MinimizeProgress {
 public:
  bool operator()(const InputSize& smallest, uint64_t runs) {
    if (pace_.IsDue()) {
      std::fprintf(stderr, "walkrace: %llu runs, smallest so far: %s\n",
                   static_cast<unsigned long long>(runs), Describe(smallest).c_str());
    }
    return !Interrupted();
  }

 private:
  EveryTwoSeconds pace_;
};

// Replays the result on OS threads, whatever made it small, to prove that it shows the same each
// time. ThreadSanitizer may miss a data race in some of the replays.
void Prove(const Input& input, const RunContext& context, ReplayTally& tally) {
  Runner& runner = Runner::Get();
  const BackendScope on_threads(OsThreads());
  for (uint64_t i = 0; i < kProofReplays; ++i) {
    const Report report = runner.Replay(input, context);
    tally.Add(runner.engine(), report);
  }
}

bool Proved(const ReplayTally& tally, const char* oracle) {
  if (!tally.alike() || tally.report().clean()) return false;
  return tally.report().violation.oracle == std::string(oracle) &&
         (tally.ended_like_report() == tally.replays() || tally.races() != 0);
}

int RunMinimize(const MinimizeArguments& arguments) {
  auto loaded = LoadInput(arguments.in, arguments.context);
  if (!loaded.ok()) return UsageError(loaded.status());
  if (absl::Status status = CheckWritable(arguments.out); !status.ok()) return UsageError(status);
  const RunContext& context = loaded->context.run;
  const Input& input = loaded->file.input;

  const Report report = ReplayFound(input, context, OracleExpected(loaded->file));
  if (report.clean()) {
    std::fprintf(stderr,
                 "walkrace: %s violates nothing%s; there is nothing to minimise. Replay it with "
                 "the variant and the profile with which it was found\n",
                 arguments.in.c_str(), ContextFlags(loaded->context).c_str());
    return kExitUsage;
  }
  MinimizeOptions options;
  options.oracle = report.violation.oracle;
  options.progress = MinimizeProgress();
  const auto result = std::make_unique<MinimizeResult>();
  ReplayTally proof;
  const bool minimized = Minimize(input, context, options, *result);
  if (minimized) Prove(result->input, context, proof);
  if (!minimized || !Proved(proof, options.oracle)) {
    std::fprintf(stderr,
                 "walkrace: %s does not replay alike each time: it depends on something outside "
                 "the run. Try walkrace replay --repeat 100\n",
                 arguments.in.c_str());
    return kExitInfrastructure;
  }
  (void)ReplayFound(result->input, context, options.oracle);
  WalkFile file =
      FileOfLastRun(Runner::Get(), result->input.scenario, loaded->context, result->report);
  file.comments = loaded->file.comments;
  const bool written = WriteOrPrint(arguments.out, PrintText(file), "The result");
  std::printf("%s\n  before: %s\n  after:  %s\n  %llu runs; %s %llu of %llu; %s %s\n",
              report.violation.oracle, Describe(SizeOf(input)).c_str(),
              Describe(SizeOf(file.input)).c_str(), static_cast<unsigned long long>(result->runs),
              proof.races() == 0 ? "replays" : "reported in",
              static_cast<unsigned long long>(proof.ended_like_report()),
              static_cast<unsigned long long>(kProofReplays),
              written ? "written to" : "could not be written to", arguments.out.c_str());
  if (!written) return kExitInfrastructure;
  // 130 is for nothing found: here is a result.
  if (Interrupted()) {
    std::printf("  interrupted: it may not be the smallest; minimize %s again to go on\n",
                arguments.out.c_str());
  }
  return kExitClean;
}

}  // namespace

void AddMinimizeCommand(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<MinimizeArguments>();
  CLI::App* command = app.add_subcommand(
      "minimize", "fewest operations, CPUs and preemptions with the same oracle violated");
  command->add_option("FILE", arguments->in, "text or bytes")->required();
  command->add_option("-o,--output", arguments->out, "where to write the text form")->required();
  arguments->context.AddTo(*command);
  command->callback([arguments, &exit_code] { exit_code = RunMinimize(*arguments); });
}

}  // namespace walkrace
