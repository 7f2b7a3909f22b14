#include "litmus/thread_parser.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "litmus/nesting.h"

namespace walkrace::litmus {
namespace {

constexpr std::string_view kQualifiers[] = {"const", "volatile", "unsigned", "signed"};
constexpr std::string_view kTypes[] = {
    "int",      "long",     "short",     "char",       "bool",     "_Bool",    "void",
    "atomic_t", "intptr_t", "uintptr_t", "spinlock_t", "u8",       "u16",      "u32",
    "u64",      "s8",       "s16",       "s32",        "s64",      "int8_t",   "int16_t",
    "int32_t",  "int64_t",  "uint8_t",   "uint16_t",   "uint32_t", "uint64_t", "size_t"};

bool IsAccess(Opcode opcode) {
  switch (opcode) {
    case Opcode::kLoad:
    case Opcode::kStore:
    case Opcode::kRmw:
    case Opcode::kLock:
    case Opcode::kTrylock:
    case Opcode::kUnlock:
    case Opcode::kIsLocked:
      return true;
    default:
      return false;
  }
}

// What the reader may want to know of a word that cannot stand there.
std::string Wrong(const Token& word) {
  const char* why = WhyUnsupported(word.text);
  return why == nullptr ? Found(word) : absl::StrCat(Found(word), ": ", why);
}

constexpr std::string_view kPointerTypes =
    "'int *', 'int **', 'atomic_t *', 'spinlock_t *' or another pointer";

}  // namespace

bool IsTypeWord(std::string_view word) {
  const auto is = [word](std::string_view known) { return known == word; };
  return std::any_of(std::begin(kQualifiers), std::end(kQualifiers), is) ||
         std::any_of(std::begin(kTypes), std::end(kTypes), is);
}

Type ParseType(Lexer& lexer) {
  Type type;
  while (IsTypeWord(lexer.Peek().text)) type.is_lock |= lexer.Take().Is("spinlock_t");
  while (lexer.Peek().Is("*") || lexer.Peek().Is("const") || lexer.Peek().Is("volatile")) {
    type.stars += lexer.Take().Is("*") ? 1 : 0;
  }
  return type;
}

void ThreadParser::Parse() {
  lexer_.set_comments(Comments::kC);
  Parameters();
  Block();
  lexer_.set_comments(Comments::kHerd);
}

void ThreadParser::Parameters() {
  lexer_.Expect("(");
  if (lexer_.TakeIf(")")) return;
  do {
    OneParameter();
  } while (lexer_.TakeIf(","));
  if (!lexer_.ok()) return;
  const Token end = lexer_.Take();
  if (!end.Is(")")) lexer_.FailAt(end, "',' or ')'");
}

void ThreadParser::OneParameter() {
  const Token first = lexer_.Peek();
  if (!IsTypeWord(first.text)) return lexer_.Fail(first.place, Wrong(first), kPointerTypes);
  const Type type = ParseType(lexer_);
  if (type.stars == 0 && lexer_.Peek().Is(")") && parameters_.empty() && first.Is("void")) return;
  const Token name = lexer_.Word("the name of a location");
  if (!lexer_.ok()) return;
  if (type.stars == 0) {
    return lexer_.Fail(first.place,
                       absl::StrCat("the parameter ", std::string(name.text), " is no pointer"),
                       kPointerTypes);
  }
  if (FindParameter(name.text) >= 0 || FindRegister(name.text) >= 0) {
    return lexer_.FailAt(name, "a name that this thread has not used");
  }
  const int location = names_.FindOrAdd(name);
  if (type.is_lock) names_.DeclareLock(location);
  parameters_.push_back({name.text, location});
}

void ThreadParser::Block() {
  const Nesting nesting(depth_, kNestingMax, lexer_);
  lexer_.Expect("{");
  while (lexer_.ok() && !lexer_.TakeIf("}")) {
    if (lexer_.Peek().kind == TokenKind::kEnd) return lexer_.FailAt(lexer_.Take(), "'}'");
    Statement();
  }
  std::replace(scopes_.begin(), scopes_.end(), depth_, kClosed);
}

void ThreadParser::Statement() {
  const Nesting nesting(depth_, kNestingMax, lexer_);
  operators_ = 0;
  const Token first = lexer_.Peek();
  if (first.Is("{")) return Block();
  if (first.Is("if")) return If();
  if (lexer_.TakeIf(";")) return;
  if (first.Is("*")) {
    PlainStore();
  } else if (IsTypeWord(first.text)) {
    Declaration();
  } else {
    AssignmentOrCall();
  }
  lexer_.Expect(";");
}

// The next statement's instructions.
std::vector<Instruction> ThreadParser::Nested() {
  std::vector<Instruction> body;
  std::vector<Instruction>* const outer = std::exchange(out_, &body);
  Statement();
  out_ = outer;
  return body;
}

void ThreadParser::If() {
  const Token at = lexer_.Take();
  Instruction instruction;
  instruction.opcode = Opcode::kIf;
  lexer_.Expect("(");
  instruction.value = Value();
  lexer_.Expect(")");
  if (!lexer_.ok()) return;
  instruction.then = Nested();
  if (lexer_.TakeIf("else")) instruction.otherwise = Nested();
  Emit(std::move(instruction), at);
}

void ThreadParser::Declaration() {
  const Token first = lexer_.Peek();
  if (ParseType(lexer_).is_lock) {
    return lexer_.FailAt(first, "a type of numbers or pointers: locks are parameters");
  }
  Declarator();
  while (lexer_.ok() && lexer_.TakeIf(",")) {
    while (lexer_.TakeIf("*")) {
    }
    Declarator();
  }
}

void ThreadParser::Declarator() {
  const Token name = lexer_.Word("the name of a register");
  if (!lexer_.ok()) return;
  int number = FindRegister(name.text);
  if (number < 0) {
    number = AddRegister(name.text, name.place);
  } else if (scopes_[number] >= 0) {
    return lexer_.FailAt(name, "a name that this thread has not declared");
  }
  if (!lexer_.ok()) return;
  scopes_[number] = depth_ - 1;  // of the block around this statement
  if (lexer_.Peek().Is("[")) {
    return lexer_.Fail(lexer_.Peek().place, "found '[': arrays are not supported", "';' or '='");
  }
  if (lexer_.TakeIf("=")) Assign(number, Value(), name);
}

void ThreadParser::AssignmentOrCall() {
  const Token word = lexer_.Take();
  if (!lexer_.ok()) return;
  Primitive primitive;
  if (word.kind == TokenKind::kWord && FindPrimitive(word.text, &primitive)) {
    Call(word, primitive);
    return;
  }
  const int number = word.kind == TokenKind::kWord ? FindRegister(word.text) : -1;
  if (number >= 0) {
    const Token equals = lexer_.Take();
    if (!equals.Is("=")) return lexer_.FailAt(equals, "'='");
    return Assign(number, Value(), word);
  }
  if (word.kind == TokenKind::kWord && FindParameter(word.text) >= 0) {
    return lexer_.Fail(word.place, absl::StrCat(Found(word), ", an address"),
                       absl::StrCat("a store to '*", std::string(word.text), "'"));
  }
  lexer_.Fail(word.place, Wrong(word),
              "a declaration, a register that is declared, 'if', '*' or a primitive of the kernel "
              "(src/litmus/README.md)");
}

void ThreadParser::PlainStore() {
  const Token at = lexer_.Peek();
  Instruction store;
  store.opcode = Opcode::kStore;
  store.order = Order::kPlain;
  store.address = Lvalue();
  const Token equals = lexer_.Take();
  if (!equals.Is("=")) return lexer_.FailAt(equals, "'='");
  store.value = Value();
  Emit(std::move(store), at);
}

void ThreadParser::Emit(Instruction instruction, const Token& at) {
  if (!lexer_.ok()) return;
  instruction.line = static_cast<int>(at.place.line);
  if (++budget_.instructions > Budget::kInstructionsMax) {
    return lexer_.Fail(at.place, "too many instructions",
                       absl::StrCat("at most ", Budget::kInstructionsMax));
  }
  if (IsAccess(instruction.opcode)) {
    if (++budget_.accesses > Budget::kAccessesMax) {
      return lexer_.Fail(at.place, "too many accesses",
                         absl::StrCat("at most ", Budget::kAccessesMax, " of all threads"));
    }
    const int location = instruction.address.op == Operator::kConstant
                             ? LocationAt(instruction.address.constant, Names::kLocationsMax)
                             : -1;
    const bool is_data = instruction.opcode == Opcode::kLoad ||
                         instruction.opcode == Opcode::kStore || instruction.opcode == Opcode::kRmw;
    if (location >= 0 && is_data) names_.UseAsData(location, at.place);
  }
  out_->push_back(std::move(instruction));
}

// Where the value was made for this only, the instruction that made it has the target.
void ThreadParser::Assign(int target, Expression value, const Token& at) {
  if (!lexer_.ok()) return;
  const int last = static_cast<int>(thread_.registers.size()) - 1;
  const bool is_last = value.op == Operator::kRegister && value.constant == last &&
                       thread_.registers[last].starts_with('$') && !out_->empty() &&
                       out_->back().target == last && last != target;
  if (is_last) {
    out_->back().target = target;
    thread_.registers.pop_back();
    thread_.initial.pop_back();
    scopes_.pop_back();
    --temporaries_;
    return;
  }
  Instruction assign;
  assign.opcode = Opcode::kAssign;
  assign.target = target;
  assign.value = std::move(value);
  Emit(std::move(assign), at);
}

int ThreadParser::FindRegister(std::string_view name) const {
  for (size_t i = 0; i < thread_.registers.size(); ++i) {
    if (thread_.registers[i] == name) return static_cast<int>(i);
  }
  return -1;
}

int ThreadParser::FindParameter(std::string_view name) const {
  for (const Parameter& parameter : parameters_) {
    if (parameter.name == name) return parameter.location;
  }
  return -1;
}

int ThreadParser::AddRegister(std::string_view name, TextPlace place) {
  if (FindParameter(name) >= 0) {
    lexer_.Fail(place, absl::StrCat("'", std::string(name), "' is a parameter"),
                "another name for the register");
  } else if (thread_.registers.size() == kRegistersMax) {
    lexer_.Fail(place, "one more register", absl::StrCat("at most ", kRegistersMax, " a thread"));
  }
  if (!lexer_.ok()) return 0;
  thread_.registers.emplace_back(name);
  thread_.initial.push_back(0);
  scopes_.push_back(kClosed);
  return static_cast<int>(thread_.registers.size()) - 1;
}

int ThreadParser::AddTemporary(TextPlace place) {
  return AddRegister(absl::StrCat("$", temporaries_++), place);
}

}  // namespace walkrace::litmus
