// When a command says how far it is.
#ifndef WALKRACE_TOOL_PROGRESS_H_
#define WALKRACE_TOOL_PROGRESS_H_

#include <chrono>

namespace walkrace {

class EveryTwoSeconds {
 public:
  // Whether two seconds have passed since the last time that it was due, or since the beginning.
  bool IsDue() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return false;
    next_ = now + kPeriod;
    return true;
  }

 private:
  static constexpr std::chrono::seconds kPeriod{2};
  std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now() + kPeriod;
};

}  // namespace walkrace

#endif  // WALKRACE_TOOL_PROGRESS_H_
