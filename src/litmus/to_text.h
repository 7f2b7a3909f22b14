// A program as a litmus file that Parse() and herd7 read, for tests that programs made.
#ifndef WALKRACE_LITMUS_TO_TEXT_H_
#define WALKRACE_LITMUS_TO_TEXT_H_

#include <string>

#include "litmus/program.h"

namespace walkrace::litmus {

// Parse(ToText(program)) is a program of the same text and the same meaning. Registers whose names
// begin with '$', or are those of locations, get others. What the kernel has no call for is named
// like one, with a suffix that Parse() knows and herd7 does not: atomic_fetch_add_unless_relaxed().
// REQUIRES: names are words; addresses of lock operations are constants.
std::string ToText(const Program& program);

// "x", "0:r0"; "0:r0=1 /\ x=&y".
std::string PlaceText(const Program& program, Place place);
std::string ValueText(const Program& program, Value value);
std::string ConditionText(const Program& program, const Condition& condition);
// "exists (...)".
std::string FinalText(const Program& program);

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_TO_TEXT_H_
