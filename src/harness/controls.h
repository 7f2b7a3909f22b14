// Positive controls: every variant must be caught where it bites, by the oracle named, and stay
// clean where it does not. An oracle whose control is not caught proves nothing.
#ifndef WALKRACE_HARNESS_CONTROLS_H_
#define WALKRACE_HARNESS_CONTROLS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/context.h"
#include "machine/profiles.h"
#include "paths/variants.h"

namespace walkrace {

struct ControlResult {
  const VariantRow* variant;
  const Profile* profile;
  std::string expected;  // an oracle's name, "clean" or "skipped"
  std::string found;     // the same
  std::string why;       // of "skipped"
  MemoryKind memory = MemoryKind::kSc;
  uint64_t schedules = 0;

  bool as_expected() const { return found == expected; }
};

struct ControlOptions {
  const VariantRow* variant = nullptr;  // null: all
  const Profile* profile = nullptr;     // null: all
  std::string memory = {};              // --memory; empty: each under its own, OwnMemory()
  std::function<void(const ControlResult&)> each;
};

// Schedules for each strategy, at most, where something must be found.
inline constexpr uint64_t kControlSchedulesMax = 100'000;

// The memory model that the variant's row speaks of: lkmm where it needs weak memory, else sc.
MemoryKind OwnMemory(const VariantRow* variant);

// The target that draws every operation, with what the variant takes out. Null: nothing. `memory`:
// as --memory says it; empty: OwnMemory(). REQUIRES: a known name.
ResolvedContext ControlContext(const VariantRow* variant, const Profile& profile,
                               const std::string& memory = "");

// What a run under `memory` must find. A weaker model has all executions of a stronger one: what
// bites under the row's own model must bite under weaker ones, and what is clean under it must be
// clean under stronger ones. Beyond that the row says nothing, and what was found counts.
bool MustBite(const VariantRow* variant, const Profile& profile, MemoryKind memory);
// In words as ControlResult's: an oracle's name or "clean". `found`: the same.
std::string ExpectedOf(const VariantRow* variant, const Profile& profile, MemoryKind memory,
                       const std::string& found);

// The variant's control scenario, or null where the variant is.
std::unique_ptr<WalkFile> ControlFile(const VariantRow* variant);

// Why nothing can show the variant in this build ("needs: tsan ..."), or null.
const char* WhySkipped(const VariantRow& variant);

// Runs random and pct in turn over the variant's control scenario. Stops early on Ctrl-C: the rows
// that came to their end are returned.
std::vector<ControlResult> RunControls(const ControlOptions& options);

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_CONTROLS_H_
