// What a mutation can aim at in an input (scenario/aims.h), found by running it.
#ifndef WALKRACE_HARNESS_RUN_AIMS_H_
#define WALKRACE_HARNESS_RUN_AIMS_H_

#include "harness/runner.h"
#include "scenario/aims.h"

namespace walkrace {

// Runs on fibers: makes no thread, so that afl-fuzz may do it, too. A run changes nothing for those
// that follow. One input's aims are kept: asked again for the same, it does not run. Large: static
// storage.
class RunAims final : public AimSource {
 public:
  // `context_of` says how an input is run.
  explicit RunAims(RunContext (*context_of)(const Input& input)) : context_of_(context_of) {}

  // REQUIRES: not called during a run. The trace of the last run is gone afterwards.
  const Aims& AimsOf(const Input& input) override;

 private:
  RunContext (*const context_of_)(const Input& input);
  bool known_ = false;
  Input input_;
  Aims aims_;
};

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_RUN_AIMS_H_
