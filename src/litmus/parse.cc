#include "litmus/parse.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "litmus/condition_parser.h"
#include "litmus/lexer.h"
#include "litmus/names.h"
#include "litmus/thread_parser.h"

namespace walkrace::litmus {
namespace {

constexpr size_t kNameMax = 200;
constexpr size_t kShownMax = 256;

class Parser {
 public:
  Parser(std::string_view text, std::string_view file)
      : lexer_(text, file), names_(lexer_, program_) {}

  absl::StatusOr<Program> Parse() {
    Name();
    HeaderLines();
    Init();
    while (lexer_.ok() && IsThread(lexer_.Peek())) OneThread();
    CheckThreads();
    names_.CheckUses();
    Final();
    if (!lexer_.ok()) return lexer_.status();
    program_.expected = lexer_.result();
    return std::move(program_);
  }

 private:
  // A register's value of the init block.
  struct RegisterValue {
    Token thread, name;
    Value value;
  };

  static bool IsThread(const Token& token) {
    const auto is_digit = [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); };
    return token.kind == TokenKind::kWord && token.text.size() > 1 && token.text[0] == 'P' &&
           std::all_of(token.text.begin() + 1, token.text.end(), is_digit);
  }

  void Name() {
    const Token language = lexer_.Take();
    if (!language.Is("C")) {
      return lexer_.FailAt(language, "'C' and the name of the test: no other flavour is read");
    }
    const std::string_view name = lexer_.RestOfLine();
    const auto is_bad = [](char c) { return !absl::ascii_isgraph(static_cast<unsigned char>(c)); };
    if (name.empty() || name.size() > kNameMax || std::any_of(name.begin(), name.end(), is_bad)) {
      lexer_.Fail(language.place, name.empty() ? "a test without a name" : "a name that is no word",
                  absl::StrCat("'C' and a name without blanks, at most ", kNameMax, " letters"));
    }
    program_.name = std::string(name);
  }

  // What generators write below the name: a string, and lines like "Cycle=Rfe PodRR".
  void HeaderLines() {
    while (lexer_.ok()) {
      const Token token = lexer_.Peek();
      if (token.kind == TokenKind::kString) {
        lexer_.Take();
      } else if (token.kind == TokenKind::kWord) {
        lexer_.Take();
        lexer_.Expect("=");
        lexer_.RestOfLine();
      } else {
        return;
      }
    }
  }

  void Init() {
    lexer_.Expect("{");
    while (lexer_.ok() && !lexer_.TakeIf("}")) {
      if (lexer_.TakeIf(";")) continue;
      if (lexer_.Peek().kind == TokenKind::kNumber) {
        InitRegister();
      } else {
        InitLocation();
      }
      if (!lexer_.ok() || lexer_.Peek().Is("}")) continue;
      const Token end = lexer_.Take();
      if (!end.Is(";")) lexer_.FailAt(end, "';' or '}'");
    }
  }

  void InitRegister() {
    RegisterValue entry;
    entry.thread = lexer_.Take();
    lexer_.Expect(":");
    if (IsTypeWord(lexer_.Peek().text)) ParseType(lexer_);
    entry.name = lexer_.Word("a register");
    lexer_.Expect("=");
    entry.value = InitValue();
    if (register_values_.size() < kCpusMax * kRegistersMax) register_values_.push_back(entry);
  }

  void InitLocation() {
    Type type;
    const Token first = lexer_.Peek();
    if (IsTypeWord(first.text)) {
      type = ParseType(lexer_);
    } else if (const char* why = WhyUnsupported(first.text); why != nullptr) {
      return lexer_.Fail(first.place, absl::StrCat(Found(first), ": ", why),
                         "a type or a location");
    }
    const bool bracket = lexer_.TakeIf("[");
    const Token name = lexer_.Word("a location, like 'x=1;', or a register, like '0:r0=1;'");
    if (bracket) lexer_.Expect("]");
    if (lexer_.Peek().Is("[")) {
      lexer_.Fail(lexer_.Peek().place, "found '[': arrays are not supported", "'=' or ';'");
    }
    if (!lexer_.ok()) return;
    const int location = names_.FindOrAdd(name);
    if (type.is_lock) names_.DeclareLock(location);
    if (!lexer_.TakeIf("=")) return;
    const Value value = InitValue();
    if (!lexer_.ok()) return;
    if (type.is_lock && value != 0) {
      return lexer_.FailAt(name, "a lock that is free at first");
    }
    program_.locations[location].initial = value;
  }

