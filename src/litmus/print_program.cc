#include "litmus/print_program.h"

#include <vector>

namespace walkrace::litmus {
namespace {

const char* OperatorText(Operator op) {
  switch (op) {
    case Operator::kNot:
      return "!";
    case Operator::kNegate:
    case Operator::kSubtract:
      return "-";
    case Operator::kComplement:
      return "~";
    case Operator::kAdd:
      return "+";
    case Operator::kMultiply:
      return "*";
    case Operator::kAnd:
      return "&";
    case Operator::kOr:
      return "|";
    case Operator::kXor:
      return "^";
    case Operator::kEqual:
      return "==";
    case Operator::kNotEqual:
      return "!=";
    case Operator::kLess:
      return "<";
    case Operator::kLessEqual:
      return "<=";
    case Operator::kGreater:
      return ">";
    case Operator::kGreaterEqual:
      return ">=";
    case Operator::kLogicalAnd:
      return "&&";
    case Operator::kLogicalOr:
      return "||";
    case Operator::kConstant:
    case Operator::kRegister:
      break;
  }
  return "?";
}

const char* Suffix(Order order) {
  switch (order) {
    case Order::kRelaxed:
      return "_relaxed";
    case Order::kAcquire:
      return "_acquire";
    case Order::kRelease:
      return "_release";
    default:
      return "";
  }
}

const char* FenceText(Fence fence) {
  switch (fence) {
    case Fence::kMb:
      return "smp_mb()";
    case Fence::kRmb:
      return "smp_rmb()";
    case Fence::kWmb:
      return "smp_wmb()";
    case Fence::kBeforeAtomic:
      return "smp_mb__before_atomic()";
    case Fence::kAfterAtomic:
      return "smp_mb__after_atomic()";
    case Fence::kAfterSpinlock:
      return "smp_mb__after_spinlock()";
    case Fence::kAfterUnlockLock:
      return "smp_mb__after_unlock_lock()";
    case Fence::kBarrier:
      return "barrier()";
  }
  return "?";
}

class Printer {
 public:
  Printer(const Program& program, const Thread* thread) : program_(program), thread_(thread) {}

  std::string ValueText(Value value) const {
    const int location = LocationAt(value, static_cast<int>(program_.locations.size()));
    return location < 0 ? std::to_string(value) : "&" + program_.locations[location].name;
  }

  void Print(const std::vector<Instruction>& body, const std::string& indent, std::string& text) {
    for (const Instruction& instruction : body) {
      text += indent;
      if (instruction.target != kNoRegister) text += RegisterName(instruction.target) + " = ";
      if (instruction.opcode == Opcode::kIf) {
        text += "if (" + Text(instruction.value) + ") {\n";
        Print(instruction.then, indent + "  ", text);
        if (!instruction.otherwise.empty()) {
          text += indent + "} else {\n";
          Print(instruction.otherwise, indent + "  ", text);
        }
        text += indent + "}\n";
        continue;
      }
      text += Text(instruction) + ";\n";
    }
  }

 private:
  std::string RegisterName(int number) const { return thread_->registers.at(number); }

  std::string Text(const Expression& expression) const {
    if (expression.op == Operator::kConstant) return ValueText(expression.constant);
    if (expression.op == Operator::kRegister) {
      return RegisterName(static_cast<int>(expression.constant));
    }
    if (expression.right == nullptr) return OperatorText(expression.op) + Text(*expression.left);
    return "(" + Text(*expression.left) + " " + OperatorText(expression.op) + " " +
           Text(*expression.right) + ")";
  }

  std::string Text(const Instruction& it) const {
    const std::string at = Text(it.address), value = Text(it.value);
    switch (it.opcode) {
      case Opcode::kAssign:
        return value;
      case Opcode::kLoad:
        return it.order == Order::kPlain     ? "*" + at
               : it.order == Order::kAcquire ? "smp_load_acquire(" + at + ")"
                                             : "READ_ONCE(*" + at + ")";
      case Opcode::kStore:
        return it.order == Order::kPlain     ? "*" + at + " = " + value
               : it.order == Order::kRelease ? "smp_store_release(" + at + ", " + value + ")"
                                             : "WRITE_ONCE(*" + at + ", " + value + ")";
      case Opcode::kRmw:
        return RmwText(it, at, value);
      case Opcode::kFence:
        return FenceText(it.fence);
      case Opcode::kLock:
        return "spin_lock(" + at + ")";
      case Opcode::kTrylock:
        return "spin_trylock(" + at + ")";
      case Opcode::kUnlock:
        return "spin_unlock(" + at + ")";
      case Opcode::kIsLocked:
        return "spin_is_locked(" + at + ")";
      case Opcode::kRcuLock:
        return "rcu_read_lock()";
      case Opcode::kRcuUnlock:
        return "rcu_read_unlock()";
      case Opcode::kSynchronizeRcu:
        return "synchronize_rcu()";
      case Opcode::kIf:
        break;
    }
    return "?";
  }

  std::string RmwText(const Instruction& it, const std::string& at,
                      const std::string& value) const {
    const std::string fetch = it.returns_value ? "atomic_fetch_" : "atomic_";
    const std::string suffix = it.returns_value ? Suffix(it.order) : "";
    const std::string value_first = suffix + "(" + value + ", " + at + ")";
    switch (it.rmw) {
      case RmwKind::kXchg:
        return "xchg" + suffix + "(" + at + ", " + value + ")";
      case RmwKind::kAdd:
        return fetch + "add" + value_first;
      case RmwKind::kSub:
        return fetch + "sub" + value_first;
      case RmwKind::kAnd:
        return fetch + "and" + value_first;
      case RmwKind::kOr:
        return fetch + "or" + value_first;
      case RmwKind::kCmpxchg:
        return "cmpxchg" + suffix + "(" + at + ", " + Text(it.expected) + ", " + value + ")";
      case RmwKind::kAddUnless:
        return "atomic_fetch_add_unless" + suffix + "(" + at + ", " + value + ", " +
               Text(it.expected) + ")";
    }
    return "?";
  }

  const Program& program_;
  const Thread* thread_;
};

}  // namespace

std::string PrintProgram(const Program& program) {
  std::string text = program.name + "\n{";
  for (const Location& location : program.locations) {
    text +=
        " " + location.name + " = " + Printer(program, nullptr).ValueText(location.initial) + ";";
  }
  text += " }\n";
  for (size_t i = 0; i < program.threads.size(); ++i) {
    text += "P" + std::to_string(i) + " {\n";
    Printer(program, &program.threads[i]).Print(program.threads[i].body, "  ", text);
    text += "}\n";
  }
  return text;
}

std::string PrintState(const Program& program, const FinalState& state) {
  const Printer printer(program, nullptr);
  std::string text;
  for (size_t i = 0; i < state.registers.size(); ++i) {
    for (size_t j = 0; j < state.registers[i].size(); ++j) {
      text += std::to_string(i) + ":" + program.threads[i].registers[j] + "=" +
              printer.ValueText(state.registers[i][j]) + " ";
    }
  }
  for (size_t i = 0; i < state.locations.size(); ++i) {
    text += program.locations[i].name + "=" + printer.ValueText(state.locations[i]) + " ";
  }
  return text;
}

}  // namespace walkrace::litmus
