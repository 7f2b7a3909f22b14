// From names (of options and of a .walk file) to what a run needs. A file may leave target, variant
// and profile to the options; where both speak they must agree.
#ifndef WALKRACE_HARNESS_CONTEXT_H_
#define WALKRACE_HARNESS_CONTEXT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/file.h"
#include "engine/memory_models.h"
#include "harness/runner.h"
#include "harness/targets.h"
#include "scenario/text_codec.h"

namespace walkrace {

struct ContextNames {
  std::string target;                 // empty: not said
  std::vector<std::string> variants;  // empty: unmodified paths
  bool variants_given = false;
  std::string profile;               // empty: not said
  std::string tree = {};             // empty: not said
  std::string memory = {};           // empty: not said
  std::string default_profile = {};  // where neither option nor file says one; empty: none
};

struct ResolvedContext {
  const TargetRow* target;
  std::vector<const VariantRow*> variants;
  RunContext run;

  // "a,b", or "" for the unmodified paths.
  std::string VariantNames() const;
};

// Splits "a,b"; what is named twice counts once. Returns InvalidArgument for an unknown name, with
// the known ones.
absl::StatusOr<std::vector<std::string>> SplitVariants(const std::string& list);

// What --memory takes: a model's name, or "hardware", which is what the profile says.
inline constexpr const char* kHardwareMemory = "hardware";
// Nothing for an unknown name.
std::optional<MemoryKind> MemoryNamed(const std::string& name, const Profile& profile);
// Returns InvalidArgument for an unknown name, with the known ones.
absl::Status CheckMemoryName(const std::string& name);

// Combines options with what `file` says (may be null). Returns InvalidArgument on an unknown name,
// on a contradiction, and where no profile or target is said by either.
absl::StatusOr<ResolvedContext> ResolveContext(const ContextNames& options, const WalkFile* file);

// The file with target, variants and profile filled in from a resolved context.
void NameContext(const ResolvedContext& context, WalkFile& file);

// Reads a file in either form. Errors name the file, the place and the remedy.
absl::StatusOr<WalkFile> ReadWalkFile(const std::string& path);

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_CONTEXT_H_
