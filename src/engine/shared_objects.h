// What the CPUs of a run shared: for strategies that choose among the events that another CPU can
// notice. For choosing schedules only; a proof asks for more.
#ifndef WALKRACE_ENGINE_SHARED_OBJECTS_H_
#define WALKRACE_ENGINE_SHARED_OBJECTS_H_

#include "engine/strategy.h"

namespace walkrace {

class SharedObjects {
 public:
  // Locations are told apart by their number modulo this: two that share a slot are one object
  // here.
  static constexpr uint32_t kSlots = 1024;
  static uint32_t SlotOf(LocationId location) { return location % kSlots; }

  void Forget() {
    for (uint32_t i = 0; i < touched_count_; ++i) who_[touched_[i]] = 0;
    touched_count_ = 0;
  }

  // `cpu` has executed this. REQUIRES: event.location != kNoLocation.
  void Add(CpuId cpu, const PendingEvent& event) {
    const uint32_t slot = SlotOf(event.location);
    if (who_[slot] == 0) touched_[touched_count_++] = slot;
    who_[slot] |= static_cast<uint8_t>(1u << cpu | (event.kind == EventKind::kLoad ? 0 : kWritten));
  }

  // Touched by several CPUs, and not only read.
  bool IsShared(uint32_t slot) const {
    const uint8_t who = who_[slot] & ~kWritten;
    return (who & (who - 1)) != 0 && (who_[slot] & kWritten) != 0;
  }

  bool ShareAny() const {
    for (uint32_t i = 0; i < touched_count_; ++i) {
      if (IsShared(touched_[i])) return true;
    }
    return false;
  }

  // The slots that were touched, in the order in which they were first.
  uint32_t touched_count() const { return touched_count_; }
  uint32_t touched(uint32_t i) const { return touched_[i]; }

 private:
  static constexpr uint8_t kWritten = 0x80;  // beside a bit for each CPU that was there

  uint8_t who_[kSlots] = {};
  uint32_t touched_[kSlots];
  uint32_t touched_count_ = 0;
};

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_SHARED_OBJECTS_H_
