// Durations as every option takes them: 90, 90s, 15m, 8h.
#ifndef WALKRACE_BASE_DURATION_H_
#define WALKRACE_BASE_DURATION_H_

#include <string_view>

namespace walkrace {

// Returns seconds, or a negative number where `text` is no duration: digits (a fraction is
// allowed) and then nothing, s, m or h. At most 10 years.
double ParseDuration(std::string_view text);

}  // namespace walkrace

#endif  // WALKRACE_BASE_DURATION_H_
