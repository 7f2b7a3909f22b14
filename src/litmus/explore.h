// All that a memory model shows of a litmus test: every order of the steps that others can notice,
// with every choice of the model, none twice. Executions in which a thread waits for a lock for
// ever are not counted.
#ifndef WALKRACE_LITMUS_EXPLORE_H_
#define WALKRACE_LITMUS_EXPLORE_H_

#include <cstdint>
#include <functional>
#include <map>

#include "engine/memory_models.h"
#include "litmus/program.h"

namespace walkrace::litmus {

struct ExploreOptions {
  uint64_t executions_max = UINT64_MAX;
  // Asked now and then; returning true ends the exploration, which is then not complete.
  std::function<bool()> stop;
};

struct Exploration {
  std::map<FinalState, uint64_t> states;  // and the number of executions that ended in each
  uint64_t executions = 0;
  bool complete = true;
};

// REQUIRES: at most kCpusMax threads.
Exploration Explore(const Program& program, MemoryKind memory, const ExploreOptions& options = {});

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_EXPLORE_H_
