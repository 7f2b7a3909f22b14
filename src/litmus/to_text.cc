#include "litmus/to_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace walkrace::litmus {
namespace {

const char* SymbolOf(Operator op) {
  switch (op) {
    case Operator::kConstant:
    case Operator::kRegister:
      break;
    case Operator::kNot:
      return "!";
    case Operator::kNegate:
      return "-";
    case Operator::kComplement:
      return "~";
    case Operator::kAdd:
      return " + ";
    case Operator::kSubtract:
      return " - ";
    case Operator::kMultiply:
      return " * ";
    case Operator::kAnd:
      return " & ";
    case Operator::kOr:
      return " | ";
    case Operator::kXor:
      return " ^ ";
    case Operator::kEqual:
      return " == ";
    case Operator::kNotEqual:
      return " != ";
    case Operator::kLess:
      return " < ";
    case Operator::kLessEqual:
      return " <= ";
    case Operator::kGreater:
      return " > ";
    case Operator::kGreaterEqual:
      return " >= ";
    case Operator::kLogicalAnd:
      return " && ";
    case Operator::kLogicalOr:
      return " || ";
  }
  return "";
}

const char* NameOf(Fence fence) {
  switch (fence) {
    case Fence::kMb:
      return "smp_mb";
    case Fence::kRmb:
      return "smp_rmb";
    case Fence::kWmb:
      return "smp_wmb";
    case Fence::kBeforeAtomic:
      return "smp_mb__before_atomic";
    case Fence::kAfterAtomic:
      return "smp_mb__after_atomic";
    case Fence::kAfterSpinlock:
      return "smp_mb__after_spinlock";
    case Fence::kAfterUnlockLock:
      return "smp_mb__after_unlock_lock";
    case Fence::kBarrier:
      return "barrier";
  }
  return "";
}

const char* SuffixOf(Order order) {
  switch (order) {
    case Order::kAcquire:
      return "_acquire";
    case Order::kRelease:
      return "_release";
    case Order::kFull:
      return "";
    case Order::kPlain:
    case Order::kRelaxed:
      break;
  }
  return "_relaxed";
}

const char* WordOf(RmwKind kind) {
  switch (kind) {
    case RmwKind::kXchg:
      return "xchg";
    case RmwKind::kAdd:
      return "add";
    case RmwKind::kSub:
      return "sub";
    case RmwKind::kAnd:
      return "and";
    case RmwKind::kOr:
      return "or";
    case RmwKind::kCmpxchg:
      return "cmpxchg";
    case RmwKind::kAddUnless:
      return "add_unless";
  }
  return "";
}

// Names of a thread's registers as the text has them, where all locations are parameters.
std::vector<std::string> RegisterNames(const Program& program, const Thread& thread) {
  std::vector<std::string> names = thread.registers;
  const auto is_location = [&program](const std::string& name) {
    return std::any_of(program.locations.begin(), program.locations.end(),
                       [&name](const Location& location) { return location.name == name; });
  };
  int next = 0;
  for (std::string& name : names) {
    if (!name.starts_with('$') && !is_location(name)) continue;
    std::string other;
    do {
      other = absl::StrCat("t", next++);
    } while (is_location(other) || std::find(names.begin(), names.end(), other) != names.end());
    name = other;
  }
  return names;
}

class ThreadWriter {
 public:
  ThreadWriter(const Program& program, const Thread& thread, std::string& out)
      : program_(program), names_(RegisterNames(program, thread)), out_(out) {}

  void Write(int number, const Thread& thread) {
    std::string parameters;
    for (const Location& location : program_.locations) {
      absl::StrAppend(&parameters, parameters.empty() ? "" : ", ",
                      location.is_lock ? "spinlock_t *" : "int *", location.name);
    }
    absl::StrAppend(&out_, "P", number, "(", parameters, ")\n{\n");
    for (const std::string& name : names_) absl::StrAppend(&out_, "\tint ", name, ";\n");
    if (!names_.empty() && !thread.body.empty()) out_ += "\n";
    Body(thread.body, 1);
    out_ += "}\n\n";
  }

