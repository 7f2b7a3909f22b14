// What the final states of a litmus test say about its condition, and that as herd7 prints it.
#ifndef WALKRACE_LITMUS_VERDICT_H_
#define WALKRACE_LITMUS_VERDICT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "litmus/explore.h"
#include "litmus/program.h"

namespace walkrace::litmus {

bool Holds(const Condition& condition, const FinalState& state);

struct Verdict {
  // What is shown of a state: the places of the condition and of `locations`, registers first.
  std::vector<Place> places;
  // The values there, and the executions that ended so; without those that the filter drops.
  std::map<std::vector<Value>, uint64_t> states;
  uint64_t positive = 0, negative = 0;  // executions that meet the condition, and that do not

  // "Never", "Sometimes" or "Always", of the executions that were seen.
  const char* Word() const;
  // Whether executions that were not seen could change the word.
  bool IsCertain(bool complete) const { return complete || (positive > 0 && negative > 0); }
  // Whether `exists`, `~exists` or `forall` is met.
  bool Ok(Quantifier quantifier) const;
};

Verdict Judge(const Program& program, const std::map<FinalState, uint64_t>& states);

// "0:r0=1; x=&y;"
std::string StateText(const Program& program, const Verdict& verdict,
                      const std::vector<Value>& values);

// The block that herd7 prints for a test. Counts are executions of the exploration, not of herd7's
// candidates. Prints at most `states_max` states.
std::string VerdictText(const Program& program, const Verdict& verdict, bool complete,
                        uint64_t states_max = UINT64_MAX);

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_VERDICT_H_
