// How deep a parser is in its recursion: an error, not an overflow, where that is too deep.
#ifndef WALKRACE_LITMUS_NESTING_H_
#define WALKRACE_LITMUS_NESTING_H_

#include "absl/strings/str_cat.h"
#include "litmus/lexer.h"

namespace walkrace::litmus {

class Nesting {
 public:
  Nesting(int& depth, int depth_max, Lexer& lexer) : depth_(depth) {
    if (++depth_ <= depth_max || !lexer.ok()) return;
    lexer.Fail(lexer.Peek().place, "nested too deep",
               absl::StrCat("at most ", depth_max, " levels"));
  }
  ~Nesting() { --depth_; }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;

 private:
  int& depth_;
};

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_NESTING_H_