 private:
  std::string Text(const Expression& expression) const {
    switch (expression.op) {
      case Operator::kConstant:
        return Constant(expression.constant);
      case Operator::kRegister:
        return names_.at(static_cast<size_t>(expression.constant));
      case Operator::kNot:
      case Operator::kNegate:
      case Operator::kComplement:
        return absl::StrCat(SymbolOf(expression.op), Operand(*expression.left, true));
      default:
        return absl::StrCat(Operand(*expression.left, false), SymbolOf(expression.op),
                            Operand(*expression.right, false));
    }
  }
  std::string Constant(Value value) const {
    const int location = LocationAt(value, static_cast<int>(program_.locations.size()));
    return location >= 0 ? program_.locations[location].name : absl::StrCat(value);
  }
  // Numbers behind a sign are in parentheses: the parser makes one number of "-1".
  std::string Operand(const Expression& expression, bool of_unary) const {
    const bool number =
        expression.op == Operator::kConstant &&
        LocationAt(expression.constant, static_cast<int>(program_.locations.size())) < 0;
    const bool simple = expression.op == Operator::kRegister ||
                        (expression.op == Operator::kConstant && !(number && of_unary));
    return simple ? Text(expression) : absl::StrCat("(", Text(expression), ")");
  }
  std::string Lvalue(const Expression& address) const {
    return absl::StrCat("*", Operand(address, true));
  }

  std::string ToTarget(const Instruction& instruction) const {
    return instruction.target == kNoRegister
               ? ""
               : absl::StrCat(names_.at(static_cast<size_t>(instruction.target)), " = ");
  }

  std::string Load(const Instruction& instruction) const {
    switch (instruction.order) {
      case Order::kPlain:
        return Lvalue(instruction.address);
      case Order::kAcquire:
        return absl::StrCat("smp_load_acquire(", Text(instruction.address), ")");
      default:
        return absl::StrCat("READ_ONCE(", Lvalue(instruction.address), ")");
    }
  }

  std::string Store(const Instruction& instruction) const {
    switch (instruction.order) {
      case Order::kPlain:
        return absl::StrCat(Lvalue(instruction.address), " = ", Text(instruction.value));
      case Order::kRelease:
        return absl::StrCat("smp_store_release(", Text(instruction.address), ", ",
                            Text(instruction.value), ")");
      default:
        return absl::StrCat("WRITE_ONCE(", Lvalue(instruction.address), ", ",
                            Text(instruction.value), ")");
    }
  }

  std::string Rmw(const Instruction& instruction) const {
    const char* word = WordOf(instruction.rmw);
    const std::string address = Text(instruction.address), value = Text(instruction.value);
    const char* suffix = SuffixOf(instruction.order);
    switch (instruction.rmw) {
      case RmwKind::kXchg:
        return absl::StrCat(word, suffix, "(", address, ", ", value, ")");
      case RmwKind::kCmpxchg:
        return absl::StrCat(word, suffix, "(", address, ", ", Text(instruction.expected), ", ",
                            value, ")");
      case RmwKind::kAddUnless:
        return absl::StrCat("atomic_fetch_add_unless", suffix, "(", address, ", ", value, ", ",
                            Text(instruction.expected), ")");
      default:
        break;
    }
    if (!instruction.returns_value)
      return absl::StrCat("atomic_", word, "(", value, ", ", address, ")");
    return absl::StrCat("atomic_fetch_", word, suffix, "(", value, ", ", address, ")");
  }

  std::string Simple(const Instruction& instruction) const {
    const auto lock = [&](const char* name) {
      return absl::StrCat(name, "(", Text(instruction.address), ")");
    };
    switch (instruction.opcode) {
      case Opcode::kAssign:
        return Text(instruction.value);
      case Opcode::kLoad:
        return Load(instruction);
      case Opcode::kStore:
        return Store(instruction);
      case Opcode::kRmw:
        return Rmw(instruction);
      case Opcode::kFence:
        return absl::StrCat(NameOf(instruction.fence), "()");
      case Opcode::kLock:
        return lock("spin_lock");
      case Opcode::kTrylock:
        return lock("spin_trylock");
      case Opcode::kUnlock:
        return lock("spin_unlock");
      case Opcode::kIsLocked:
        return lock("spin_is_locked");
      case Opcode::kRcuLock:
        return "rcu_read_lock()";
      case Opcode::kRcuUnlock:
        return "rcu_read_unlock()";
      case Opcode::kSynchronizeRcu:
        return "synchronize_rcu()";
      case Opcode::kIf:
        break;
    }
    return "";
  }

  void Body(const std::vector<Instruction>& body, size_t depth) {
    const std::string indent(depth, '\t');
    for (const Instruction& instruction : body) {
      if (instruction.opcode != Opcode::kIf) {
        absl::StrAppend(&out_, indent, ToTarget(instruction), Simple(instruction), ";\n");
        continue;
      }
      absl::StrAppend(&out_, indent, "if (", Text(instruction.value), ") {\n");
      Body(instruction.then, depth + 1);
      if (!instruction.otherwise.empty()) {
        absl::StrAppend(&out_, indent, "} else {\n");
        Body(instruction.otherwise, depth + 1);
      }
      absl::StrAppend(&out_, indent, "}\n");
    }
  }

