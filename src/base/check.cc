#include "base/check.h"

#include <cstdio>
#include <cstdlib>

extern "C" void walkrace_check_failed(const char* file, int line, const char* expression) {
  std::fprintf(stderr, "walkrace: internal check failed: %s:%d: %s\n", file, line, expression);
  std::fflush(stderr);
  std::abort();
}
