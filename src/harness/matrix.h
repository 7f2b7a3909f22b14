// Every variant on every profile: does it bite, with which schedule, after how many; or how long
// was it clean; or why does it not apply.
#ifndef WALKRACE_HARNESS_MATRIX_H_
#define WALKRACE_HARNESS_MATRIX_H_

#include <cstdint>
#include <string>
#include <vector>

#include "machine/profiles.h"
#include "paths/variants.h"

namespace walkrace {

struct MatrixCell {
  enum class State : uint8_t { kBites, kClean, kSkipped };

  std::string variant;  // its name, or kUnmodified
  std::string profile;
  State state = State::kClean;
  std::string expected;        // an oracle, "clean" or "skipped"
  std::string oracle;          // kBites: the one that fired
  uint64_t schedules = 0;      // kBites: to the first violation; kClean: in all
  int preemptions = 0;         // kBites: of the smallest schedule
  uint64_t known_exposed = 0;  // violations that are known exposures of the profile
  std::string walk;            // kBites: that schedule, as a .walk file
  std::string why;             // kSkipped
  std::string memory;          // the model it was run under; empty: sc
  std::string profile_text;    // of a user's own profile: what its file says, escaped; else empty

  // What was found, in the words of `expected`.
  std::string found() const;
  bool as_expected() const { return found() == expected; }
};

inline constexpr const char* kUnmodified = "unmodified";

// Searches until it bites or `seconds` have passed; then makes what was found small. `variant`:
// null for the unmodified paths, which are searched on drawn scenarios. `memory`: see
// ControlContext(). Stops early on Ctrl-C, and is then of no use.
MatrixCell FillCell(const VariantRow* variant, const Profile& profile, double seconds,
                    const std::string& memory = "");

// Whether the cell is still what it says: its schedule replayed, or some 2,000 schedules run, under
// its memory model. Returns "" if so, else what is different.
std::string CheckCell(const MatrixCell& cell);

// Renderers. Cells of one variant stand together, in the order of the profiles' first mention.
std::string MatrixText(const std::vector<MatrixCell>& cells);  // a Markdown table, with its legend
std::string MatrixHtml(const std::vector<MatrixCell>& cells);

// One object a line, lossless.
std::string MatrixLine(const MatrixCell& cell);
// Returns false where the line is no cell.
bool ParseMatrixLine(const std::string& line, MatrixCell& cell);

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_MATRIX_H_
