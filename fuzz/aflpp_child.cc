// AFL++ stops the process that runs inputs between two of them. Should afl-fuzz be killed, its
// fork server ends, but a stopped process would stay for good: it asks to be killed then. A file
// that would get larger than `ulimit -f` allows is no finding.
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>

namespace {

void EndWithForkServer() { (void)prctl(PR_SET_PDEATHSIG, SIGKILL); }

__attribute__((constructor)) void WatchForks() {
  (void)signal(SIGXFSZ, SIG_IGN);
  (void)pthread_atfork(nullptr, nullptr, EndWithForkServer);
}

}  // namespace
