// Free frames and free tables. Deterministic: last in, first out, so that reuse comes at once.
// Private to src/machine. Not shared memory: the allocator's own locks are not modelled.
#ifndef WALKRACE_MACHINE_ALLOCATOR_H_
#define WALKRACE_MACHINE_ALLOCATOR_H_

#include <cstdint>

#include "base/fixed_vector.h"
#include "machine/arena.h"

namespace walkrace {

struct Allocator {
  FixedVector<uint8_t, kFramesMax> base_frames;
  FixedVector<uint8_t, kFramesMax> huge_frames;  // first frames of free blocks
  FixedVector<uint8_t, kTablesMax> tables;
  FixedVector<uint8_t, 2> pmd_tables;
  bool frame_free[kFramesMax];
};

extern Allocator allocator;

// Everything free but the tables above pte level.
void ResetAllocator();

// Return 0 (no frame, no table) when there is none left. Neither touches the arena.
uint16_t TakeFrames(unsigned order);
uint16_t TakeTable();
uint16_t TakePmdTable();

}  // namespace walkrace

#endif  // WALKRACE_MACHINE_ALLOCATOR_H_
