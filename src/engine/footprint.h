// What one step looks at and changes. Two steps of different CPUs whose footprints do not conflict
// commute: in either order each does the same and leaves the same behind. That is all that a search
// with reduction knows of a program, so a footprint may say too much, never too little.
// Uninstrumented code only.
#ifndef WALKRACE_ENGINE_FOOTPRINT_H_
#define WALKRACE_ENGINE_FOOTPRINT_H_

#include <cstdint>
#include <vector>

#include "engine/event.h"

namespace walkrace {

// Locations of the arena stand for themselves; what is behind them is no memory.
inline constexpr uint32_t kInterruptsOf = 0x01000000;  // + cpu: pending, on or off, ended
inline constexpr uint32_t kQuiescenceOf = 0x01000010;  // + cpu: what an RCU grace period waits for
inline constexpr uint32_t kAcknowledgementsOf = 0x01000020;   // + cpu: that it waits for
inline constexpr uint32_t kRcuCallbacks = 0x01000030;         // the list of those not due yet
inline constexpr uint32_t kFirstObjectOfOthers = 0x02000000;  // from here on the engine uses none

// Bits: one step may touch an object in several ways. Two touches of an object commute where both
// are reads, or both of the same side (readers that take a lock; entries of a set that one side
// adds and the other looks for).
enum class Touched : uint8_t { kRead = 1, kWrite = 2, kLeft = 4, kRight = 8 };

class Footprint {
 public:
  struct Entry {
    uint32_t object;
    uint8_t how;  // of Touched

    friend bool operator==(const Entry&, const Entry&) = default;
  };

  void Clear();
  void Add(uint32_t object, Touched how);
  // Sorts, one entry an object. Conflicts, Contains and entries() need it.
  void Settle();

  bool Conflicts(const Footprint& other) const;
  // Whether all that `other` touches is touched here, in as strong a way.
  bool Contains(const Footprint& other) const;
  // How it touches this object: bits of Touched.
  uint8_t How(uint32_t object) const;

  const std::vector<Entry>& entries() const { return entries_; }

 private:
  // Whether `how` and `other`, of one object, conflict.
  static bool Conflict(uint8_t how, uint8_t other);

  std::vector<Entry> entries_;
  // One bit an object, many objects a bit: most pairs conflict in none.
  uint64_t touched_ = 0;
  uint64_t changed_ = 0;  // not only read
};

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_FOOTPRINT_H_
