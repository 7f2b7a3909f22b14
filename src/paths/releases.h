// Linux releases as bundles of variants: the races' fixes that a release does not have yet, by the
// `fixed_in` of each row of variants.cc. Source: the mainline commits that the rows name. **A fix
// that a distribution backported is not known here.**
#ifndef WALKRACE_PATHS_RELEASES_H_
#define WALKRACE_PATHS_RELEASES_H_

#include <span>
#include <string>
#include <vector>

#include "paths/variants.h"

namespace walkrace {

// The releases that bundles are named after, oldest first.
std::span<const char* const> Releases();
bool IsRelease(const std::string& name);

// The variants whose fix came after this release. Those that need what a run does not have (a
// memory model) are left out. REQUIRES: IsRelease(release).
std::vector<const VariantRow*> VariantsOf(const std::string& release);

}  // namespace walkrace

#endif  // WALKRACE_PATHS_RELEASES_H_
