// The subcommands of `walkrace`, one file each. Each adds itself to the application; when it was
// chosen, its callback leaves the exit code in `exit_code`.
#ifndef WALKRACE_TOOL_COMMANDS_H_
#define WALKRACE_TOOL_COMMANDS_H_

#include <CLI/CLI.hpp>

namespace walkrace {

void AddListCommand(CLI::App& app, int& exit_code);
void AddHuntCommand(CLI::App& app, int& exit_code);
void AddExhaustCommand(CLI::App& app, int& exit_code);
void AddReplayCommand(CLI::App& app, int& exit_code);
void AddExplainCommand(CLI::App& app, int& exit_code);
void AddMinimizeCommand(CLI::App& app, int& exit_code);
void AddConvertCommand(CLI::App& app, int& exit_code);
void AddControlsCommand(CLI::App& app, int& exit_code);
void AddMatrixCommand(CLI::App& app, int& exit_code);
void AddCoverageCommand(CLI::App& app, int& exit_code);
void AddConfirmCommand(CLI::App& app, int& exit_code);
void AddTreeCheckCommand(CLI::App& app, int& exit_code);
void AddLitmusCommand(CLI::App& app, int& exit_code);

}  // namespace walkrace

#endif  // WALKRACE_TOOL_COMMANDS_H_
