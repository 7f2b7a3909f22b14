// The swap device: see kernel/swap.h.
#include "kernel/swap.h"

#include "base/check.h"
#include "kernel/page_ref.h"
#include "machine/arena.h"
#include "machine/swap_state.h"
#include "machine/touched.h"

namespace walkrace {
namespace {

bool reclaim_begun = false;
bool rmap_walks_begun = false;
bool file_collapse_begun = false;

}  // namespace

void ResetSwap() { reclaim_begun = rmap_walks_begun = file_collapse_begun = false; }

}  // namespace walkrace

using namespace walkrace;

extern "C" {

uint64_t* wr_swap_map(unsigned long slot) {
  WR_CHECK(slot < WR_SWAP_SLOTS);
  return &arena.swap_map[slot];
}

uint64_t* wr_swap_cache(unsigned long slot) {
  WR_CHECK(slot < WR_SWAP_SLOTS);
  return &arena.swap_cache[slot];
}

unsigned long wr_page_swap_slot(const struct page* page) {
  unsigned long slot = 0;
  TouchWords(arena.swap_cache, WR_SWAP_SLOTS, Touched::kRead);
  while (slot < WR_SWAP_SLOTS && arena.swap_cache[slot] != page_to_pfn(page)) ++slot;
  return slot;
}

void wr_swap_write(unsigned long slot, const struct page* page, const wr_site* site) {
  const uint64_t content = wr_load(&arena.content[page_to_pfn(page)], 8, WR_PLAIN, WR_USER, site);
  TouchWords(&arena.swap_content[slot], 1, Touched::kWrite);
  arena.swap_content[slot] = content;
}

void wr_swap_read(unsigned long slot, struct page* page) {
  TouchWords(&arena.swap_content[slot], 1, Touched::kRead);
  TouchWords(&arena.content[page_to_pfn(page)], 1, Touched::kWrite);
  arena.content[page_to_pfn(page)] = arena.swap_content[slot];
}

void wr_begin_reclaim(void) { reclaim_begun = rmap_walks_begun = true; }
bool wr_reclaim_begun(void) { return reclaim_begun; }
void wr_begin_rmap_walks(void) { rmap_walks_begun = true; }
bool wr_rmap_walks_begun(void) { return rmap_walks_begun; }
void wr_begin_file_collapse(void) {
  wr_begin_reclaim();
  file_collapse_begun = true;
}
bool wr_file_collapse_begun(void) { return file_collapse_begun; }

}  // extern "C"
