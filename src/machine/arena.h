// All memory that CPUs share, in one block: what the engine's locations are offsets into. Private
// to src/machine; others see it through machine/inspect.h and the kernel vocabulary.
#ifndef WALKRACE_MACHINE_ARENA_H_
#define WALKRACE_MACHINE_ARENA_H_

#include "kernel/mm_types.h"
#include "kernel/pgtable.h"
#include "kernel/words.h"
#include "machine/inspect.h"

namespace walkrace {

// Tables by index: those above pte level, kUpperTables of each mm, then the pte tables, named T0,
// T1, ...
inline constexpr int kPgdTable = 0;
inline constexpr int kP4dTable = 1;
inline constexpr int kPudTable = 2;
inline constexpr int kPmdTable = 3;
inline constexpr int kUpperTables = 4;
// Pmd tables for regions with a pud entry of their own, named S0, S1.
inline constexpr int kFirstHugetlbTable = kUpperTables * kMmsMax;
inline constexpr int kFirstPteTable = kFirstHugetlbTable + 2;

// Frames [1, kFirstHugeFrame) serve base pages, the rest huge ones until they are split. No
// merging: the frames of a huge folio that was split stay base pages.
inline constexpr int kFirstHugeFrame = 32;

// On pages of its own: see ForgetRaces().
struct alignas(4096) Arena {
  wr_table tables[kTablesMax];
  spinlock_t ptl[kTablesMax];
  page mem_map[kFramesMax];
  uint64_t content[kFramesMax];
  mm_struct mm[kMmsMax];
  unsigned long pmd_huge_pte[kMmsMax][kEntriesPerTable];  // deposited table's pfn, by pmd entry
  address_space file;
  address_space secretmem_file;
  address_space tracked_file;
  address_space dax_file;      // its first slot has the huge page
  address_space hugetlb_file;  // its first slot has the huge page
  atomic_t pmd_shares[2];      // of S0, S1: how many mms use it
  kvm kvms[kMmsMax];
  anon_vma root_anon_vma;
  uint64_t words[WR_WORD_COUNT];
  wr_table stack;  // what a walker reads behind a copy that it has on its stack: nothing
  wr_table wild;   // what is read through an entry that links to no table: empty
  uint64_t swap_map[WR_SWAP_SLOTS];
  uint64_t swap_content[WR_SWAP_SLOTS];
  uint64_t swap_cache[WR_SWAP_SLOTS];  // the pfn of the page that the swap cache has, or 0
  // How many of a page's mappings are whole mappings of its large folio, by pmds: counted with the
  // rmap's, no location of its own. For the code of a kernel tree, which keeps two counts.
  int64_t entire_mapcount[kFramesMax];
};

extern Arena arena;

// What inspect.cc remembers of walks. Call when the levels or the place of the area have changed.
void ForgetWays();

inline uint64_t& EntryOf(int table, int index) {
  return reinterpret_cast<uint64_t&>(arena.tables[table].entry[index]);
}

}  // namespace walkrace

#endif  // WALKRACE_MACHINE_ARENA_H_
