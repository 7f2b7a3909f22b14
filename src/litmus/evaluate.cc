#include "litmus/evaluate.h"

namespace walkrace::litmus {
namespace {

// Like the kernel, which is built with -fno-strict-overflow.
Value Wrap(uint64_t value) { return static_cast<Value>(value); }

Value Binary(Operator op, Value left, Value right) {
  const auto a = static_cast<uint64_t>(left), b = static_cast<uint64_t>(right);
  switch (op) {
    case Operator::kAdd:
      return Wrap(a + b);
    case Operator::kSubtract:
      return Wrap(a - b);
    case Operator::kMultiply:
      return Wrap(a * b);
    case Operator::kAnd:
      return Wrap(a & b);
    case Operator::kOr:
      return Wrap(a | b);
    case Operator::kXor:
      return Wrap(a ^ b);
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
    default:
      return 0;
  }
}

}  // namespace

Value Evaluate(const Expression& expression, const std::vector<Value>& registers) {
  switch (expression.op) {
    case Operator::kConstant:
      return expression.constant;
    case Operator::kRegister:
      return registers[static_cast<size_t>(expression.constant)];
    case Operator::kNot:
      return Evaluate(*expression.left, registers) == 0;
    case Operator::kNegate:
      return Wrap(0 - static_cast<uint64_t>(Evaluate(*expression.left, registers)));
    case Operator::kComplement:
      return ~Evaluate(*expression.left, registers);
    default:
      return Binary(expression.op, Evaluate(*expression.left, registers),
                    Evaluate(*expression.right, registers));
  }
}

uint64_t Taint(const Expression& expression, const std::vector<uint64_t>& taints) {
  if (expression.op == Operator::kRegister) return taints[static_cast<size_t>(expression.constant)];
  uint64_t taint = 0;
  for (const auto* side : {&expression.left, &expression.right}) {
    if (*side != nullptr) taint |= Taint(**side, taints);
  }
  return taint;
}

Value Apply(RmwKind kind, Value old, Value operand) {
  const auto a = static_cast<uint64_t>(old), b = static_cast<uint64_t>(operand);
  switch (kind) {
    case RmwKind::kXchg:
    case RmwKind::kCmpxchg:
      return operand;
    case RmwKind::kAdd:
    case RmwKind::kAddUnless:
      return Wrap(a + b);
    case RmwKind::kSub:
      return Wrap(a - b);
    case RmwKind::kAnd:
      return Wrap(a & b);
    case RmwKind::kOr:
      return Wrap(a | b);
  }
  return old;
}

}  // namespace walkrace::litmus
