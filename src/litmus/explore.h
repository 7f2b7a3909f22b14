// All that a memory model shows of a litmus test: every order of the steps that others can notice,
// with every choice of the model. Where two executions come to the same state, what comes of it is
// followed once. Executions in which a thread waits for a lock for ever are not counted.
#ifndef WALKRACE_LITMUS_EXPLORE_H_
#define WALKRACE_LITMUS_EXPLORE_H_

#include <cstdint>
#include <functional>
#include <map>

#include "engine/memory_models.h"
#include "litmus/program.h"

namespace walkrace::litmus {

struct ExploreOptions {
  uint64_t executions_max = UINT64_MAX;  // begun: where they meet, one alone goes on to an end
  // Asked now and then; returning true ends the exploration, which is then not complete.
  std::function<bool()> stop;
  // Of a state only once what comes of it. Without: the same final states, by all executions; for
  // tests, and for programs so small that one wants to count them.
  bool merges = true;
};

struct Exploration {
  // And the number of executions that ended in each, of those that were followed to their ends.
  std::map<FinalState, uint64_t> states;
  uint64_t executions = 0;  // the sum of these
  bool complete = true;
};

// REQUIRES: at most kCpusMax threads.
Exploration Explore(const Program& program, MemoryKind memory, const ExploreOptions& options = {});

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_EXPLORE_H_
