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

// Writes a temporary file beside `path`, syncs it and renames it over `path`. A device or a pipe is
// written to as it stands.
absl::Status WriteFileAtomically(const std::string& path, const std::string& content);

}  // namespace walkrace

#endif  // WALKRACE_BASE_FILE_H_
