// progress: all CPUs finish within the step bound; nobody waits for ever. Judged from how the
// engine ended a run, not from its events.
#ifndef WALKRACE_ORACLE_PROGRESS_ORACLE_H_
#define WALKRACE_ORACLE_PROGRESS_ORACLE_H_

#include "oracle/oracle.h"

namespace walkrace {

inline constexpr const char* kProgressName = "progress";

// A run ended in a deadlock (the pair: by what two of the blocked CPUs keep the others waiting) or
// at the step bound. Keeps an earlier violation.
void JudgeProgress(const Engine& engine, bool deadlock, Violation* violation);

}  // namespace walkrace

#endif  // WALKRACE_ORACLE_PROGRESS_ORACLE_H_
