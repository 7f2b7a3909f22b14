// What ThreadSanitizer is told of the accesses that the tree's code makes by itself. Its compiler's
// calls (__tsan_read8, ...) come here: a field of the tree's memory that stands for something of
// the machine's races there, a volatile access is a marked one (as KCSAN has it), and what stands
// in a data_race() is not told. Never instrumented.
#include "kernel/race_detector.h"
#include "machine/arena.h"
#include "machine/tree.h"
#include "machine/tree_view.h"

extern "C" {
#include "kernel/port/calls.h"
}

namespace walkrace {
namespace {

int racy[kCpusMax];        // depth of data_race(), by CPU
bool racy_once[kCpusMax];  // behind ASSERT_EXCLUSIVE_BITS()

void Tell(void* address, unsigned size, bool write, wr_order order, const void* pc) {
  const int cpu = wr_cpu();
  if (racy[cpu] != 0) return;
  if (racy_once[cpu]) {
    racy_once[cpu] = false;
    return;
  }
  if (IsInTree(address)) {
    const TreeField* field = FindTreeField(address);
    if (field != nullptr && field->kind == WR_TREE_STATISTIC) return;
    if (field != nullptr) {
      address = field->target;
      size = 8;
    }
  }
  // The detector takes words: what is smaller is private to the port.
  if (size != 4 && size != 8) return;
  if (write) {
    RaceDetectorStore(address, size, order, pc);
  } else {
    RaceDetectorLoad(address, size, order, pc);
    // A table is published by its entry, whoever reads that and how: see WR_ENTRY.
    if (IsInMachine(address) && IsEntry(ObjectAt(LocationInMachine(address)).kind)) {
      RaceDetectorAcquire(address);
    }
  }
}

}  // namespace

void ResetTreeRaces() {
  for (int& depth : racy) depth = 0;
  for (bool& once : racy_once) once = false;
}

}  // namespace walkrace

using namespace walkrace;

extern "C" {

void wr_port_racy(int change) { racy[wr_cpu()] += change; }
void wr_port_racy_once(void) { racy_once[wr_cpu()] = true; }

#define WR_TSAN_CALLS(bytes)                                              \
  void wr_port_tsan_read##bytes(void* address) {                          \
    Tell(address, bytes, false, WR_PLAIN, __builtin_return_address(0));   \
  }                                                                       \
  void wr_port_tsan_write##bytes(void* address) {                         \
    Tell(address, bytes, true, WR_PLAIN, __builtin_return_address(0));    \
  }                                                                       \
  void wr_port_tsan_volatile_read##bytes(void* address) {                 \
    Tell(address, bytes, false, WR_RELAXED, __builtin_return_address(0)); \
  }                                                                       \
  void wr_port_tsan_volatile_write##bytes(void* address) {                \
    Tell(address, bytes, true, WR_RELAXED, __builtin_return_address(0));  \
  }
WR_TSAN_CALLS(1)
WR_TSAN_CALLS(2)
WR_TSAN_CALLS(4)
WR_TSAN_CALLS(8)
WR_TSAN_CALLS(16)

}  // extern "C"
