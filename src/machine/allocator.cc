#include "machine/allocator.h"

#include "base/check.h"
#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "kernel/primitives.h"
#include "kernel/runtime.h"
#include "kernel/tlb.h"
#include "machine/touched.h"

namespace walkrace {

Allocator allocator;

namespace {

// Nobody reads freed content without its being seen as such.
constexpr uint64_t kFreedContent = 0xdeadbeefdeadbeef;
// Not present, and no value that a walker could take for an entry.
constexpr unsigned long kPoisonedEntry = 0xdeaddeaddeadd000ul;

// What was done with a frame or table before it was freed is done before it is taken again: the
// allocator's lock orders the two. Of a huge block, which is freed and taken as a whole: the first
// frame's.
uint64_t frame_edge[kFramesMax];
uint64_t table_edge[kTablesMax];

// Of the folio whose head this is: frames of a huge folio that was split are base pages.
unsigned OrderOf(uint16_t head) {
  return (arena.mem_map[head].flags & 1ul << PG_head) != 0 ? HPAGE_PMD_ORDER : 0;
}

// What a page says of itself, and what it holds.
void TouchPages(uint16_t pfn, unsigned order, Touched how) {
  for (unsigned i = 0; i < 1u << order; ++i) {
    const page& frame = arena.mem_map[pfn + i];
    TouchWords(&frame.flags, 1, how);
    TouchWords(&frame.mapping, 1, how);
    TouchWords(&frame.index, 1, how);
  }
  TouchWords(&arena.content[pfn], 1 << order, how);
}

void SetFree(uint16_t pfn, unsigned order, bool free) {
  for (unsigned i = 0; i < 1u << order; ++i) allocator.frame_free[pfn + i] = free;
}

}  // namespace

void ResetAllocator() {
  allocator.base_frames.clear();
  allocator.huge_frames.clear();
  allocator.tables.clear();
  allocator.pmd_tables.clear();
  for (bool& free : allocator.frame_free) free = true;
  // Pushed from the top, so that low numbers are taken first.
  for (int pfn = kFirstHugeFrame - 1; pfn >= 1; --pfn) {
    WR_CHECK(allocator.base_frames.push_back(pfn));
  }
  for (int pfn = kFramesMax - HPAGE_PMD_NR; pfn >= kFirstHugeFrame; pfn -= HPAGE_PMD_NR) {
    WR_CHECK(allocator.huge_frames.push_back(pfn));
  }
  for (int table = kTablesMax - 1; table >= kFirstPteTable; --table) {
    WR_CHECK(allocator.tables.push_back(table));
  }
  for (int table = kFirstPteTable - 1; table >= kFirstHugetlbTable; --table) {
    WR_CHECK(allocator.pmd_tables.push_back(table));
  }
}

uint16_t TakeFrames(unsigned order) {
  TouchObject(kFreeFrames + order, Touched::kWrite);
  auto& list = order == 0 ? allocator.base_frames : allocator.huge_frames;
  if (list.empty()) return 0;
  const uint16_t pfn = list.back();
  list.pop_back();
  SetFree(pfn, order, false);
  OrderAcquire(&frame_edge[pfn]);
  return pfn;
}

uint16_t TakeTable() {
  TouchObject(kFreeTables, Touched::kWrite);
  if (allocator.tables.empty()) return 0;
  const uint16_t table = allocator.tables.back();
  allocator.tables.pop_back();
  OrderAcquire(&table_edge[table]);
  return table;
}

uint16_t TakePmdTable() {
  TouchObject(kFreePmdTables, Touched::kWrite);
  if (allocator.pmd_tables.empty()) return 0;
  const uint16_t table = allocator.pmd_tables.back();
  allocator.pmd_tables.pop_back();
  OrderAcquire(&table_edge[table]);
  return table;
}

}  // namespace walkrace

using namespace walkrace;

