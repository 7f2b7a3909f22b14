// A file or a folder that is named on the command line of a target, and is not there: said at once,
// and usage. The fuzzers' own drivers end with 1, or run nothing and end with 0.
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "harness/interrupt.h"

namespace walkrace {
namespace {

// The C library hands main's arguments to constructors as well.
__attribute__((constructor)) void CheckArguments(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "-create_missing_dirs=1") == 0) return;
  }
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] == '-' || access(argv[i], F_OK) == 0) continue;
    (void)std::fprintf(stderr, "walkrace: %s: no such file or folder\n", argv[i]);
    _exit(kExitUsage);
  }
}

}  // namespace
}  // namespace walkrace
