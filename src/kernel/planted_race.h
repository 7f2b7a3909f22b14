// For tests only: code under test of race_detection_test.cc. Compiled as paths are, with the
// instrumentation of the build flavour. Each function is what both CPUs of a run do.
#ifndef WALKRACE_KERNEL_PLANTED_RACE_H_
#define WALKRACE_KERNEL_PLANTED_RACE_H_

#include "kernel/primitives.h"

namespace walkrace {

struct PlantedMemory {
  int* plain;        // no primitive touches it: the compiler's own loads and stores
  int* handled;      // plain as well: written by the handler of an IPI
  uint64_t* data;    // in the engine's arena, as all below
  uint64_t* linked;  // while it is not zero readers may look at `plain`
  uint64_t* lock;
  bool writer_executed;   // has written to `plain`
  bool readers_executed;  // has read it
};
extern PlantedMemory planted;

// The lines of PlantedWrite's store and PlantedRead's load.
extern const int kPlantedWriteLine;
extern const int kPlantedReadLine;

void PlantedWrite();
int PlantedRead();

// CPU 0 writes, CPU 1 reads. What protects `plain`, if anything, is in the name.

void Unprotected(int cpu);
void UnderSpinLock(int cpu);
void UnderReadWriteLock(int cpu);

// CPU 1: if linked, read, let others run, read; all in a section or in none. CPU 0: unlink; wait,
// or not; write (after kRcu: in the callback).
enum class Wait { kNot, kIpi, kRcu };
enum class Section { kNone, kIrqOff, kRcuRead };
void UnlinkWaitWrite(int cpu, Wait wait, Section section);

// CPU 0 writes, and a callback reads, which CPU 1 runs at the end of its section.
void WriteThenCallRcu(int cpu);

// CPU 0 writes `plain`; the handler on the other CPU reads it and writes `handled`; CPU 0 reads
// that.
void WriteThenIpi(int cpu);

// CPU 0 writes `plain` and then publishes it; CPU 1 reads `plain` if it sees it published.
struct Publication {
  enum wr_order store;
  enum wr_order load;
  enum wr_class access_class;
};
void Publish(int cpu, Publication how);

// As above; CPU 1 sees it by a compare-and-exchange from `expected`, which publishes as 1.
void PublishToCmpxchg(int cpu, uint64_t expected);

// CPU 0 stores to `data`, CPU 1 loads it.
struct Side {
  enum wr_order order;
  enum wr_class access_class;
};
void AccessData(int cpu, Side store, Side load);

// Two locks in opposite order, below some calls.
void Deadlock(int cpu, int depth);

}  // namespace walkrace

#endif  // WALKRACE_KERNEL_PLANTED_RACE_H_
