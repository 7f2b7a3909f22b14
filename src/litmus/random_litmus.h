// Draws litmus programs: small, of every primitive, with few full fences, so that weak outcomes
// are common. Stores to one location have different values, so that the state at the end tells
// executions apart.
#ifndef WALKRACE_LITMUS_RANDOM_LITMUS_H_
#define WALKRACE_LITMUS_RANDOM_LITMUS_H_

#include <cstdint>

#include "litmus/program.h"

namespace walkrace::litmus {

struct RandomLitmusOptions {
  int threads_max = 4;       // at least 2
  int instructions_max = 5;  // a thread; fences, and what holds a section together, come on top
  int accesses_max = 12;     // a program; a read-modify-write and a lock are two
  bool read_modify_writes = true;  // what the programs are made of besides loads, stores, fences
  bool dependencies = true;
  bool locks = true;
  bool rcu = true;
  bool plain = false;  // plain loads and stores among the marked ones
};

// The same seed and options give the same program.
Program RandomLitmus(uint64_t seed, const RandomLitmusOptions& options = {});

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_RANDOM_LITMUS_H_
