// What the Linux kernel memory model allows a litmus program, found from its axioms: what the
// models that run programs (explore.h) are held against. Independent of the engine.
#ifndef WALKRACE_LITMUS_AXIOMATIC_H_
#define WALKRACE_LITMUS_AXIOMATIC_H_

#include <cstdint>
#include <functional>
#include <map>

#include "litmus/lkmm_axioms.h"
#include "litmus/program.h"

namespace walkrace::litmus {

struct LkmmOptions {
  LkmmVersion version = LkmmVersion::k6_1;
  uint64_t candidates_max = UINT64_MAX;
  // Asked now and then; returning true ends the check, which is then not complete.
  std::function<bool()> stop = {};
  // For tests of the model itself.
  LkmmParts left_out = 0;
  // Sequentially consistent candidates are allowed without a look at the axioms.
  bool trusts_serial = true;
};

struct LkmmState {
  bool sc = false;  // some sequentially consistent execution ends so
  // No execution ends so that keeps each load before the stores that follow it in its thread, but
  // those of operations that return no value: with [R \ Noreturn] ; po ; [W] in ppo the axioms
  // allow none.
  bool needs_load_buffering = true;
  // One does that, and in it each write may have reached all threads at once.
  bool multicopy_atomic = false;
};

struct LkmmResult {
  std::map<FinalState, uint64_t> states;  // the allowed ones, and how many executions end so
  std::map<FinalState, LkmmState> about;  // the same states
  uint64_t candidates = 0;
  bool data_race = false;  // an allowed execution has one: the model promises nothing
  bool complete = true;
};

// REQUIRES: what AllThreadRuns() and ForEachCandidate() do.
LkmmResult CheckLkmm(const Program& program, const LkmmOptions& options = {});

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_AXIOMATIC_H_
