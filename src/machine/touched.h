// What steps touch of the machine that is no memory of the arena: for searches that must know which
// steps commute (engine/footprint.h). What stands in the arena and is touched without an event of
// its own is told by its location. Private to src/machine, but for src/oracle, which adds what
// oracles look at.
#ifndef WALKRACE_MACHINE_TOUCHED_H_
#define WALKRACE_MACHINE_TOUCHED_H_

#include "engine/engine.h"
#include "engine/footprint.h"
#include "machine/inspect.h"

namespace walkrace {

// One free list each: which frame or table somebody gets depends on who came before.
inline constexpr uint32_t kFreeFrames = kFirstObjectOfOthers;  // + order
inline constexpr uint32_t kFreeTables = kFirstObjectOfOthers + 0x10;
inline constexpr uint32_t kFreePmdTables = kFirstObjectOfOthers + 0x11;
inline constexpr uint32_t kVmas = kFirstObjectOfOthers + 0x12;    // where they are, and of what
inline constexpr uint32_t kTaskOf = kFirstObjectOfOthers + 0x20;  // + cpu: whose memory it uses
inline constexpr uint32_t kWalkOf = kFirstObjectOfOthers + 0x30;  // + cpu: of the hardware's walker
inline constexpr uint32_t kTlbOf = kFirstObjectOfOthers + 0x100;  // + cpu * kAreaPages + page
inline constexpr uint32_t kFirstObjectOfOracles = kFirstObjectOfOthers + 0x1000;

static_assert(kTlbOf + kCpusMax * kAreaPages <= kFirstObjectOfOracles);

// Entries that a walk for an area page looks at, from the highest level down.
struct WalkedEntries {
  int count = 0;
  LocationId location[5];
};
WalkedEntries EntriesOnTheWay(int page);

// The frames that this one's folio has or ever had: its block, where huge folios come from.
struct FrameBlock {
  uint16_t first;
  uint16_t count;
};
FrameBlock BlockOf(uint16_t pfn);

// For src/oracle: what questions to machine/inspect.h look at.
void AddWay(int page, Footprint* footprint);        // Translate
void AddFileSlots(Footprint* footprint);            // FilePageIn, FrameOfFilePage
void AddSwapCache(Footprint* footprint);            // FrameOfSwapSlot
void AddFolio(uint16_t pfn, Footprint* footprint);  // whose page it is, and what it belongs to

// For src/machine: the running step touches what stands there; `words` of 8 bytes.
void TouchWords(const void* first, int words, Touched how);
void TouchObject(uint32_t object, Touched how);
// What Translate looks at.
void TouchWay(int page);

}  // namespace walkrace

#endif  // WALKRACE_MACHINE_TOUCHED_H_
