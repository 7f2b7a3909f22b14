#include "harness/interrupt.h"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <new>

namespace walkrace {
namespace {

constexpr int kWatchdogSeconds = 30;

volatile sig_atomic_t interrupted;
uint64_t schedules_done;
uint64_t schedules_seen;

// Async-signal-safe.
template <int kSize>
void Say(const char (&text)[kSize]) {
  const ssize_t written = write(STDERR_FILENO, text, kSize - 1);
  (void)written;
}

void OnInterrupt(int /*signal*/) {
  if (interrupted != 0) _exit(kExitInterrupted);
  interrupted = 1;
}

void OnWatchdog(int /*signal*/) {
  const uint64_t done = __atomic_load_n(&schedules_done, __ATOMIC_RELAXED);
  const bool stuck = done == schedules_seen;
  schedules_seen = done;
  if (!stuck) return;
  Say("walkrace: one schedule has run for half a minute without an end: the code under test loops "
      "without a shared access, or the machine is overloaded. Giving up (exit 70).\n");
  _exit(kExitTimeout);
}

void OnOutOfMemory() {
  Say("walkrace: out of memory (exit 71)\n");
  _exit(kExitOutOfMemory);
}

void Handle(int signal, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(signal, &action, nullptr);
}

}  // namespace

void InstallInterruptHandlers() {
  Handle(SIGINT, OnInterrupt);
  Handle(SIGTERM, OnInterrupt);
  Handle(SIGALRM, OnWatchdog);
  Handle(SIGXFSZ, SIG_IGN);
  std::set_new_handler(OnOutOfMemory);
}

bool Interrupted() { return interrupted != 0; }

Watchdog::Watchdog() {
  schedules_seen = schedules_done + 1;  // the first tick finds progress, whenever it comes
  const struct itimerval tick = {{kWatchdogSeconds, 0}, {kWatchdogSeconds, 0}};
  setitimer(ITIMER_REAL, &tick, nullptr);
}

Watchdog::~Watchdog() {
  const struct itimerval off = {};
  setitimer(ITIMER_REAL, &off, nullptr);
}

void Watchdog::Pat() { __atomic_fetch_add(&schedules_done, 1, __ATOMIC_RELAXED); }

}  // namespace walkrace
