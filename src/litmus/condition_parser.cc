#include "litmus/condition_parser.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "litmus/nesting.h"

namespace walkrace::litmus {
namespace {

constexpr int kDepthMax = 64;
constexpr std::string_view kPlaces = "a register like 0:r0 or a location";

Condition Not(Condition condition) {
  Condition result;
  result.connective = Connective::kNot;
  result.operands.push_back(std::move(condition));
  return result;
}

}  // namespace

Condition ConditionParser::Connect(Connective connective, Condition left, Condition right) {
  if (left.connective == connective && connective != Connective::kImplies) {
    left.operands.push_back(std::move(right));
    return left;
  }
  Condition result;
  result.connective = connective;
  result.operands.push_back(std::move(left));
  result.operands.push_back(std::move(right));
  return result;
}

Condition ConditionParser::Parse() {
  const Nesting nesting(depth_, kDepthMax, lexer_);
  Condition left = Disjunction();
  if (!lexer_.TakeIf("=>")) return left;
  return Connect(Connective::kImplies, std::move(left), Parse());
}

Condition ConditionParser::Disjunction() {
  Condition left = Conjunction();
  for (bool first = true; lexer_.TakeIf("\\/"); first = false) {
    Condition right = Conjunction();
    if (first && left.connective == Connective::kOr) {  // in parentheses: kept as it stands
      Condition outer;
      outer.connective = Connective::kOr;
      outer.operands.push_back(std::move(left));
      left = std::move(outer);
    }
    left = Connect(Connective::kOr, std::move(left), std::move(right));
  }
  return left;
}

Condition ConditionParser::Conjunction() {
  Condition left = Negation();
  for (bool first = true; lexer_.TakeIf("/\\"); first = false) {
    Condition right = Negation();
    if (first && left.connective == Connective::kAnd) {
      Condition outer;
      outer.connective = Connective::kAnd;
      outer.operands.push_back(std::move(left));
      left = std::move(outer);
    }
    left = Connect(Connective::kAnd, std::move(left), std::move(right));
  }
  return left;
}

Condition ConditionParser::Negation() {
  const Nesting nesting(depth_, kDepthMax, lexer_);
  if (++count_ > kConditionsMax) {
    lexer_.Fail(lexer_.Peek().place, "a condition that is too long",
                absl::StrCat("at most ", kConditionsMax, " parts"));
  }
  if (!lexer_.ok()) return {};
  if (lexer_.TakeIf("~") || lexer_.TakeIf("not")) return Not(Negation());
  if (lexer_.TakeIf("true")) return {};
  if (lexer_.TakeIf("false")) return Not({});
  if (lexer_.TakeIf("(")) {
    Condition inside = Parse();
    const Token end = lexer_.Take();
    if (!end.Is(")")) lexer_.FailAt(end, "'/\\', '\\/', '=>' or ')'");
    return inside;
  }
  return Comparison();
}

Condition ConditionParser::Comparison() {
  Condition result;
  result.place = ParsePlace();
  const Token op = lexer_.Take();
  result.connective = op.Is("=") || op.Is("==") ? Connective::kEqual : Connective::kNotEqual;
  if (result.connective == Connective::kNotEqual && !op.Is("!=") && !op.Is("<>")) {
    lexer_.FailAt(op, "'=' or '!='");
  }
  result.value = ComparedValue();
  return result;
}

Value ConditionParser::ComparedValue() {
  const bool negative = lexer_.TakeIf("-");
  const bool address = !negative && lexer_.TakeIf("&");
  const Token token = lexer_.Take();
  if (token.kind == TokenKind::kNumber && !address) return negative ? -token.number : token.number;
  const int location = token.kind == TokenKind::kWord && !negative ? names_.Find(token.text) : -1;
  if (location < 0) lexer_.FailAt(token, "a number or a location");
  return AddressOf(location);
}

Place ConditionParser::ParsePlace() {
  const Token token = lexer_.Take();
  if (token.kind == TokenKind::kNumber) return RegisterPlace(token);
  const bool bracket = token.Is("[");
  const Token word = bracket ? lexer_.Take() : token;
  const int location = word.kind == TokenKind::kWord ? names_.Find(word.text) : -1;
  if (location < 0) lexer_.FailAt(word, kPlaces);
  if (bracket) lexer_.Expect("]");
  if (!lexer_.ok()) return {};
  if (program_.locations[location].is_lock) {
    lexer_.Fail(word.place, absl::StrCat(Found(word), ", a lock"), kPlaces);
  }
  return {-1, location};
}

Place ConditionParser::RegisterPlace(const Token& thread) {
  if (thread.number >= static_cast<Value>(program_.threads.size())) {
    lexer_.FailAt(thread, absl::StrCat("a thread, 0 to ", program_.threads.size() - 1));
  }
  lexer_.Expect(":");
  const Token word = lexer_.Word("a register");
  if (!lexer_.ok()) return {};
  const auto& registers = program_.threads[thread.number].registers;
  for (size_t i = 0; i < registers.size(); ++i) {
    if (registers[i] == word.text) return {static_cast<int>(thread.number), static_cast<int>(i)};
  }
  lexer_.FailAt(word, absl::StrCat("a register of P", thread.number));
  return {};
}

}  // namespace walkrace::litmus
