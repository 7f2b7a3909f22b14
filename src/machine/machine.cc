#include "machine/machine.h"

#include "base/check.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "kernel/race_detector.h"
#include "kernel/tlb.h"
#include "machine/allocator.h"
#include "machine/arena.h"
#include "machine/tlb_state.h"

namespace walkrace {

Arena arena;

namespace {

Arena initial_arena;
Allocator initial_allocator;
Layout initial_layout;
bool initial_valid = false;

bool five_levels = false;
const Profile* profile = nullptr;
vm_area_struct vma;

// What page n holds at the start: no two pages show the same.
constexpr uint64_t kInitialContent = 100;

uint64_t TableValue(int table) { return (kTablePfnBase + table) << WR_PFN_SHIFT | _PAGE_TABLE; }

void MapHugeRegion(int region, bool writable) {
  const uint16_t pfn = TakeFrames(HPAGE_PMD_ORDER);
  const uint16_t deposited = TakeTable();
  WR_CHECK(pfn != 0 && deposited != 0);
  for (unsigned i = 0; i < HPAGE_PMD_NR; ++i) {
    arena.content[pfn + i] = kInitialContent + region * HPAGE_PMD_NR + i;
  }
  page& head = arena.mem_map[pfn];
  head.flags = 1ul << PG_head | 1ul << PG_anon | 1ul << PG_lru | 1ul << PG_uptodate;
  head._refcount.counter = 1;
  head._mapcount.counter = 1;
  pmd_t pmd = pmd_mkdirty(pfn_pmd_huge(pfn));
  if (writable) pmd = pmd_mkwrite(pmd);
  EntryOf(kPmdTable, region) = pmd_val(pmd);
  arena.pmd_huge_pte[region] = kTablePfnBase + deposited;
}

void MapBasePages(const Layout& layout, int region) {
  int table = 0;
  for (int i = 0; i < kPagesPerRegion; ++i) {
    const int n = region * kPagesPerRegion + i;
    if (layout.pages[n] == PageState::kNone) continue;
    if (table == 0) table = TakeTable();
    const uint16_t pfn = TakeFrames(0);
    WR_CHECK(table != 0 && pfn != 0);
    page& frame = arena.mem_map[pfn];
    frame.flags = 1ul << PG_anon | 1ul << PG_lru | 1ul << PG_uptodate | 1ul << PG_anon_exclusive;
    frame._refcount.counter = 1;
    frame._mapcount.counter = 1;
    arena.content[pfn] = kInitialContent + n;
    pte_t pte = pte_mkdirty(pfn_pte(pfn));
    if (layout.pages[n] == PageState::kWritable) pte = pte_mkwrite(pte);
    EntryOf(table, i) = pte_val(pte);
  }
  if (table != 0) EntryOf(kPmdTable, region) = TableValue(table);
}

void BuildTables(const Layout& layout) {
  const unsigned long address = AddressOfPage(0);
  EntryOf(kPudTable, pud_index(address)) = TableValue(kPmdTable);
  if (layout.levels == 5) {
    EntryOf(kP4dTable, p4d_index(address)) = TableValue(kPudTable);
    EntryOf(kPgdTable, pgd_index(address)) = TableValue(kP4dTable);
  } else {
    EntryOf(kPgdTable, pgd_index(address)) = TableValue(kPudTable);
  }
  for (int region = 0; region < kRegionsMax; ++region) {
    if (layout.huge[region]) {
      MapHugeRegion(region, layout.pages[region * kPagesPerRegion] == PageState::kWritable);
    } else {
      MapBasePages(layout, region);
    }
  }
}

// Huge frames stay huge, so their tails point to their heads for ever.
void BuildCompoundPages() {
  for (unsigned long pfn = kFirstHugeFrame; pfn < kFramesMax; ++pfn) {
    const unsigned long head = pfn - pfn % HPAGE_PMD_NR;
    if (pfn != head) arena.mem_map[pfn].compound_head = head << 1 | 1;
  }
}

void BuildInitialState(const Layout& layout) {
  __builtin_memset_inline(&arena, 0, sizeof(arena));
  ResetAllocator();
  BuildCompoundPages();
  arena.mm.pgd = reinterpret_cast<pgd_t*>(&arena.tables[kPgdTable]);
  BuildTables(layout);
  __builtin_memcpy_inline(&initial_arena, &arena, sizeof(arena));
  initial_allocator = allocator;
  initial_layout = layout;
  initial_valid = true;
}

}  // namespace

void BindMachine(Engine* engine) {
  engine->SetArena(&arena, sizeof(arena));
  BindTlb(engine);
}

void BeginMachine(const Layout& layout, const Profile& active) {
  WR_CHECK(layout.levels == 4 || layout.levels == 5);
  profile = &active;
  five_levels = layout.levels == 5;
  if (initial_valid && layout == initial_layout) {
    // Not memcpy: ThreadSanitizer would count a write by the host over the whole arena.
    __builtin_memcpy_inline(&arena, &initial_arena, sizeof(arena));
    allocator = initial_allocator;
  } else {
    BuildInitialState(layout);
  }
  vma = {&arena.mm, AddressOfPage(0), AddressOfPage(kPagesMax)};
  ResetTlbs();
}

void ForgetRaces() { RaceDetectorForget(&arena, sizeof(arena)); }

const Profile& ActiveProfile() { return *profile; }
mm_struct* MachineMm() { return &arena.mm; }
vm_area_struct* MachineVma() { return &vma; }
unsigned long AddressOfPage(int page) { return kAreaStart + page * kBytesPerPage; }

}  // namespace walkrace

using namespace walkrace;

extern "C" {

bool pgtable_l5_enabled(void) { return five_levels; }

wr_table* wr_pfn_to_table(unsigned long pfn) {
  static wr_table wild;
  const unsigned long index = pfn - kTablePfnBase;
  return index < kTablesMax ? &arena.tables[index] : &wild;
}

unsigned long wr_table_to_pfn(const wr_table* table) {
  return kTablePfnBase + (table - arena.tables);
}

bool pfn_valid(unsigned long pfn) { return pfn >= 1 && pfn < kFramesMax; }

struct page* pfn_to_page(unsigned long pfn) {
  WR_CHECK(pfn < kFramesMax);
  return &arena.mem_map[pfn];
}

unsigned long page_to_pfn(const struct page* page) { return page - arena.mem_map; }

}  // extern "C"
