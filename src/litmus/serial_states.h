// The states that a litmus program can end in when its threads take turns on one memory, by trying
// every interleaving. Shares nothing with the checker but the program: for tests of it.
#ifndef WALKRACE_LITMUS_SERIAL_STATES_H_
#define WALKRACE_LITMUS_SERIAL_STATES_H_

#include <set>

#include "litmus/program.h"

namespace walkrace::litmus {

// A thread that waits for ever, or that goes through a value that is no address, gives no state.
std::set<FinalState> SerialStates(const Program& program);

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_SERIAL_STATES_H_
