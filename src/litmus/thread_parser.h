// Reads one thread of a litmus file: "P0(int *x) { ... }". What C nests in expressions becomes
// instructions on registers '$0', '$1', ..., in the order of evaluation. For Parse() only.
#ifndef WALKRACE_LITMUS_THREAD_PARSER_H_
#define WALKRACE_LITMUS_THREAD_PARSER_H_

#include <string>
#include <string_view>
#include <vector>

#include "litmus/lexer.h"
#include "litmus/names.h"
#include "litmus/primitives.h"
#include "litmus/program.h"

namespace walkrace::litmus {

struct Type {
  bool is_lock = false;
  int stars = 0;
};
bool IsTypeWord(std::string_view word);
// Reads "const int **" and the like. REQUIRES: the next token is a type word.
Type ParseType(Lexer& lexer);

// Of each thread, what memory and time of a search can bear.
inline constexpr size_t kRegistersMax = 128;
inline constexpr int kNestingMax = 64;
inline constexpr int kOperatorsMax = 256;  // of one statement

// Of the whole program.
struct Budget {
  static constexpr int kAccessesMax = 64;
  static constexpr int kInstructionsMax = 512;
  int accesses = 0, instructions = 0;
};

class ThreadParser {
 public:
  // REQUIRES: all outlive this. `thread` holds the registers that the init block gives values.
  ThreadParser(Lexer& lexer, Names& names, Thread& thread, int number, Budget& budget)
      : lexer_(lexer), names_(names), thread_(thread), number_(number), budget_(budget) {
    scopes_.assign(thread.registers.size(), kOfInitBlock);
  }

  // Behind "P0".
  void Parse();

 private:
  static constexpr int kOfInitBlock = -1;  // it may be declared once more
  static constexpr int kClosed = -2;       // declared in a block that has ended

  struct Parameter {
    std::string_view name;
    int location;
  };

  // Statements: thread_parser.cc.
  void Parameters();
  void OneParameter();
  void Block();
  void Statement();
  void If();
  void Declaration();
  void Declarator();
  void CallStatement(const Token& word, const Primitive& primitive);
  void AssignmentOrCall();
  void PlainStore();
  std::vector<Instruction> Nested();
  void Emit(Instruction instruction, const Token& at);
  void Assign(int target, Expression value, const Token& at);
  int FindRegister(std::string_view name) const;
  int FindParameter(std::string_view name) const;
  int AddRegister(std::string_view name, TextPlace place);
  int AddTemporary(TextPlace place);

  // Expressions: thread_parser_expressions.cc. Each emits what has to come before it.
  Expression Value();
  Expression Operation(int level_min);
  Expression LogicalOperation(Operator op, Expression left, const Token& at, int level);
  Expression Unary();
  Expression Parenthesised(const Token& at);
  Expression Named(const Token& word);
  Expression Dereference(const Token& at);
  Expression Make(Operator op, Expression left, Expression right, TextPlace place);
  // Returns the address of `*x`.
  Expression Lvalue();
  // Behind the name. Returns what it is worth; emits it.
  Expression Call(const Token& word, const Primitive& primitive);
  void CallArguments(const Primitive& primitive, Instruction& instruction);
  Expression Lock();
  Expression WorthOf(const Primitive& primitive, const Instruction& instruction, TextPlace place);

  Lexer& lexer_;
  Names& names_;
  Thread& thread_;
  int number_;
  Budget& budget_;
  std::vector<Parameter> parameters_;
  std::vector<int> scopes_;  // of each register: the depth of its block, kOfInitBlock or kClosed
  std::vector<Instruction>* out_ = &thread_.body;
  int depth_ = 0;
  int operators_ = 0;
  int temporaries_ = 0;
};

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_THREAD_PARSER_H_
