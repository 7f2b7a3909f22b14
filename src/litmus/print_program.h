// A litmus program as a person reads it, close to the kernel's C: for failures of tests.
#ifndef WALKRACE_LITMUS_PRINT_PROGRAM_H_
#define WALKRACE_LITMUS_PRINT_PROGRAM_H_

#include <string>

#include "litmus/program.h"

namespace walkrace::litmus {

std::string PrintProgram(const Program& program);
// One line: registers of each thread, then the locations.
std::string PrintState(const Program& program, const FinalState& state);

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_PRINT_PROGRAM_H_
