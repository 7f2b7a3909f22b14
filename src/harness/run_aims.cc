#include "harness/run_aims.h"

namespace walkrace {

const Aims& RunAims::AimsOf(const Input& input) {
  if (known_ && input == input_) return aims_;
  Runner& runner = Runner::Get();
  const BackendScope on_fibers(Fibers());
  (void)runner.Replay(input, context_of_(input));  // a violation is for the fuzzer to find
  const Engine& engine = runner.engine();
  FindAims(engine.events(), engine.event_count(), aims_);
  input_ = input;
  known_ = true;
  return aims_;
}

}  // namespace walkrace