extern "C" {

struct folio* wr_folio_alloc(unsigned order, const wr_site* site) {
  const uint16_t pfn = TakeFrames(order);
  if (pfn == 0) return nullptr;
  for (unsigned i = 0; i < 1u << order; ++i) arena.content[pfn + i] = 0;
  page* head = &arena.mem_map[pfn];
  head->flags = order == 0 ? 0 : 1ul << PG_head;
  for (unsigned i = 0; i < 1u << order; ++i) head[i].mapping = head[i].index = 0;
  TouchPages(pfn, order, Touched::kWrite);
  wr_note(WR_NOTE_FOLIO_ALLOC, &head->_refcount, pfn, order, site);
  // set_page_refcounted: speculative references may have been tried meanwhile.
  wr_store(&head->_refcount.counter, sizeof(head->_refcount.counter), 1, WR_RELAXED, WR_DATA, site);
  return reinterpret_cast<folio*>(head);
}

void wr_page_set_mapping(struct page* page, unsigned long mapping, unsigned long index) {
  const unsigned order = OrderOf(page_to_pfn(page));
  const unsigned pages = 1u << order;
  TouchPages(page_to_pfn(page), order, Touched::kWrite);
  for (unsigned i = 0; i < pages; ++i) {
    page[i].mapping = mapping;
    page[i].index = index + i;
    const unsigned long exclusive = 1ul << PG_anon_exclusive;
    page[i].flags &= ~exclusive;
    if ((mapping & PAGE_MAPPING_ANON) != 0) page[i].flags |= exclusive | 1ul << PG_swapbacked;
  }
}

void wr_page_move_mapping(struct page* to, const struct page* from) {
  const unsigned order = OrderOf(page_to_pfn(to));
  const unsigned pages = 1u << order;
  TouchPages(page_to_pfn(to), order, Touched::kWrite);
  TouchPages(page_to_pfn(from), order, Touched::kRead);
  for (unsigned i = 0; i < pages; ++i) {
    to[i].mapping = from[i].mapping;
    to[i].index = from[i].index;
    to[i].flags |= from->flags & 1ul << PG_swapbacked;
  }
}

void wr_folio_free(struct folio* folio, const wr_site* site) {
  const uint16_t pfn = page_to_pfn(&folio->page);
  const unsigned order = OrderOf(pfn);
  // A count that was wrongly raised from zero comes back to zero here a second time; the oracle
  // has seen that already. The lists stay sound all the same.
  TouchWords(&folio->page.flags, 1, Touched::kRead);
  TouchObject(kFreeFrames + order, Touched::kWrite);
  if (allocator.frame_free[pfn]) return;
  TouchWords(&arena.content[pfn], 1 << order, Touched::kWrite);
  SetFree(pfn, order, true);
  for (unsigned i = 0; i < 1u << order; ++i) arena.content[pfn + i] = kFreedContent;
  OrderRelease(&frame_edge[pfn]);
  auto& list = order == 0 ? allocator.base_frames : allocator.huge_frames;
  WR_CHECK(list.push_back(pfn));
  wr_note(WR_NOTE_FOLIO_FREE, &folio->page._refcount, pfn, order, site);
}

unsigned long folio_nr_pages(const struct folio* folio) {
  TouchWords(&folio->page.flags, 1, Touched::kRead);
  return 1ul << OrderOf(page_to_pfn(&folio->page));
}

pgtable_t wr_pte_alloc_one(const wr_site* site) {
  const uint16_t index = TakeTable();
  if (index == 0) return nullptr;
  wr_table* table = &arena.tables[index];
  for (unsigned long& entry : table->entry) entry = 0;
  TouchWords(table->entry, kEntriesPerTable, Touched::kWrite);
  wr_note(WR_NOTE_TABLE_ALLOC, table, wr_table_to_pfn(table), 0, site);
  return table;
}

// No region but hugetlb's lacks its pmd table.
pgtable_t wr_pmd_alloc_one(const wr_site* site) {
  if (AreaStart() == kAreaStart) return nullptr;
  const uint16_t index = TakePmdTable();
  if (index == 0) return nullptr;
  wr_table* table = &arena.tables[index];
  for (unsigned long& entry : table->entry) entry = 0;
  arena.pmd_shares[index - kFirstHugetlbTable].counter = 1;
  TouchWords(table->entry, kEntriesPerTable, Touched::kWrite);
  TouchWords(&arena.pmd_shares[index - kFirstHugetlbTable], 1, Touched::kWrite);
  wr_note(WR_NOTE_TABLE_ALLOC, table, wr_table_to_pfn(table), 0, site);
  return table;
}

void wr_pmd_free(pgtable_t table, const wr_site* site) {
  TouchObject(kFreePmdTables, Touched::kWrite);
  TouchWords(table->entry, kEntriesPerTable, Touched::kWrite);
  for (unsigned long& entry : table->entry) entry = kPoisonedEntry;
  OrderRelease(&table_edge[table - arena.tables]);
  WR_CHECK(allocator.pmd_tables.push_back(table - arena.tables));
  wr_note(WR_NOTE_TABLE_FREE, table, wr_table_to_pfn(table), 0, site);
}

void wr_pte_free(pgtable_t table, const wr_site* site) {
  TouchObject(kFreeTables, Touched::kWrite);
  TouchWords(table->entry, kEntriesPerTable, Touched::kWrite);
  for (unsigned long& entry : table->entry) entry = kPoisonedEntry;
  OrderRelease(&table_edge[table - arena.tables]);
  WR_CHECK(allocator.tables.push_back(table - arena.tables));
  wr_note(WR_NOTE_TABLE_FREE, table, wr_table_to_pfn(table), 0, site);
}

}  // extern "C"
