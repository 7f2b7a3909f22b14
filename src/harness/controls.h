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
  uint64_t schedules = 0;

  bool as_expected() const { return found == expected; }
};

struct ControlOptions {
  const VariantRow* variant = nullptr;  // null: all
  const Profile* profile = nullptr;     // null: all
  std::function<void(const ControlResult&)> each;
};

// Schedules for each strategy, at most, where something must be found.
inline constexpr uint64_t kControlSchedulesMax = 100'000;

// Whether it shows under weak memory alone: it is run under lkmm.
bool NeedsWeakMemory(const VariantRow& variant);

// The target that draws every operation, with what the variant takes out. Null: nothing.
ResolvedContext ControlContext(const VariantRow* variant, const Profile& profile);

// The variant's control scenario, or null where the variant is.
std::unique_ptr<WalkFile> ControlFile(const VariantRow* variant);

// Why nothing can show the variant in this build ("needs: tsan ..."), or null.
const char* WhySkipped(const VariantRow& variant);

// Runs random and pct in turn over the variant's control scenario. Stops early on Ctrl-C: the rows
// that came to their end are returned.
std::vector<ControlResult> RunControls(const ControlOptions& options);

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_CONTROLS_H_
