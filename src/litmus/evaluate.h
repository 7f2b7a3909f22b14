// Values of expressions, and what they depend on.
#ifndef WALKRACE_LITMUS_EVALUATE_H_
#define WALKRACE_LITMUS_EVALUATE_H_

#include <vector>

#include "litmus/program.h"

namespace walkrace::litmus {

Value Evaluate(const Expression& expression, const std::vector<Value>& registers);

// The union of what its registers depend on.
uint64_t Taint(const Expression& expression, const std::vector<uint64_t>& taints);

// What a read-modify-write that succeeds makes of `old`.
Value Apply(RmwKind kind, Value old, Value operand);

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_EVALUATE_H_
