// Whole files: read with an error that names file, cause and remedy; written so that nothing is
// ever half there.
#ifndef WALKRACE_BASE_FILE_H_
#define WALKRACE_BASE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace walkrace {

// Returns NotFound, PermissionDenied, InvalidArgument (a directory, more than `bytes_max`) or
// Unavailable; every message names the file.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t bytes_max);

// Writes a temporary file beside `path`, syncs it and renames it over `path`; a link stays, and
// what it points to is replaced. A device or a pipe is written to as it stands; a pipe that nobody
// reads is an error. The umask decides who may read the file.
absl::Status WriteFileAtomically(const std::string& path, const std::string& content);

// Whether WriteFileAtomically could write there now: for a look before long work. Leaves nothing.
absl::Status CheckWritable(const std::string& path);

}  // namespace walkrace

#endif  // WALKRACE_BASE_FILE_H_
