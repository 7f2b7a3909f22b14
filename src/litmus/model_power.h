// Holds what a memory model shows of a program against the axiomatic checker: whatever is shown
// has to be allowed, by Linux 6.1 and by 6.12; how much of what is allowed is shown is the model's
// power. For tests, and for measuring.
#ifndef WALKRACE_LITMUS_MODEL_POWER_H_
#define WALKRACE_LITMUS_MODEL_POWER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/memory_models.h"
#include "litmus/axiomatic.h"
#include "litmus/explore.h"
#include "litmus/program.h"

namespace walkrace::litmus {

// What the kernel's model says of a program.
struct Allowed {
  LkmmResult by_6_1, by_6_12;

  bool complete() const { return by_6_1.complete && by_6_12.complete; }
  bool Has(const FinalState& state) const {
    return by_6_1.states.contains(state) && by_6_12.states.contains(state);
  }
};

// Gives up where a program has too many candidates: then it is not complete.
Allowed CheckBoth(const Program& program, const std::function<bool()>& stop = {});

struct Share {
  uint64_t shown = 0, allowed = 0;

  void Count(bool is_shown) {
    shown += is_shown;
    ++allowed;
  }
  double percent() const {
    return allowed == 0 ? 0.0 : 100.0 * static_cast<double>(shown) / static_cast<double>(allowed);
  }
};

// Of final states, summed over programs. A weak one is no end of a sequentially consistent
// execution.
struct Power {
  uint64_t programs = 0;
  uint64_t forbidden_programs = 0;  // with a state that is not allowed
  uint64_t given_up = 0;            // too large to be checked or explored to the end
  Share serial;
  Share weak;            // without load buffering
  Share weak_by_both;    // those of them that 6.12 allows without it as well
  Share weak_multicopy;  // those that 6.1 allows where writes reach all threads at once
  Share load_buffering;  // those that need it
  uint64_t executions = 0;

  std::string Text() const;
};

// What a model shows of one program.
struct Held {
  bool complete = false;
  std::vector<FinalState> forbidden;  // shown, not allowed: by 6.1, by 6.12, or to a
                                      // multicopy-atomic model by that
  std::vector<FinalState> missed;     // weak_by_both, and not shown; serial ones as well
};

// REQUIRES: allowed.complete(). Adds to `power` what it finds.
Held Hold(const Allowed& allowed, const Exploration& shown, MemoryKind memory, Power& power);

// "0:r0=1 1:r0=0 x=2 y=&x"
std::string StateText(const Program& program, const FinalState& state);

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_MODEL_POWER_H_
