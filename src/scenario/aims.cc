#include "scenario/aims.h"

#include <algorithm>
#include <bit>
#include <vector>

namespace walkrace {
namespace {

constexpr size_t kBuckets = 1024;
constexpr int kRecentMax = 8;   // events of a place that a later one is held against
constexpr int kStepsBack = 64;  // to find them: other places may share the bucket

bool HasPlace(const Event& event) {
  if (event.location == kNoLocation) return false;
  switch (event.kind) {
    case EventKind::kLoad:
    case EventKind::kStore:
    case EventKind::kRmw:
    case EventKind::kLock:
      return true;
    default:
      return false;
  }
}

// Notes carry the number of an event that has one of its own.
bool IsCounted(const Event& event) {
  return event.kind != EventKind::kNote && event.kind != EventKind::kRcuDone;
}

bool OnlyReads(const Event& event) {
  if (event.kind == EventKind::kLock) return event.detail == uint8_t(LockKind::kRead);
  return event.kind == EventKind::kLoad || event.failed;
}

// Locks by hash: two that share a number are taken for one.
constexpr int kLocks = 64;

// What a CPU keeps others from.
struct Held {
  uint64_t any = 0;    // a bit a lock
  uint64_t alone = 0;  // not for reading
  bool irqs_off = false;
};

// The last events of a CPU that may have had to wait for another: for a lock, for IPIs.
struct Waits {
  uint16_t lock[kLocks] = {};
  uint16_t lock_alone[kLocks] = {};
  uint16_t ipi = 0;
};

struct Seen {
  const Event* event;
  Held held;                // by its CPU, before it
  uint16_t next[kCpusMax];  // of each CPU, when it happened
  int previous;             // of the same bucket, or -1
};

class Finder {
 public:
  explicit Finder(Aims& aims) : aims_(aims) { std::fill_n(last_, kBuckets, -1); }

  // Returns false where there is no room for more.
  bool Add(const Event& event) {
    if (HasPlace(event)) {
      int& last = last_[event.location % kBuckets];
      if (!Compare(event, last)) return false;
      Seen seen = {&event, held_[event.cpu], {}, last};
      std::copy_n(next_, kCpusMax, seen.next);
      last = static_cast<int>(seen_.size());
      seen_.push_back(seen);
    }
    if (IsCounted(event)) next_[event.cpu] = event.number + 1;
    NoteHeld(event);
    return true;
  }

 private:
  // With those at its place, from `last` on backwards.
  bool Compare(const Event& event, int last) {
    int recent = 0;
    for (int steps = 0; last >= 0 && steps < kStepsBack && recent < kRecentMax; ++steps) {
      const Seen& seen = seen_[last];
      const Event& before = *seen.event;
      last = seen.previous;
      if (before.location != event.location) continue;
      ++recent;
      if (before.cpu == event.cpu || (OnlyReads(before) && OnlyReads(event))) continue;
      if (IsKeptApart(seen, event)) continue;
      if (!aims_.push_back({.event = before.number,
                            .other_event = event.number,
                            .other_next = seen.next[event.cpu],
                            .cpu = before.cpu,
                            .other = event.cpu})) {
        return false;
      }
    }
    return true;
  }

  void NoteHeld(const Event& event) {
    Held& held = held_[event.cpu];
    Waits& waits = waits_[event.cpu];
    const int lock = event.location % kLocks;
    const uint64_t bit = uint64_t{1} << lock;
    switch (event.kind) {
      case EventKind::kIrqOff:
        held.irqs_off = true;
        break;
      case EventKind::kIrqOn:
        held.irqs_off = false;
        break;
      case EventKind::kIpiWait:
        waits.ipi = event.number;
        break;
      case EventKind::kLock:
        held.any |= bit;
        waits.lock[lock] = event.number;
        if (OnlyReads(event)) break;
        held.alone |= bit;
        waits.lock_alone[lock] = event.number;
        break;
      case EventKind::kUnlock:
        held.any &= ~bit;
        held.alone &= ~bit;
        break;
      default:
        break;
    }
  }

  // While the earlier one's CPU stands before it, the other does not get to the later one: on its
  // way there it waits for what the first holds.
  bool IsKeptApart(const Seen& earlier, const Event& later) const {
    const Held& held = earlier.held;
    const Waits& waits = waits_[later.cpu];
    const uint16_t next = earlier.next[later.cpu];
    if (held.irqs_off && waits.ipi >= next) return true;
    for (uint64_t rest = held.any; rest != 0; rest &= rest - 1) {
      const int lock = std::countr_zero(rest);
      const bool alone = (held.alone >> lock & 1) != 0;
      if ((alone ? waits.lock : waits.lock_alone)[lock] >= next) return true;
    }
    return false;
  }

  Aims& aims_;
  std::vector<Seen> seen_;
  int last_[kBuckets];
  Held held_[kCpusMax];
  uint16_t next_[kCpusMax] = {1, 1, 1, 1};
  Waits waits_[kCpusMax];
};

}  // namespace

void FindAims(const Event* events, size_t count, Aims& aims) {
  aims.clear();
  Finder finder(aims);
  for (size_t i = 0; i < count && finder.Add(events[i]); ++i) {
  }
}

}  // namespace walkrace
