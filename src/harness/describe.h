// A run in words and names: what the text form, reports and JSON say of events and findings.
#ifndef WALKRACE_HARNESS_DESCRIBE_H_
#define WALKRACE_HARNESS_DESCRIBE_H_

#include <string>

#include "harness/context.h"
#include "harness/runner.h"

namespace walkrace {

// Names each preemption of `file` by the event that it stood before in the last run, as .walk
// files do ("gup_pte_range load pmd[0]").
void NamePreemptions(const Engine& engine, WalkFile& file);

// The input of the run that `runner` did last, with names for its preemptions, its context and the
// verdict that it expects.
WalkFile FileOfLastRun(const Runner& runner, const Scenario& scenario,
                       const ResolvedContext& context, const Report& report);

// What groups findings: the oracle and the two functions whose order did it:
// "no-pinned-page-freed: __collapse_huge_page_isolate / try_get_folio".
std::string SignatureOf(const Engine& engine, const Violation& violation);

// Lines for each preemption of `file` whose named event is not the one that the last replay met at
// that place; empty if the code has not drifted.
std::string DriftOfLastReplay(const Runner& runner, const WalkFile& file);

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_DESCRIBE_H_
