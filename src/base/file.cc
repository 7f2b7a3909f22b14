#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

namespace walkrace {
namespace {

absl::Status ErrnoError(int error, const std::string& path, const char* doing, const char* remedy) {
  return absl::ErrnoToStatus(error, absl::StrCat(path, ": cannot ", doing, "; ", remedy));
}

constexpr char kReadRemedy[] = "name a readable file";
constexpr char kWriteRemedy[] = "check the folder, its rights and the free space";

absl::Status WriteAll(int fd, const std::string& path, const std::string& content) {
  size_t done = 0;
  while (done < content.size()) {
    const ssize_t n = write(fd, content.data() + done, content.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoError(errno, path, "write", kWriteRemedy);
    done += n;
  }
  // Pipes and terminals cannot be synced.
  if (fsync(fd) != 0 && errno != EINVAL && errno != EROFS) {
    return ErrnoError(errno, path, "sync", kWriteRemedy);
  }
  return absl::OkStatus();
}

// To rename a file over a device or a pipe would take it away from everybody. So it would with the
// names of open files ("-o /dev/stdout"), whatever stands behind them.
bool MustBeWrittenInto(const std::string& path) {
  struct stat there;
  if (stat(path.c_str(), &there) != 0) return false;
  return !S_ISREG(there.st_mode) || path.starts_with("/dev/") || path.starts_with("/proc/");
}

absl::Status WriteInto(const std::string& path, const std::string& content) {
  // Not blocking: a named pipe without a reader is refused, not waited for.
  const int fd = open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 && errno == ENXIO) return ErrnoError(errno, path, "write", "nobody reads this pipe");
  if (fd < 0) return ErrnoError(errno, path, "write", kWriteRemedy);
  const absl::Cleanup close_fd = [fd] { close(fd); };
  // A slow reader is waited for.
  if (fcntl(fd, F_SETFL, O_APPEND) != 0) return ErrnoError(errno, path, "write", kWriteRemedy);
  return WriteAll(fd, path, content);
}

// What a link points to, whether it is there or not; every other path as it is.
absl::StatusOr<std::string> FollowLinks(const std::string& path) {
  constexpr int kLinksMax = 40;  // as the kernel
  std::string file = path;
  for (int i = 0; i < kLinksMax; ++i) {
    char target[PATH_MAX];
    const ssize_t length = readlink(file.c_str(), target, sizeof(target));
    if (length < 0) return file;
    const std::string name(target, static_cast<size_t>(length));
    const size_t slash = file.rfind('/');
    const bool relative = !name.starts_with('/') && slash != std::string::npos;
    file = relative ? absl::StrCat(file.substr(0, slash + 1), name) : name;
  }
  return ErrnoError(ELOOP, path, "write", "name a file");
}

// Creates a file beside `path` that nobody else has. Not mkstemp(), which ignores the umask.
int CreateBeside(const std::string& path, std::string* temporary) {
  constexpr int kTriesMax = 1000;
  for (int i = 0; i < kTriesMax; ++i) {
    *temporary = absl::StrCat(path, ".tmp.", getpid(), ".", i);
    const int fd = open(temporary->c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  return -1;
}

// The rename itself must survive a power cut as well. A folder that cannot be synced (some file
// systems) is no error: the content is safe.
void SyncFolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "."
                             : slash == 0               ? "/"
                                                        : path.substr(0, slash);
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  (void)fsync(fd);
  close(fd);
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t bytes_max) {
  // Not blocking: a named pipe without a writer is refused below, not waited for.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return ErrnoError(errno, path, "open", kReadRemedy);
  const absl::Cleanup close_fd = [fd] { close(fd); };
  struct stat status;
  if (fstat(fd, &status) != 0) return ErrnoError(errno, path, "read", kReadRemedy);
  if (!S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": not a regular file; ", kReadRemedy));
  }
  std::string content;
  char buffer[64 * 1024];
  for (;;) {
    const ssize_t n = read(fd, buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoError(errno, path, "read", kReadRemedy);
    if (n == 0) return content;
    content.append(buffer, n);
    if (content.size() > bytes_max) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": larger than ", bytes_max, " bytes; this is no walkrace input"));
    }
  }
}

absl::Status WriteFileAtomically(const std::string& path, const std::string& content) {
  if (MustBeWrittenInto(path)) return WriteInto(path, content);
  const auto file = FollowLinks(path);
  if (!file.ok()) return file.status();
  std::string temporary;
  const int fd = CreateBeside(*file, &temporary);
  if (fd < 0) return ErrnoError(errno, path, "create a file beside", kWriteRemedy);
  absl::Status status = WriteAll(fd, path, content);
  if (close(fd) != 0 && status.ok()) status = ErrnoError(errno, path, "write", kWriteRemedy);
  if (status.ok() && rename(temporary.c_str(), file->c_str()) != 0) {
    status = ErrnoError(errno, path, "rename a file to", kWriteRemedy);
  }
  if (!status.ok()) {
    unlink(temporary.c_str());
    return status;
  }
  SyncFolderOf(*file);
  return absl::OkStatus();
}

absl::Status CheckWritable(const std::string& path) {
  struct stat there;
  if (stat(path.c_str(), &there) == 0 && S_ISDIR(there.st_mode)) {
    return ErrnoError(EISDIR, path, "write", "name a file");
  }
  // Not by opening: who reads a pipe would take that for its end.
  if (MustBeWrittenInto(path)) {
    if (access(path.c_str(), W_OK) == 0) return absl::OkStatus();
    return ErrnoError(errno, path, "write", kWriteRemedy);
  }
  const auto file = FollowLinks(path);
  if (!file.ok()) return file.status();
  std::string temporary;
  const int fd = CreateBeside(*file, &temporary);
  if (fd < 0) return ErrnoError(errno, path, "create a file beside", kWriteRemedy);
  close(fd);
  unlink(temporary.c_str());
  return absl::OkStatus();
}

}  // namespace walkrace
