#include "progress_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "order_coverage.h"

namespace walkrace {
namespace {

// All of it outlives the process: a fuzzer's next process goes on counting.
struct Progress {
  uint64_t schedules;
  uint64_t known_exposed;
  uint8_t orders[kOrdersMax / 8];  // bit n: order n was seen
};

Progress* Map() {
  // For whoever does not watch.
  static Progress& nowhere = *new Progress();
  const char* path = std::getenv("WALKRACE_PROGRESS");  // NOLINT(concurrency-mt-unsafe)
  if (path == nullptr) return &nowhere;
  const int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return &nowhere;
  void* memory = MAP_FAILED;
  if (ftruncate(file, sizeof(Progress)) == 0) {
    memory = mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  }
  close(file);
  return memory == MAP_FAILED ? &nowhere : static_cast<Progress*>(memory);
}

// Mapped at the first run, after AFL++'s fork server.
Progress& Get() {
  static Progress* const progress = Map();
  return *progress;
}

}  // namespace

void CountSchedule() { ++Get().schedules; }

void CountKnownExposed() { ++Get().known_exposed; }

void NoteOrder(size_t order) { Get().orders[order / 8] |= 1u << (order % 8); }

}  // namespace walkrace
