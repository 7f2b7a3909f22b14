#include "target/crash.h"

#include <signal.h>

namespace walkrace {
namespace {

struct Crash {
  int signal;
  const char* text;
};
constexpr Crash kCrashes[] = {
    {SIGSEGV, "the code crashed: SIGSEGV"}, {SIGBUS, "the code crashed: SIGBUS"},
    {SIGFPE, "the code crashed: SIGFPE"},   {SIGILL, "the code crashed: SIGILL"},
    {SIGABRT, "the code crashed: SIGABRT"},
};

TargetRunner* crashing;

void OnCrash(int signal) {
  for (const Crash& crash : kCrashes) {
    if (crash.signal == signal) crashing->EndCrashedRun(crash.text);
  }
  // In set_up, in a judge, or in walkrace itself: as if nobody had caught it.
  struct sigaction by_default = {};
  by_default.sa_handler = SIG_DFL;
  sigaction(signal, &by_default, nullptr);
  (void)raise(signal);
}

}  // namespace

void CatchCrashes(TargetRunner& runner) {
  crashing = &runner;
  struct sigaction action = {};
  action.sa_handler = OnCrash;
  // The handler does not return: the signal must not stay blocked.
  action.sa_flags = SA_NODEFER;
  for (const Crash& crash : kCrashes) sigaction(crash.signal, &action, nullptr);
}

}  // namespace walkrace
