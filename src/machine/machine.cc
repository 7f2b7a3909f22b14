#include "machine/machine.h"

#include "base/check.h"
#include "kernel/mm.h"
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
CpuMms initial_mms;
bool initial_valid = false;

bool five_levels = false;
uint64_t area_start = kAreaStart;
const Profile* profile = nullptr;
CpuMms mms;
vm_area_struct vmas[kMmsMax][kRegionsMax];
vm_area_struct* const vmas_end = &vmas[0][0] + kMmsMax * kRegionsMax;

// What page n holds at the start: no two pages show the same.
constexpr uint64_t kInitialContent = 100;

// Of the pmd table that holds the region: the area may begin anywhere in it.
int PmdIndexOf(int region) {
  return static_cast<int>(pmd_index(AddressOfAreaPage(region * kPagesPerRegion)));
}

int UpperTable(int mm, int level) { return mm * kUpperTables + level; }

uint64_t TableValue(int table) { return wr_pfn_bits(kTablePfnBase + table) | _PAGE_TABLE; }

// One more mapping of a page, which holds a reference.
void Map(page& head, page& mapped) {
  ++head._refcount.counter;
  ++mapped._mapcount.counter;
}

// Frames for the pages of a region from page n of the area on, with their content; no reference.
uint16_t TakeAnonFrames(int n, unsigned order) {
  const uint16_t pfn = TakeFrames(order);
  WR_CHECK(pfn != 0);
  for (int i = 0; i < 1 << order; ++i) {
    page& frame = arena.mem_map[pfn + i];
    arena.content[pfn + i] = kInitialContent + n + i;
    frame.flags = 1ul << PG_anon_exclusive;
    frame.mapping = PAGE_MAPPING_ANON;
    frame.index = n + i;
  }
  page& head = arena.mem_map[pfn];
  head.flags |= 1ul << PG_anon | 1ul << PG_lru | 1ul << PG_uptodate | 1ul << PG_swapbacked;
  if (order != 0) head.flags |= 1ul << PG_head;
  return pfn;
}

void MapHugeRegion(int region, bool writable) {
  const uint16_t pfn = TakeAnonFrames(region * kPagesPerRegion, HPAGE_PMD_ORDER);
  const uint16_t deposited = TakeTable();
  WR_CHECK(deposited != 0);
  Map(arena.mem_map[pfn], arena.mem_map[pfn]);
  pmd_t pmd = pmd_mkdirty(pfn_pmd_huge(pfn));
  if (writable) pmd = pmd_mkwrite(pmd);
  const int index = PmdIndexOf(region);
  EntryOf(kPmdTable, index) = pmd_val(pmd);
  arena.pmd_huge_pte[0][index] = kTablePfnBase + deposited;
}

// The page that the page cache has at this place, taken there when first asked for.
uint16_t FilePage(int n) {
  unsigned long& slot = arena.file.i_pages[n];
  if (slot != 0) return slot;
  const uint16_t pfn = TakeFrames(0);
  WR_CHECK(pfn != 0);
  page& frame = arena.mem_map[pfn];
  frame.flags = 1ul << PG_lru | 1ul << PG_uptodate;
  frame.mapping = WR_FILE_MAPPING;
  frame.index = n;
  frame._refcount.counter = 1;
  arena.content[pfn] = kInitialContent + n;
  slot = pfn;
  return pfn;
}

void MapByPtes(const Layout& layout, int region, int mm) {
  const Backing backing = layout.backing[region];
  const int first = region * kPagesPerRegion;
  int table = 0;
  uint16_t compound = 0;
  for (int i = 0; i < kPagesPerRegion; ++i) {
    const PageState state = layout.pages[first + i];
    if (state == PageState::kNone) continue;
    if (table == 0) table = TakeTable();
    WR_CHECK(table != 0);
    uint16_t pfn = 0;
    switch (backing) {
      case Backing::kFile:
        pfn = FilePage(first + i);
        break;
      case Backing::kCompound:
        if (compound == 0) compound = TakeAnonFrames(first, HPAGE_PMD_ORDER);
        pfn = compound + i;
        break;
      default:
        pfn = TakeAnonFrames(first + i, 0);
        break;
    }
    Map(arena.mem_map[compound != 0 ? compound : pfn], arena.mem_map[pfn]);
    pte_t pte = pte_mkdirty(pfn_pte(pfn));
    if (state == PageState::kWritable) pte = pte_mkwrite(pte);
    EntryOf(table, i) = pte_val(pte);
  }
  if (table != 0) EntryOf(UpperTable(mm, kPmdTable), PmdIndexOf(region)) = TableValue(table);
}

