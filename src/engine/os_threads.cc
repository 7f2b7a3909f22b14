// Hand-over by raw futex system calls and __atomic builtins: this file is never instrumented.
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "engine/backend.h"

namespace walkrace {
namespace {

constexpr int kHostSlot = kCpusMax;
constexpr int kCannotStart = 3;  // kExitInfrastructure of src/harness
constexpr long kWaitNanoseconds = 200 * 1000 * 1000;

int SlotOf(CpuId id) { return id == kHost ? kHostSlot : id; }

class OsThreadBackend final : public Backend {
 public:
  void Prepare(int cpu_count, Entry entry, void* context) override {
    entry_ = entry;
    context_ = context;
    if (thread_count_ == 0) PinToOneCore();
    while (thread_count_ < cpu_count) StartThread(thread_count_++);
  }

  void Switch(CpuId from, CpuId to) override {
    Wake(SlotOf(to));
    Wait(SlotOf(from));
  }

  void Leave(CpuId /*from*/, CpuId to) override { Wake(SlotOf(to)); }

 private:
  struct alignas(64) Slot {
    uint32_t may_run = 0;
  };

  struct ThreadStart {
    OsThreadBackend* backend;
    CpuId cpu;
  };

  void Wake(int slot) {
    __atomic_store_n(&slots_[slot].may_run, 1u, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &slots_[slot].may_run, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  }

  // Every wait times out and then makes one call that ThreadSanitizer intercepts: it delivers
  // signals only there, and Ctrl-C and libFuzzer's -timeout would be dead without it.
  void Wait(int slot) {
    uint32_t* word = &slots_[slot].may_run;
    while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == 0) {
      const struct timespec timeout = {0, kWaitNanoseconds};
      const long rc = syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 0, &timeout, nullptr, 0);
      if (rc != 0 && errno != EAGAIN) usleep(1);
    }
    __atomic_store_n(word, 0u, __ATOMIC_SEQ_CST);
  }

  // A hand-over on one core costs a tenth of one across cores. Any core of the inherited mask
  // will do; the one that we are on is as good as another. Without the right to pin: slower.
  static void PinToOneCore() {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
    const int here = sched_getcpu();
    if (here < 0 || !CPU_ISSET(here, &allowed)) return;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(here, &one);
    (void)sched_setaffinity(0, sizeof(one), &one);  // threads made later inherit it
  }

  // Refused by the system, and no defect of ours.
  [[noreturn]] static void EndWithoutThread(int error) {
    (void)std::fprintf(stderr,
                       "walkrace: cannot start a thread (%s); walkrace needs up to %d of them: "
                       "raise the limit of processes (ulimit -u), or end others (exit 3)\n",
                       std::strerror(error), kCpusMax);
    _exit(kCannotStart);
  }

  void StartThread(CpuId cpu) {
    starts_[cpu] = {this, cpu};
    // Process-directed signals belong to the host: it reports and saves.
    sigset_t all, previous;
    sigfillset(&all);
    const int synchronous[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
    for (int signal : synchronous) sigdelset(&all, signal);
    pthread_sigmask(SIG_SETMASK, &all, &previous);
    pthread_t thread;
    const int rc = pthread_create(&thread, nullptr, &ThreadMain, &starts_[cpu]);
    pthread_sigmask(SIG_SETMASK, &previous, nullptr);
    if (rc != 0) EndWithoutThread(rc);
    pthread_detach(thread);
  }

  static void* ThreadMain(void* argument) {
    const ThreadStart start = *static_cast<ThreadStart*>(argument);
    for (;;) {
      start.backend->Wait(start.cpu);
      start.backend->entry_(start.backend->context_, start.cpu);
    }
    return nullptr;
  }

  Slot slots_[kCpusMax + 1];
  ThreadStart starts_[kCpusMax] = {};
  Entry entry_ = nullptr;
  void* context_ = nullptr;
  int thread_count_ = 0;
};

}  // namespace

Backend& OsThreads() {
  // Never destroyed: its threads wait in it until the process ends.
  static OsThreadBackend& backend = *new OsThreadBackend;
  return backend;
}

}  // namespace walkrace
