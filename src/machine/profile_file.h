// A user's own profile, from a text file: one `key = value` a line, `#` begins a comment.
//
//   name = my-board         # required; not one of the built-in names
//   like = arm64            # what the keys below do not say; first after the name
//   collapse-flush = mm-cpumask
//
// Without `like` every knob must be said. Keys: name, like, summary, clear, clear-barrier,
// collapse-flush, other-flush, table-free, deposit-writes-table, entry-read, and those that are yes
// for some architectures alone: moves-page-tables, folds-at-run-time, batched-unmap-flush,
// skips-lazy-cpus, trims-cpumask, deposits-for-files; each at most once. What they mean:
// profiles.h. Any bytes are allowed; an error says line, column and what was expected.
#ifndef WALKRACE_MACHINE_PROFILE_FILE_H_
#define WALKRACE_MACHINE_PROFILE_FILE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "machine/profiles.h"

namespace walkrace {

struct ParsedProfile {
  std::string name, summary;
  Profile profile;  // its own name and summary are null
};

absl::StatusOr<ParsedProfile> ParseProfile(std::string_view text);

// Reads a file and adds its profile (AddProfile). A second call with the same path returns the
// same profile. Errors begin with the file's name.
absl::StatusOr<const Profile*> LoadProfileFile(const std::string& path);

// The file that a profile came from, or "" for a built-in one.
const std::string& FileOfProfile(const Profile& profile);

// What that file said when it was read, or "".
const std::string& TextOfProfile(const Profile& profile);

}  // namespace walkrace

#endif  // WALKRACE_MACHINE_PROFILE_FILE_H_
