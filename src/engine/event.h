// One shared access or synchronisation action of a run, as the trace keeps it. The engine fills
// events in and orders them; it does not know what the locations mean (src/machine names them).
#ifndef WALKRACE_ENGINE_EVENT_H_
#define WALKRACE_ENGINE_EVENT_H_

#include <cstdint>

#include "base/site.h"

namespace walkrace {

using CpuId = int;
using CpuMask = uint32_t;  // bit n: CPU n
inline constexpr int kCpusMax = 4;
inline constexpr CpuId kNoCpu = -1;

// Steps of one run, at most. Also bounds a schedule: one decision a step.
inline constexpr uint32_t kStepsMax = 8192;

// A dense id of an aligned 8-byte granule of the arena.
using LocationId = uint32_t;
inline constexpr LocationId kNoLocation = UINT32_MAX;

enum class EventKind : uint8_t {
  kBegin,  // a CPU's first step
  kLoad,   // before == after: the value read; `detail`: how many writes older than the newest
  kStore,
  kRmw,    // read-modify-write; `detail` is an RmwKind
  kFence,  // `detail` is a FenceKind
  kLock,   // `detail` is a LockKind; waits until the lock can be taken
  kUnlock,
  kIrqOff,
  kIrqOn,
  kIpiSend,    // before: the mask of the CPUs interrupted
  kIpiWait,    // waits until every receiver has acknowledged
  kIpiHandle,  // the receiver's side, run when its interrupts are on; before: the sender
  kRcuLock,
  kRcuUnlock,
  kRcuCall,  // a callback is queued
  kRcuDone,  // a grace period is over and its callback has run
  kTlb,      // a TLB action; `detail` is a TlbKind
  kNote,     // no access: a fact that oracles and readers are told; `detail` is a wr_note_kind
  kIssue,    // a store that takes effect later, as an event of its own (kStore); after: the value
  kKindCount,
};

enum class RmwKind : uint8_t { kXchg, kAdd, kSub, kAnd, kOr, kCmpxchg, kAddUnless };
enum class FenceKind : uint8_t { kFull, kRead, kWrite };
enum class LockKind : uint8_t { kSpin, kRead, kWrite };

// What the Linux kernel memory model distinguishes, not what C11 does: a value-returning
// read-modify-write is kFull, its _relaxed form kRelaxed.
enum class Order : uint8_t { kPlain, kRelaxed, kAcquire, kRelease, kFull };

struct Event {
  uint32_t step;    // 1-based position among the run's steps; notes carry the last step's
  uint16_t number;  // 1-based among its CPU's events: what a preemption names
  uint8_t cpu;
  EventKind kind;
  uint8_t detail;
  Order order;
  uint8_t size;  // bytes, for accesses
  bool failed;   // a compare-and-exchange or add-unless that changed nothing
  LocationId location;
  uint64_t before;
  uint64_t after;
  const wr_site* site;
};

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_EVENT_H_
