// What a thread may still do, at each place in its code: what its state has to tell apart.
#ifndef WALKRACE_LITMUS_FUTURES_H_
#define WALKRACE_LITMUS_FUTURES_H_

#include <vector>

#include "engine/weak_memory_state.h"
#include "litmus/code.h"

namespace walkrace::litmus {

struct CodeFuture {
  CpuFuture cpu;
  // Whose dependencies matter: bit n of register n, the last one for all from there on.
  uint64_t registers = 0;
};

// Of each place in the code of a thread, and of its end.
std::vector<CodeFuture> FuturesOf(const std::vector<Code>& code, bool every_rmw_is_full);

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_FUTURES_H_
