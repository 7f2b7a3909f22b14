// All memory that CPUs share, in one block: what the engine's locations are offsets into. Private
// to src/machine; others see it through machine/inspect.h and the kernel vocabulary.
#ifndef WALKRACE_MACHINE_ARENA_H_
#define WALKRACE_MACHINE_ARENA_H_

#include "kernel/mm_types.h"
#include "kernel/pgtable.h"
#include "machine/inspect.h"

namespace walkrace {

// Tables by index. The pte tables are named T0, T1, ...
inline constexpr int kPgdTable = 0;
inline constexpr int kP4dTable = 1;
inline constexpr int kPudTable = 2;
inline constexpr int kPmdTable = 3;
inline constexpr int kFirstPteTable = 4;

// Frames [1, kFirstHugeFrame) serve base pages, the rest huge ones. No merging, no splitting:
// **a frame of a huge folio is never reused as a base page.**
inline constexpr int kFirstHugeFrame = 32;

// On pages of its own: see ForgetRaces().
struct alignas(4096) Arena {
  wr_table tables[kTablesMax];
  spinlock_t ptl[kTablesMax];
  page mem_map[kFramesMax];
  uint64_t content[kFramesMax];
  mm_struct mm;
  unsigned long pmd_huge_pte[kEntriesPerTable];  // deposited table's pfn, by pmd entry
};

extern Arena arena;

inline uint64_t& EntryOf(int table, int index) {
  return reinterpret_cast<uint64_t&>(arena.tables[table].entry[index]);
}

}  // namespace walkrace

#endif  // WALKRACE_MACHINE_ARENA_H_
