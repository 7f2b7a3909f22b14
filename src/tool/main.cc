// `walkrace`: hunts, replays, minimises and explains schedules. Names are an interface: scripts
// and gates build on them.
#include "absl/strings/str_cat.h"
#include "base/build_info.h"
#include "tool/commands.h"
#include "tool/common.h"

int main(int argc, char** argv) {
  walkrace::InstallInterruptHandlers();
  walkrace::program_name = argv[0];

  CLI::App app(
      "A fuzzing harness for lockless page-walk code: runs GUP-fast and what races with "
      "it on real threads,\none step at a time, under schedules of your choice, and "
      "judges each run.",
      "walkrace");
  app.set_version_flag(
      "--version", absl::StrCat("walkrace ", walkrace::kVersion, " (", walkrace::kFlavour, ")"));
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 clean; 77 violation; 66 data race only; 70 time-out; 71 out of memory;\n"
      "2 usage or an unreadable file; 3 infrastructure; 130 interrupted with nothing found.");
  int exit_code = 0;
  walkrace::AddListCommand(app, exit_code);
  walkrace::AddHuntCommand(app, exit_code);
  walkrace::AddExhaustCommand(app, exit_code);
  walkrace::AddReplayCommand(app, exit_code);
  walkrace::AddExplainCommand(app, exit_code);
  walkrace::AddMinimizeCommand(app, exit_code);
  walkrace::AddConvertCommand(app, exit_code);
  walkrace::AddControlsCommand(app, exit_code);
  walkrace::AddMatrixCommand(app, exit_code);
  walkrace::AddCoverageCommand(app, exit_code);
  walkrace::AddConfirmCommand(app, exit_code);
  walkrace::AddTreeCheckCommand(app, exit_code);
  walkrace::AddLitmusCommand(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : walkrace::kExitUsage;
  }
  // A full disk or a closed pipe must not look like success.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fprintf(stderr, "walkrace: cannot write to standard output\n");
    if (exit_code == 0) exit_code = walkrace::kExitInfrastructure;
  }
  return exit_code;
}