bool HasHugetlb(const Layout& layout) {
  return layout.backing[kRegionsMax - 1] == Backing::kHugetlb;
}

// One huge page in S0, which every mm uses.
void MapHugetlb(const Layout& layout) {
  const int first = (kRegionsMax - 1) * kPagesPerRegion;
  const uint16_t pfn = TakeFrames(HPAGE_PMD_ORDER);
  WR_CHECK(pfn != 0);
  page& head = arena.mem_map[pfn];
  head.flags = 1ul << PG_head | 1ul << PG_uptodate;
  for (int i = 0; i < kPagesPerRegion; ++i) {
    arena.content[pfn + i] = kInitialContent + first + i;
    arena.mem_map[pfn + i].mapping = WR_FILE_MAPPING;
    arena.mem_map[pfn + i].index = i;
  }
  arena.hugetlb_file.i_pages[0] = pfn;
  ++head._refcount.counter;
  Map(head, head);
  const int table = TakePmdTable();
  WR_CHECK(table == kFirstHugetlbTable);
  pmd_t pmd = pmd_mkdirty(pfn_pmd_huge(pfn));
  if (layout.pages[first] == PageState::kWritable) pmd = pmd_mkwrite(pmd);
  const unsigned long address = AddressOfAreaPage(first);
  EntryOf(table, pmd_index(address)) = pmd_val(pmd);
  arena.pmd_shares[0].counter = mms.mm_count;
  for (int mm = 0; mm < mms.mm_count; ++mm) {
    EntryOf(UpperTable(mm, kPudTable), pud_index(address)) = TableValue(table);
  }
}

void BuildUpperTables(const Layout& layout, int mm) {
  const unsigned long address = AddressOfAreaPage(mm * kPagesMax);
  arena.mm[mm].id = mm;
  arena.mm[mm].pgd = reinterpret_cast<pgd_t*>(&arena.tables[UpperTable(mm, kPgdTable)]);
  const auto link = [&](int level, int index, int below) {
    EntryOf(UpperTable(mm, level), index) = TableValue(UpperTable(mm, below));
  };
  link(kPudTable, pud_index(address), kPmdTable);
  if (layout.levels == 5) {
    link(kP4dTable, p4d_index(address), kPudTable);
    link(kPgdTable, pgd_index(address), kP4dTable);
  } else {
    link(kPgdTable, pgd_index(address), kPudTable);
  }
}

// Huge frames' tails point to their heads until they are split.
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
  for (int mm = 0; mm < kMmsMax; ++mm) BuildUpperTables(layout, mm);
  for (int mm = 0; mm < mms.mm_count; ++mm) {
    for (int region = 0; region < kRegionsMax; ++region) {
      if (layout.backing[region] == Backing::kHugetlb) continue;
      if (mm != 0 && layout.backing[region] != Backing::kFile) continue;
      if (layout.huge[region]) {
        MapHugeRegion(region, layout.pages[region * kPagesPerRegion] == PageState::kWritable);
      } else {
        MapByPtes(layout, region, mm);
      }
    }
  }
  if (HasHugetlb(layout)) MapHugetlb(layout);
  __builtin_memcpy_inline(&initial_arena, &arena, sizeof(arena));
  initial_allocator = allocator;
  initial_layout = layout;
  initial_mms = mms;
  initial_valid = true;
}

address_space* FileOf(Backing backing) {
  switch (backing) {
    case Backing::kFile:
      return &arena.file;
    case Backing::kHugetlb:
      return &arena.hugetlb_file;
    default:
      return nullptr;
  }
}

void BuildVmas(const Layout& layout) {
  for (int mm = 0; mm < kMmsMax; ++mm) {
    for (int region = 0; region < kRegionsMax; ++region) {
      const unsigned long start = AddressOfAreaPage(mm * kPagesMax + region * kPagesPerRegion);
      vmas[mm][region] = {&arena.mm[mm],
                          start,
                          start + kPagesPerRegion * PAGE_SIZE,
                          static_cast<unsigned long>(region) * kPagesPerRegion,
                          FileOf(layout.backing[region]),
                          false};
    }
  }
}

}  // namespace

void BindMachine(Engine* engine) {
  engine->SetArena(&arena, sizeof(arena));
  BindTlb(engine);
}

