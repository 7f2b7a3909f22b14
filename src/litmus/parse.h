// Reads a litmus test in the C flavour of herd7, as the kernel's tools/memory-model uses it. What
// of it is read, and what is not: src/litmus/README.md.
#ifndef WALKRACE_LITMUS_PARSE_H_
#define WALKRACE_LITMUS_PARSE_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "litmus/program.h"

namespace walkrace::litmus {

inline constexpr size_t kLitmusBytesMax = size_t{1} << 18;

// Returns an InvalidArgument error "FILE:LINE:COLUMN: what is wrong; expected ...". Lines and
// columns count from 1, columns in bytes. Never fails in another way, on any bytes.
absl::StatusOr<Program> Parse(std::string_view text, std::string_view file = "litmus");

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_PARSE_H_
