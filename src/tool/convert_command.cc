#include <cstdio>
#include <vector>

#include "harness/describe.h"
#include "harness/replays.h"
#include "scenario/byte_codec.h"
#include "tool/commands.h"
#include "tool/common.h"

namespace walkrace {
namespace {

struct ConvertArguments {
  std::string in, out;
  ContextOptions context;
  bool bytes = false;
};

std::string Bytes(const Input& input) {
  std::vector<uint8_t> buffer(kEncodedBytesMax);
  const size_t size = EncodeBytes(input, buffer.data(), buffer.size());
  return std::string(buffer.begin(), buffer.begin() + size);
}

// The byte form has no room for what people add.
void SayWhatBytesLeaveOut(const WalkFile& file) {
  std::string lost;
  if (!file.target.empty()) lost += " target";
  if (!file.variants.empty()) lost += " variant";
  if (!file.expect.empty()) lost += " expect";
  if (!file.comments.empty()) lost += " comments";
  if (!lost.empty()) {
    std::fprintf(stderr, "walkrace: the byte form leaves out:%s\n", lost.c_str());
  }
}

int RunConvert(const ConvertArguments& arguments) {
  auto names = arguments.context.Names();
  if (!names.ok()) return UsageError(names.status());
  auto file = ReadWalkFile(arguments.in);
  if (!file.ok()) return UsageError(file.status());
  if (absl::Status status = CheckWritable(arguments.out); !status.ok()) return UsageError(status);
  if (!arguments.context.target.empty() || !arguments.context.profile.empty() ||
      names->variants_given) {
    auto context = ResolveContext(*names, &*file);
    if (!context.ok()) {
      return UsageError(absl::InvalidArgumentError(arguments.in + ": " +
                                                   std::string(context.status().message())));
    }
    NameContext(*context, *file);
    // Names of preemptions come from a run; what the file says already is kept.
    Runner& runner = Runner::Get();
    const Report report = ReplayFound(file->input, context->run, OracleExpected(*file));
    const std::vector<std::string> said = file->preemption_names;
    NamePreemptions(runner.engine(), *file);
    for (size_t i = 0; i < said.size(); ++i) {
      if (!said[i].empty()) file->preemption_names[i] = said[i];
    }
    if (file->expect.empty()) file->expect = report.clean() ? "clean" : report.violation.oracle;
  }
  if (arguments.bytes) SayWhatBytesLeaveOut(*file);
  const std::string content = arguments.bytes ? Bytes(file->input) : PrintText(*file);
  const absl::Status status = WriteFileAtomically(arguments.out, content);
  return status.ok() ? kExitClean : InfrastructureError(status);
}

}  // namespace

void AddConvertCommand(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<ConvertArguments>();
  CLI::App* command = app.add_subcommand("convert", "between the text form and the byte form");
  command->add_option("IN", arguments->in, "text or bytes")->required();
  command->add_option("OUT", arguments->out, "where to write")->required();
  command->add_flag("--bytes", arguments->bytes, "write bytes, for fuzzers; else text");
  arguments->context.AddTo(*command);
  command->footer("With a context the file is run once: its preemptions and verdict are named.");
  command->callback([arguments, &exit_code] { exit_code = RunConvert(*arguments); });
}

}  // namespace walkrace
