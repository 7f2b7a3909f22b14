#include "machine/touched.h"

#include "machine/arena.h"
#include "machine/tlb_state.h"

namespace walkrace {
namespace {

void AddWords(const void* first, int words, Footprint* footprint) {
  const LocationId location = MachineEngine().LocationOf(first);
  for (int i = 0; i < words; ++i) footprint->Add(location + i, Touched::kRead);
}

}  // namespace

void TouchObject(uint32_t object, Touched how) { MachineEngine().Touch(object, how); }

void TouchWords(const void* first, int words, Touched how) {
  Engine& engine = MachineEngine();
  if (!engine.collects_touches()) return;
  for (int i = 0; i < words; ++i) engine.TouchMemory(static_cast<const uint64_t*>(first) + i, how);
}

void TouchWay(int page) {
  if (!MachineEngine().collects_touches()) return;
  const WalkedEntries entries = EntriesOnTheWay(page);
  for (int i = 0; i < entries.count; ++i) TouchObject(entries.location[i], Touched::kRead);
}

FrameBlock BlockOf(uint16_t pfn) {
  if (pfn < kFirstHugeFrame) return {pfn, 1};
  return {static_cast<uint16_t>(pfn - (pfn - kFirstHugeFrame) % HPAGE_PMD_NR), HPAGE_PMD_NR};
}

void AddWay(int page, Footprint* footprint) {
  const WalkedEntries entries = EntriesOnTheWay(page);
  for (int i = 0; i < entries.count; ++i) footprint->Add(entries.location[i], Touched::kRead);
}

void AddFileSlots(Footprint* footprint) {
  if (!HasFiles()) return;
  for (const address_space* file : {&arena.file, &arena.secretmem_file, &arena.tracked_file,
                                    &arena.hugetlb_file, &arena.dax_file}) {
    AddWords(file->i_pages, WR_FILE_PAGES, footprint);
  }
}

void AddSwapCache(Footprint* footprint) { AddWords(arena.swap_cache, WR_SWAP_SLOTS, footprint); }

void AddFolio(uint16_t pfn, Footprint* footprint) {
  for (const uint16_t frame : {pfn, BlockOf(pfn).first}) {
    AddWords(&arena.mem_map[frame].compound_head, 1, footprint);
    AddWords(&arena.mem_map[frame].mapping, 1, footprint);
  }
}

}  // namespace walkrace
