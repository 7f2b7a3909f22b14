// Ctrl-C and termination end a libFuzzer target with walkrace's exit code; libFuzzer's own is 72,
// and no flag changes it. A file that would get larger than `ulimit -f` allows is a write that
// fails; libFuzzer would end with 77, as if it had found something. It leaves handlers alone that
// are there before it starts, but not SIG_IGN.
#include <signal.h>
#include <unistd.h>

#include "harness/interrupt.h"

namespace walkrace {
namespace {

// Async-signal-safe. A finding ends libFuzzer by itself: there is none.
void OnInterrupt(int /*signal*/) {
  constexpr char kText[] = "walkrace: interrupted, nothing found\n";
  const ssize_t written = write(STDERR_FILENO, kText, sizeof(kText) - 1);
  (void)written;
  _exit(kExitInterrupted);
}

void OnFileTooLarge(int /*signal*/) {}

__attribute__((constructor)) void InstallHandlers() {
  struct sigaction action = {};
  action.sa_handler = OnInterrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = OnFileTooLarge;
  sigaction(SIGXFSZ, &action, nullptr);
}

}  // namespace
}  // namespace walkrace
