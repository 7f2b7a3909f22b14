// Expressions of litmus programs: their values, and which registers they read.
#ifndef WALKRACE_LITMUS_EXPRESSION_H_
#define WALKRACE_LITMUS_EXPRESSION_H_

#include "litmus/program.h"

namespace walkrace::litmus {

// Returns what the operator makes of two numbers (kNot, kNegate, kComplement: of `left`); both
// operands of && and || are taken. REQUIRES: neither kConstant nor kRegister.
inline Value Apply(Operator op, Value left, Value right) {
  const auto wrap = [](uint64_t value) { return static_cast<Value>(value); };
  const uint64_t a = static_cast<uint64_t>(left), b = static_cast<uint64_t>(right);
  switch (op) {
    case Operator::kConstant:
    case Operator::kRegister:
      return 0;
    case Operator::kNot:
      return left == 0;
    case Operator::kNegate:
      return wrap(-a);
    case Operator::kComplement:
      return ~left;
    case Operator::kAdd:
      return wrap(a + b);
    case Operator::kSubtract:
      return wrap(a - b);
    case Operator::kMultiply:
      return wrap(a * b);
    case Operator::kAnd:
      return left & right;
    case Operator::kOr:
      return left | right;
    case Operator::kXor:
      return left ^ right;
    case Operator::kEqual:
      return left == right;
    case Operator::kNotEqual:
      return left != right;
    case Operator::kLess:
      return left < right;
    case Operator::kLessEqual:
      return left <= right;
    case Operator::kGreater:
      return left > right;
    case Operator::kGreaterEqual:
      return left >= right;
    case Operator::kLogicalAnd:
      return left != 0 && right != 0;
    case Operator::kLogicalOr:
      return left != 0 || right != 0;
  }
  return 0;
}

// Returns the value of an expression; `read_register(number)` gives that of a register.
template <typename ReadRegister>
Value Evaluate(const Expression& expression, ReadRegister read_register) {
  switch (expression.op) {
    case Operator::kConstant:
      return expression.constant;
    case Operator::kRegister:
      return read_register(static_cast<int>(expression.constant));
    default: {
      const Value left = Evaluate(*expression.left, read_register);
      const Value right =
          expression.right == nullptr ? 0 : Evaluate(*expression.right, read_register);
      return Apply(expression.op, left, right);
    }
  }
}

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_EXPRESSION_H_
