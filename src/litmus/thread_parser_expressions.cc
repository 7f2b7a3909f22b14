#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "litmus/nesting.h"
#include "litmus/thread_parser.h"

namespace walkrace::litmus {
namespace {

struct OperatorRow {
  std::string_view text;
  Operator op;
  int level;  // binds tighter where it is higher
};
constexpr int kLogicalAndLevel = 2;
constexpr OperatorRow kOperators[] = {
    {"||", Operator::kLogicalOr, 1},
    {"&&", Operator::kLogicalAnd, kLogicalAndLevel},
    {"|", Operator::kOr, 3},
    {"^", Operator::kXor, 4},
    {"&", Operator::kAnd, 5},
    {"==", Operator::kEqual, 6},
    {"!=", Operator::kNotEqual, 6},
    {"<", Operator::kLess, 7},
    {"<=", Operator::kLessEqual, 7},
    {">", Operator::kGreater, 7},
    {">=", Operator::kGreaterEqual, 7},
    {"+", Operator::kAdd, 8},
    {"-", Operator::kSubtract, 8},
    {"*", Operator::kMultiply, 9},
};

const OperatorRow* FindOperator(const Token& token) {
  const auto* const found =
      std::find_if(std::begin(kOperators), std::end(kOperators),
                   [&token](const OperatorRow& row) { return token.Is(row.text); });
  return found == std::end(kOperators) ? nullptr : found;
}

Expression Constant(Value value) { return {Operator::kConstant, value, nullptr, nullptr}; }
Expression Register(int number) { return {Operator::kRegister, number, nullptr, nullptr}; }

}  // namespace

Expression ThreadParser::Make(Operator op, Expression left, Expression right, TextPlace place) {
  if (++operators_ > kOperatorsMax) {
    lexer_.Fail(place, "a statement of too many operators",
                absl::StrCat("at most ", kOperatorsMax));
  }
  if (!lexer_.ok()) return {};
  const bool is_unary =
      op == Operator::kNot || op == Operator::kNegate || op == Operator::kComplement;
  return {op, 0, std::make_shared<Expression>(std::move(left)),
          is_unary ? nullptr : std::make_shared<Expression>(std::move(right))};
}

Expression ThreadParser::Value() { return Operation(1); }

Expression ThreadParser::Operation(int level_min) {
  Expression left = Unary();
  while (lexer_.ok()) {
    const OperatorRow* row = FindOperator(lexer_.Peek());
    if (row == nullptr || row->level < level_min) break;
    const Token at = lexer_.Take();
    if (row->level <= kLogicalAndLevel) {
      left = LogicalOperation(row->op, std::move(left), at, row->level);
    } else {
      Expression right = Operation(row->level + 1);
      left = Make(row->op, std::move(left), std::move(right), at.place);
    }
  }
  return left;
}

// Where the right side does something it becomes `if`: it may not be reached.
Expression ThreadParser::LogicalOperation(Operator op, Expression left, const Token& at,
                                          int level) {
  std::vector<Instruction> effects;
  std::vector<Instruction>* const outer = std::exchange(out_, &effects);
  Expression right = Operation(level + 1);
  if (effects.empty()) {
    out_ = outer;
    return Make(op, std::move(left), std::move(right), at.place);
  }
  const int result = AddTemporary(at.place);
  Assign(result, Make(Operator::kNotEqual, std::move(right), Constant(0), at.place), at);
  Instruction otherwise;
  otherwise.opcode = Opcode::kAssign;
  otherwise.target = result;
  otherwise.value = Constant(op == Operator::kLogicalOr);
  std::vector<Instruction> short_way;
  out_ = &short_way;
  Emit(std::move(otherwise), at);
  out_ = outer;
  Instruction branch;
  branch.opcode = Opcode::kIf;
  branch.value = std::move(left);
  branch.then = std::move(effects);
  branch.otherwise = std::move(short_way);
  if (op == Operator::kLogicalOr) std::swap(branch.then, branch.otherwise);
  Emit(std::move(branch), at);
  return Register(result);
}

Expression ThreadParser::Unary() {
  const Nesting nesting(depth_, kNestingMax, lexer_);
  const Token at = lexer_.Take();
  if (!lexer_.ok()) return {};
  if (at.kind == TokenKind::kNumber) return Constant(at.number);
  if (at.kind == TokenKind::kWord) return Named(at);
  if (at.Is("(")) return Parenthesised(at);
  if (at.Is("*")) return Dereference(at);
  if (at.Is("+")) return Unary();
  if (at.Is("!")) return Make(Operator::kNot, Unary(), {}, at.place);
  if (at.Is("~")) return Make(Operator::kComplement, Unary(), {}, at.place);
  if (at.Is("-")) {
    if (lexer_.Peek().kind == TokenKind::kNumber) return Constant(-lexer_.Take().number);
    return Make(Operator::kNegate, Unary(), {}, at.place);
  }
  if (at.Is("&")) {
    const Token star = lexer_.Take();
    if (!star.Is("*")) lexer_.FailAt(star, "'*': parameters and registers have no addresses here");
    return Unary();
  }
  lexer_.FailAt(at, "an expression");
  return {};
}

// Behind '('; a cast changes nothing.
Expression ThreadParser::Parenthesised(const Token& at) {
  if (IsTypeWord(lexer_.Peek().text)) {
    if (ParseType(lexer_).is_lock) lexer_.FailAt(at, "a cast to a type of numbers or pointers");
    lexer_.Expect(")");
    return Unary();
  }
  Expression inside = Value();
  lexer_.Expect(")");
  return inside;
}

Expression ThreadParser::Named(const Token& word) {
  Primitive primitive;
  if (FindPrimitive(word.text, &primitive)) {
    if (primitive.worth == Worth::kNothing) {
      lexer_.Fail(word.place, absl::StrCat(Found(word), ", which has no value"), "an expression");
      return {};
    }
    return Call(word, primitive);
  }
  const int number = FindRegister(word.text);
  const int location = FindParameter(word.text);
  if (number < 0 && location < 0) {
    const char* why = WhyUnsupported(word.text);
    lexer_.Fail(word.place,
                absl::StrCat(Found(word), why == nullptr ? "" : ": ", why == nullptr ? "" : why),
                absl::StrCat("a register or a parameter of P", number_,
                             ", a number or a primitive of the kernel (src/litmus/README.md)"));
    return {};
  }
  const Token next = lexer_.Peek();
  if (next.Is("->") || next.Is(".") || next.Is("[")) {
    lexer_.Fail(next.place, absl::StrCat(Found(next), ": structures and arrays are not supported"),
                "an operator");
  }
  return number >= 0 ? Register(number) : Constant(AddressOf(location));
}

// Behind '*', where the value is wanted: a plain load.
Expression ThreadParser::Dereference(const Token& at) {
  Instruction load;
  load.opcode = Opcode::kLoad;
  load.order = Order::kPlain;
  load.address = Unary();
  load.target = AddTemporary(at.place);
  const int target = load.target;
  Emit(std::move(load), at);
  return Register(target);
}

Expression ThreadParser::Lvalue() {
  const Token star = lexer_.Take();
  if (!star.Is("*")) lexer_.FailAt(star, "'*' and an address: shared memory like '*x'");
  return Unary();
}

Expression ThreadParser::Lock() {
  const Token word = lexer_.Word("a lock, which is a parameter");
  if (!lexer_.ok()) return {};
  const int location = FindParameter(word.text);
  if (location < 0) {
    lexer_.FailAt(word, "a lock, which is a parameter");
    return {};
  }
  names_.UseAsLock(location, word.place);
  return Constant(AddressOf(location));
}

void ThreadParser::CallArguments(const Primitive& primitive, Instruction& instruction) {
  const auto comma = [this] { lexer_.Expect(","); };
  switch (primitive.arguments) {
    case Arguments::kNone:
      break;
    case Arguments::kLvalue:
      instruction.address = Lvalue();
      break;
    case Arguments::kLvalueValue:
      instruction.address = Lvalue();
      comma();
      instruction.value = Value();
      break;
    case Arguments::kAddress:
      instruction.address = Value();
      instruction.value = Constant(primitive.operand);
      break;
    case Arguments::kAddressValue:
      instruction.address = Value();
      comma();
      instruction.value = Value();
      break;
    case Arguments::kValueAddress:
      instruction.value = Value();
      comma();
      instruction.address = Value();
      break;
    case Arguments::kAddressExpectedValue:
      instruction.address = Value();
      comma();
      instruction.expected = Value();
      comma();
      instruction.value = Value();
      break;
    case Arguments::kAddressValueExpected:
      instruction.address = Value();
      comma();
      instruction.value = Value();
      comma();
      instruction.expected = Value();
      break;
    case Arguments::kLock:
      instruction.address = Lock();
      break;
  }
}

Expression ThreadParser::Call(const Token& word, const Primitive& primitive) {
  Instruction instruction;
  instruction.opcode = primitive.opcode;
  instruction.order = primitive.order;
  instruction.rmw = primitive.rmw;
  instruction.fence = primitive.fence;
  instruction.returns_value =
      primitive.opcode != Opcode::kRmw || primitive.worth != Worth::kNothing;
  lexer_.Expect("(");
  CallArguments(primitive, instruction);
  lexer_.Expect(")");
  if (primitive.worth != Worth::kNothing) instruction.target = AddTemporary(word.place);
  if (!lexer_.ok()) return {};
  Expression worth = WorthOf(primitive, instruction, word.place);
  Emit(std::move(instruction), word);
  if (primitive.fence_follows) {
    Instruction fence;
    fence.opcode = Opcode::kFence;
    Emit(std::move(fence), word);
  }
  return worth;
}

Expression ThreadParser::WorthOf(const Primitive& primitive, const Instruction& instruction,
                                 TextPlace place) {
  if (primitive.worth == Worth::kNothing) return {};
  Expression old = Register(instruction.target);
  if (primitive.worth == Worth::kTarget) return old;
  if (primitive.worth == Worth::kChanged) {
    return Make(Operator::kNotEqual, old, instruction.expected, place);
  }
  const Operator op = primitive.rmw == RmwKind::kSub ? Operator::kSubtract : Operator::kAdd;
  Expression made = Make(op, old, instruction.value, place);
  if (primitive.worth == Worth::kNewIsZero) {
    return Make(Operator::kEqual, std::move(made), Constant(0), place);
  }
  if (primitive.worth == Worth::kNewIsNegative) {
    return Make(Operator::kLess, std::move(made), Constant(0), place);
  }
  return made;
}

}  // namespace walkrace::litmus