  const Program& program_;
  const std::vector<std::string> names_;
  std::string& out_;
};

void WriteInit(const Program& program, std::string& out) {
  out += "{\n";
  for (const Location& location : program.locations) {
    if (location.is_lock) {
      absl::StrAppend(&out, "spinlock_t ", location.name, ";\n");
    } else {
      absl::StrAppend(&out, location.name, "=", ValueText(program, location.initial), ";\n");
    }
  }
  // All of a thread where one has a value, so that they keep their order.
  for (size_t i = 0; i < program.threads.size(); ++i) {
    const Thread& thread = program.threads[i];
    if (std::all_of(thread.initial.begin(), thread.initial.end(),
                    [](Value value) { return value == 0; })) {
      continue;
    }
    const std::vector<std::string> names = RegisterNames(program, thread);
    for (size_t r = 0; r < thread.initial.size(); ++r) {
      absl::StrAppend(&out, i, ":", names[r], "=", ValueText(program, thread.initial[r]), ";\n");
    }
  }
  out += "}\n\n";
}

bool IsTrue(const Condition& condition) { return condition.connective == Connective::kTrue; }

std::string Joined(const Program& program, const Condition& condition, const char* symbol) {
  std::string text;
  for (const Condition& operand : condition.operands) {
    absl::StrAppend(&text, text.empty() ? "" : symbol);
    const bool compound = operand.connective == Connective::kAnd ||
                          operand.connective == Connective::kOr ||
                          operand.connective == Connective::kImplies;
    const std::string inside = ConditionText(program, operand);
    absl::StrAppend(&text, compound ? absl::StrCat("(", inside, ")") : inside);
  }
  return text;
}

}  // namespace

std::string PlaceText(const Program& program, Place place) {
  if (place.thread < 0) return program.locations.at(place.index).name;
  const Thread& thread = program.threads.at(place.thread);
  return absl::StrCat(place.thread, ":", RegisterNames(program, thread).at(place.index));
}

std::string ValueText(const Program& program, Value value) {
  const int location = LocationAt(value, static_cast<int>(program.locations.size()));
  return location >= 0 ? absl::StrCat("&", program.locations[location].name) : absl::StrCat(value);
}

std::string ConditionText(const Program& program, const Condition& condition) {
  switch (condition.connective) {
    case Connective::kTrue:
      return "true";
    case Connective::kEqual:
    case Connective::kNotEqual:
      return absl::StrCat(PlaceText(program, condition.place),
                          condition.connective == Connective::kEqual ? "=" : "!=",
                          ValueText(program, condition.value));
    case Connective::kAnd:
      return Joined(program, condition, " /\\ ");
    case Connective::kOr:
      return Joined(program, condition, " \\/ ");
    case Connective::kImplies:
      return Joined(program, condition, " => ");
    case Connective::kNot:
      break;
  }
  WR_CHECK(condition.operands.size() == 1);
  return absl::StrCat("~(", ConditionText(program, condition.operands[0]), ")");
}

std::string FinalText(const Program& program) {
  const char* word = program.quantifier == Quantifier::kExists      ? "exists"
                     : program.quantifier == Quantifier::kNotExists ? "~exists"
                                                                    : "forall";
  return absl::StrCat(word, " (", ConditionText(program, program.condition), ")");
}

std::string ToText(const Program& program) {
  std::string out = absl::StrCat("C ", program.name, "\n\n");
  if (!program.expected.empty()) absl::StrAppend(&out, "(* Result: ", program.expected, " *)\n\n");
  WriteInit(program, out);
  for (size_t i = 0; i < program.threads.size(); ++i) {
    ThreadWriter(program, program.threads[i], out).Write(static_cast<int>(i), program.threads[i]);
  }
  if (!program.shown.empty()) {
    out += "locations [";
    for (const Place& place : program.shown) absl::StrAppend(&out, PlaceText(program, place), "; ");
    out.back() = ']';
    out += "\n";
  }
  if (!IsTrue(program.filter)) {
    absl::StrAppend(&out, "filter (", ConditionText(program, program.filter), ")\n");
  }
  absl::StrAppend(&out, FinalText(program), "\n");
  return out;
}

}  // namespace walkrace::litmus
