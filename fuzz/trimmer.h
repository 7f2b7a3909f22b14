// Makes an input smaller step by step: each step leaves out one preemption or one operation, and
// the caller says whether the rest still does what mattered. Last entries first.
#ifndef WALKRACE_FUZZ_TRIMMER_H_
#define WALKRACE_FUZZ_TRIMMER_H_

#include "scenario/scenario.h"

namespace walkrace {

class Trimmer {
 public:
  // Takes an input. Returns the number of steps to come: none where the canonical form of the
  // whole would be longer than `size` (AFL++ gives up on a trimmer that makes an input longer).
  size_t Begin(const uint8_t* data, size_t size);

  // The input without the part that this step is about. REQUIRES: steps are left.
  Input& Try();

  // Ends the step; `keep`: the smaller input is taken over. Returns the number of steps done.
  size_t End(bool keep);

 private:
  struct Part {
    int cpu;  // -1: the schedule
    size_t index;
  };
  Part PartOf(size_t step) const;

  Input whole_;
  Input tried_;
  size_t steps_ = 0;
  size_t step_ = 0;
  size_t preemptions_ = 0;            // at the beginning
  size_t operations_[kCpusMax] = {};  // at the beginning
};

}  // namespace walkrace

#endif  // WALKRACE_FUZZ_TRIMMER_H_
