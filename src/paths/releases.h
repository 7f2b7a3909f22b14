// Linux releases as bundles of variants: the races that a release has and whose fixes it does not
// have yet, by the `introduced_in` and `fixed_in` of each row of variants.cc. Source: the mainline
// commits that the rows name. **A fix that a stable or distribution kernel backported is not known
// here.**
#ifndef WALKRACE_PATHS_RELEASES_H_
#define WALKRACE_PATHS_RELEASES_H_

#include <span>
#include <string>
#include <vector>

#include "paths/variants.h"

namespace walkrace {

// The releases that bundles are named after, oldest first.
std::span<const char* const> Releases();
// Of versions as "6.12" or "6.1.192": by their first two numbers.
bool IsReleaseBefore(const char* release, const char* other);
bool IsRelease(const std::string& name);

// The variants that this release has. Those that need what a run does not have are left out: a
// flavour, or, unless it is under weak memory, a memory model. REQUIRES: IsRelease(release).
std::vector<const VariantRow*> VariantsOf(const std::string& release, bool weak_memory = false);

// What the release has, and VariantsOf() does not: a name each, and why in parentheses. The races
// that are not built (RACES.md) are no rows, and not among these.
std::vector<std::string> LeftOutOf(const std::string& release, bool weak_memory = false);

}  // namespace walkrace

#endif  // WALKRACE_PATHS_RELEASES_H_
