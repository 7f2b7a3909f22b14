// Ctrl-C, termination, a run that hangs, memory that runs out: how every binary ends cleanly.
#ifndef WALKRACE_HARNESS_INTERRUPT_H_
#define WALKRACE_HARNESS_INTERRUPT_H_

namespace walkrace {

// Exit codes, the same in every binary and script.
inline constexpr int kExitClean = 0;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInfrastructure = 3;
inline constexpr int kExitDataRace = 66;
inline constexpr int kExitTimeout = 70;
inline constexpr int kExitOutOfMemory = 71;
inline constexpr int kExitViolation = 77;
inline constexpr int kExitInterrupted = 130;

// SIGINT and SIGTERM set a flag that search loops look at; a second one ends the process at once.
// Memory that runs out: kExitOutOfMemory. A file that would get larger than `ulimit -f` allows is a
// write that fails, as on a full disk.
void InstallInterruptHandlers();

bool Interrupted();

// While one exists, a single schedule that does not end for half a minute ends the process with
// kExitTimeout: code under test that loops without a shared access. One at a time.
class Watchdog {
 public:
  Watchdog();
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // A schedule has ended. Cheap.
  void Pat();
};

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_INTERRUPT_H_