void BeginMachine(const Layout& layout, const CpuMms& cpu_mms, const Profile& active) {
  WR_CHECK(layout.levels == 4 || layout.levels == 5);
  WR_CHECK(cpu_mms.mm_count >= 1 && cpu_mms.mm_count <= kMmsMax);
  profile = &active;
  mms = cpu_mms;
  five_levels = layout.levels == 5;
  area_start = HasHugetlb(layout) ? kAreaStartOfHugetlb : kAreaStart;
  BuildVmas(layout);
  if (initial_valid && layout == initial_layout && mms == initial_mms) {
    // Not memcpy: ThreadSanitizer would count a write by the host over the whole arena.
    __builtin_memcpy_inline(&arena, &initial_arena, sizeof(arena));
    allocator = initial_allocator;
  } else {
    BuildInitialState(layout);
  }
  ResetTlbs();
  ResetTasks(cpu_mms);
}

void ForgetRaces() { RaceDetectorForget(&arena, sizeof(arena)); }

const Profile& ActiveProfile() { return *profile; }
mm_struct* MachineMm(int mm) { return &arena.mm[mm]; }
unsigned long AddressOfPage(int page) { return AddressOfAreaPage(page); }
uint64_t AreaStart() { return area_start; }
int AreaPagesInUse() { return mms.mm_count * kPagesMax; }

}  // namespace walkrace

using namespace walkrace;

extern "C" {

bool pgtable_l5_enabled(void) { return five_levels; }

wr_table* wr_pfn_to_table(unsigned long pfn) {
  const unsigned long index = pfn - kTablePfnBase;
  return index < kTablesMax ? &arena.tables[index] : &arena.wild;
}

unsigned long wr_table_to_pfn(const wr_table* table) {
  // What is no table (the wild one) is physical page 0.
  const auto index = static_cast<unsigned long>(table - arena.tables);
  return index < kTablesMax ? kTablePfnBase + index : 0;
}

bool pfn_valid(unsigned long pfn) { return pfn >= 1 && pfn < kFramesMax; }

struct page* pfn_to_page(unsigned long pfn) {
  WR_CHECK(pfn < kFramesMax);
  return &arena.mem_map[pfn];
}

unsigned long page_to_pfn(const struct page* page) { return page - arena.mem_map; }

struct folio* wr_folio_of_held(const struct page* page) {
  return reinterpret_cast<folio*>(&arena.mem_map[CountsOf(page_to_pfn(page)).head]);
}

uint64_t* wr_word(enum wr_word which) { return &arena.words[which]; }
struct kvm* wr_kvm_of(const mm_struct* mm) { return &arena.kvms[mm->id]; }
bool wr_kvm_is_registered(const mm_struct* mm) { return arena.kvms[mm->id].registered != 0; }

static_assert(WR_GUEST_PAGES == kPagesMax);
unsigned long* wr_spte_of(const mm_struct* mm, unsigned long address) {
  const int page = AreaPage(address);
  WR_CHECK(page >= 0);
  return &arena.kvms[mm->id].spte[page % kPagesMax];
}

address_space* wr_hugetlb_file(void) { return &arena.hugetlb_file; }

atomic_t* wr_pmd_shares(const wr_table* table) {
  const auto index = table - arena.tables - kFirstHugetlbTable;
  WR_CHECK(index >= 0 && index < 2);
  return &arena.pmd_shares[index];
}

wr_table* wr_hugetlb_table(int n) { return &arena.tables[kFirstHugetlbTable + n]; }

address_space* wr_file(void) { return &arena.file; }
anon_vma* wr_root_anon_vma(void) { return &arena.root_anon_vma; }

mm_struct* wr_current_mm(void) { return &arena.mm[mms.of_cpu[MachineEngine().current()]]; }

mm_struct* wr_other_mm(mm_struct* mm) {
  return mms.mm_count == kMmsMax ? &arena.mm[1 - mm->id] : nullptr;
}

vm_area_struct* find_vma(mm_struct* mm, unsigned long address) {
  for (vm_area_struct& vma : vmas[mm->id]) {
    if (address >= vma.vm_start && address < vma.vm_end) return &vma;
  }
  return nullptr;
}

vm_area_struct* wr_next_vma(mm_struct* mm, vm_area_struct* vma) {
  vm_area_struct* next = vma == nullptr ? vmas[mm->id] : vma + 1;
  return next == vmas[mm->id] + kRegionsMax ? nullptr : next;
}

vm_area_struct* wr_next_rmap(address_space* file, unsigned long index, vm_area_struct* vma) {
  vm_area_struct* next = vma == nullptr ? &vmas[0][0] : vma + 1;
  for (; next != vmas_end && next->vm_mm->id < mms.mm_count; ++next) {
    const unsigned long pages = (next->vm_end - next->vm_start) >> PAGE_SHIFT;
    if (next->vm_file == file && !next->unlinked && index - next->vm_pgoff < pages) return next;
  }
  return nullptr;
}

}  // extern "C"
