// What each thread of a litmus program can do on its own: one run for each way through its
// branches with each value that its loads may return. Whether the values fit those that the other
// threads store is for candidate.h. Values are never justified by themselves ("out of thin air").
#ifndef WALKRACE_LITMUS_THREAD_RUNS_H_
#define WALKRACE_LITMUS_THREAD_RUNS_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "litmus/program.h"
#include "litmus/relation.h"

namespace walkrace::litmus {

// Names in brackets: those of linux-kernel.cat and lock.cat.
enum class EventType : uint8_t {
  kRead,
  kWrite,
  kLockRead,      // [LKR] the halves of a lock that was taken
  kLockWrite,     // [LKW]
  kUnlock,        // [UL]
  kLockFail,      // [LF, RL] spin_trylock() failed, or spin_is_locked() said yes
  kReadUnlocked,  // [RU] spin_is_locked() said no
  kRcuLock,
  kRcuUnlock,
  kSynchronizeRcu,
};

enum class Annotation : uint8_t { kPlain, kOnce, kAcquire, kRelease, kNoReturn };

constexpr bool IsRead(EventType type) {
  return type == EventType::kRead || type == EventType::kLockRead || type == EventType::kLockFail ||
         type == EventType::kReadUnlocked;
}
constexpr bool IsWrite(EventType type) {
  return type == EventType::kWrite || type == EventType::kLockWrite || type == EventType::kUnlock;
}
constexpr bool IsAccess(EventType type) { return IsRead(type) || IsWrite(type); }

// An event that takes part in relations: an access, or one of RCU's. Fences are PlacedFences.
struct RunEvent {
  EventType type = EventType::kRead;
  Annotation annotation = Annotation::kOnce;
  // Of a read-modify-write that is no lock, also of one that failed: herd's set RMW.
  bool is_rmw = false;
  int read_half = -1;  // of a write: the event that its read-modify-write reads with
  int location = -1;
  Value value = 0;  // of a lock's word: 1 where it is held
  // The reads of this run that the address, the value and the way here depend on.
  EventSet address_from = 0, data_from = 0, control_from = 0;
};

// A fence right before event `before` of its run (or behind the last).
struct PlacedFence {
  Fence fence = Fence::kMb;
  int before = 0;
};

struct ThreadRun {
  std::vector<RunEvent> events;  // in program order
  std::vector<PlacedFence> fences;
  std::vector<std::pair<int, int>> rcu_sections;  // rcu_read_lock(), its rcu_read_unlock()
  std::vector<Value> registers;                   // at the end
};

struct ThreadRuns {
  std::vector<std::vector<ThreadRun>> of_thread;
  bool complete = true;  // false: a thread has more than the limit
};

// REQUIRES: at most 64 loads, read-modify-writes among them. A run that takes a lock twice, that
// unlocks what it does not hold, or that goes through a value that is no address, does not count.
ThreadRuns AllThreadRuns(const Program& program, uint32_t runs_max_per_thread = 100'000);

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_THREAD_RUNS_H_