  Value InitValue() {
    const Token token = lexer_.Take();
    if (token.kind == TokenKind::kNumber) return token.number;
    if (token.Is("-") && lexer_.Peek().kind == TokenKind::kNumber) return -lexer_.Take().number;
    if (token.Is("ATOMIC_INIT")) {
      lexer_.Expect("(");
      const Token number = lexer_.Take();
      if (number.kind != TokenKind::kNumber) lexer_.FailAt(number, "a number");
      lexer_.Expect(")");
      return number.number;
    }
    const Token name = token.Is("&") ? lexer_.Take() : token;
    if (name.kind != TokenKind::kWord) lexer_.FailAt(name, "a number or a location");
    return AddressOf(names_.FindOrAdd(name));
  }

  void OneThread() {
    const Token name = lexer_.Take();
    const size_t number = program_.threads.size();
    if (number == kCpusMax) {
      return lexer_.Fail(name.place, "one more thread", absl::StrCat("at most ", kCpusMax));
    }
    if (name.text != absl::StrCat("P", number)) {
      return lexer_.FailAt(name, absl::StrCat("'P", number, "': threads come in their order"));
    }
    Thread& thread = program_.threads.emplace_back();
    for (const RegisterValue& entry : register_values_) {
      if (entry.thread.number != static_cast<Value>(number)) continue;
      if (std::find(thread.registers.begin(), thread.registers.end(), entry.name.text) !=
          thread.registers.end()) {
        return lexer_.FailAt(entry.name, "each register once");
      }
      if (thread.registers.size() == kRegistersMax) {
        return lexer_.Fail(entry.name.place, "one more register",
                           absl::StrCat("at most ", kRegistersMax, " a thread"));
      }
      thread.registers.emplace_back(entry.name.text);
      thread.initial.push_back(entry.value);
    }
    ThreadParser(lexer_, names_, thread, static_cast<int>(number), budget_).Parse();
  }

  void CheckThreads() {
    const Token next = lexer_.Peek();
    if (program_.threads.empty()) lexer_.FailAt(next, "a thread, 'P0(...) { ... }'");
    for (const RegisterValue& entry : register_values_) {
      if (entry.thread.number >= static_cast<Value>(program_.threads.size())) {
        lexer_.FailAt(entry.thread, absl::StrCat("a thread, 0 to ", program_.threads.size() - 1));
      }
    }
  }

  // Without a condition every state is one that was asked for.
  void Final() {
    ConditionParser conditions(lexer_, names_, program_);
    program_.quantifier = Quantifier::kForall;
    bool has_condition = false, has_filter = false;
    while (lexer_.ok()) {
      const Token token = lexer_.Take();
      if (token.kind == TokenKind::kEnd) return;
      if (token.Is("locations")) {
        Shown(conditions);
      } else if (token.Is("filter") && !has_filter) {
        has_filter = true;
        program_.filter = conditions.Parse();
      } else if (!has_condition && TakeQuantifier(token)) {
        has_condition = true;
        program_.condition = conditions.Parse();
      } else {
        return lexer_.FailAt(token, has_condition ? "'locations' or the end of the file"
                                                  : "another thread, 'locations', 'filter', "
                                                    "'exists', '~exists' or 'forall'");
      }
    }
  }

  bool TakeQuantifier(const Token& token) {
    if (token.Is("exists")) {
      program_.quantifier = Quantifier::kExists;
    } else if ((token.Is("~") || token.Is("not")) && lexer_.TakeIf("exists")) {
      program_.quantifier = Quantifier::kNotExists;
    } else if (token.Is("forall")) {
      program_.quantifier = Quantifier::kForall;
    } else {
      return false;
    }
    return true;
  }

  void Shown(ConditionParser& conditions) {
    lexer_.Expect("[");
    while (lexer_.ok() && !lexer_.TakeIf("]")) {
      const Token at = lexer_.Peek();
      if (IsTypeWord(at.text)) ParseType(lexer_);
      const Place place = conditions.ParsePlace();
      if (program_.shown.size() == kShownMax) {
        lexer_.Fail(at.place, "one more place", absl::StrCat("at most ", kShownMax));
      }
      program_.shown.push_back(place);
      if (!lexer_.ok() || lexer_.Peek().Is("]")) continue;
      const Token end = lexer_.Take();
      if (!end.Is(";")) lexer_.FailAt(end, "';' or ']'");
    }
  }

  Program program_;
  Lexer lexer_;
  Names names_;
  Budget budget_;
  std::vector<RegisterValue> register_values_;
};

}  // namespace

absl::StatusOr<Program> Parse(std::string_view text, std::string_view file) {
  if (text.size() > kLitmusBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat(std::string(file), ":1:1: a file of ",
                                                   text.size(), " bytes; expected at most ",
                                                   kLitmusBytesMax));
  }
  return Parser(text, file).Parse();
}

}  // namespace walkrace::litmus
