// Reads the conditions of a litmus file: "(0:r0=1 /\ x=2)", with \/ ~ => and parentheses. For
// Parse() only.
#ifndef WALKRACE_LITMUS_CONDITION_PARSER_H_
#define WALKRACE_LITMUS_CONDITION_PARSER_H_

#include "litmus/lexer.h"
#include "litmus/names.h"
#include "litmus/program.h"

namespace walkrace::litmus {

inline constexpr int kConditionsMax = 1000;  // of one file

class ConditionParser {
 public:
  // REQUIRES: both outlive this; the threads and locations of the program are there.
  ConditionParser(Lexer& lexer, const Names& names, const Program& program)
      : lexer_(lexer), names_(names), program_(program) {}

  Condition Parse();
  // "0:r0" or "x" or "[x]".
  Place ParsePlace();

 private:
  Condition Disjunction();
  Condition Conjunction();
  Condition Negation();
  Condition Comparison();
  Value ComparedValue();
  Place RegisterPlace(const Token& thread);
  // Puts `operand` into a connection of the same kind, or makes one.
  Condition Connect(Connective connective, Condition left, Condition right);

  Lexer& lexer_;
  const Names& names_;
  const Program& program_;
  int depth_ = 0;
  int count_ = 0;
};

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_CONDITION_PARSER_H_
