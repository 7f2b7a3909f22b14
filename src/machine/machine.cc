#include "machine/machine.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "kernel/mm.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "kernel/race_detector.h"
#include "kernel/tlb.h"
#include "kernel/touches.h"
#include "machine/allocator.h"
#include "machine/arena.h"
#include "machine/swap_state.h"
#include "machine/tlb_state.h"
#include "machine/touched.h"
#include "machine/tree.h"

namespace walkrace {

Arena arena;
AreaOfRun area_of_run = {kAreaStart, kPagesMax};

namespace {

Arena initial_arena;
Allocator initial_allocator;
Layout initial_layout;
CpuMms initial_mms;
bool initial_valid = false;

int levels = 4;
bool has_secretmem = false;
bool has_files = false;
enum wr_hugetlb_size hugetlb_size = WR_HUGETLB_PMD;
uint32_t start_number = 0;
const Profile* profile = nullptr;
CpuMms mms;
vm_area_struct vmas[kMmsMax][kRegionsMax];
vm_area_struct initial_vmas[kMmsMax][kRegionsMax];
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

// The same of a large folio as a whole.
void MapWhole(uint16_t pfn) {
  Map(arena.mem_map[pfn], arena.mem_map[pfn]);
  ++arena.entire_mapcount[pfn];
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
  MapWhole(pfn);
  pmd_t pmd = pmd_mkdirty(pfn_pmd_huge(pfn));
  if (writable) pmd = pmd_mkwrite(pmd);
  const int index = PmdIndexOf(region);
  EntryOf(kPmdTable, index) = pmd_val(pmd);
  arena.pmd_huge_pte[0][index] = kTablePfnBase + deposited;
}

// The page that the page cache has at this place, taken there when first asked for.
uint16_t FilePage(address_space& file, int n) {
  unsigned long& slot = file.i_pages[n];
  if (slot != 0) return slot;
  const uint16_t pfn = TakeFrames(0);
  WR_CHECK(pfn != 0);
  page& frame = arena.mem_map[pfn];
  frame.flags = 1ul << PG_lru | 1ul << PG_uptodate;
  frame.mapping = file.mapping;
  frame.index = n;
  frame._refcount.counter = 1;
  arena.content[pfn] = kInitialContent + n;
  slot = pfn;
  return pfn;
}

address_space* FileOf(Backing backing) {
  switch (backing) {
    case Backing::kFile:
      return &arena.file;
    case Backing::kHugetlb:
    case Backing::kHugetlbCont:
    case Backing::kHugetlbPud:
      return &arena.hugetlb_file;
    case Backing::kSecretmem:
      return &arena.secretmem_file;
    case Backing::kDirtyTracked:
      return &arena.tracked_file;
    case Backing::kDax:
      return &arena.dax_file;
    default:
      return nullptr;
  }
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
      case Backing::kSecretmem:
      case Backing::kDirtyTracked:
        pfn = FilePage(*FileOf(backing), first + i);
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

enum wr_hugetlb_size HugetlbSize(const Layout& layout) {
  switch (layout.backing[kRegionsMax - 1]) {
    case Backing::kHugetlbCont:
      return WR_HUGETLB_CONT_PTE;
    case Backing::kHugetlbPud:
      return WR_HUGETLB_PUD;
    default:
      return WR_HUGETLB_PMD;
  }
}

// The page that hugetlb's page cache has: large, not mapped.
uint16_t TakeHugetlbPage() {
  const int first = (kRegionsMax - 1) * kPagesPerRegion;
  const uint16_t pfn = TakeFrames(HPAGE_PMD_ORDER);
  WR_CHECK(pfn != 0);
  page& head = arena.mem_map[pfn];
  head.flags = 1ul << PG_head | 1ul << PG_uptodate | 1ul << PG_hpage_migratable;
  for (int i = 0; i < kPagesPerRegion; ++i) {
    arena.content[pfn + i] = kInitialContent + first + i;
    arena.mem_map[pfn + i].mapping = WR_HUGETLB_MAPPING;
    arena.mem_map[pfn + i].index = i;
  }
  arena.hugetlb_file.i_pages[0] = pfn;
  ++head._refcount.counter;
  return pfn;
}

// By the ptes of a table that each mm has for itself.
void MapHugetlbCont(const Layout& layout, int mm) {
  const int first = (kRegionsMax - 1) * kPagesPerRegion;
  const auto pfn = static_cast<uint16_t>(
      arena.hugetlb_file.i_pages[0] != 0 ? arena.hugetlb_file.i_pages[0] : TakeHugetlbPage());
  MapWhole(pfn);
  const int table = TakeTable();
  WR_CHECK(table != 0);
  for (int i = 0; i < kPagesPerRegion; ++i) {
    pte_t pte = pte_mkdirty(pfn_pte(pfn + i));
    if (layout.pages[first] == PageState::kWritable) pte = pte_mkwrite(pte);
    EntryOf(table, i) = pte_val(pte);
  }
  EntryOf(UpperTable(mm, kPmdTable), PmdIndexOf(kRegionsMax - 1)) = TableValue(table);
}

// By a leaf in the pud table of each mm.
void MapHugetlbPud(const Layout& layout, int mm) {
  const int first = (kRegionsMax - 1) * kPagesPerRegion;
  const auto pfn = static_cast<uint16_t>(
      arena.hugetlb_file.i_pages[0] != 0 ? arena.hugetlb_file.i_pages[0] : TakeHugetlbPage());
  MapWhole(pfn);
  pmd_t leaf = pmd_mkdirty(pfn_pmd_huge(pfn));
  if (layout.pages[first] == PageState::kWritable) leaf = pmd_mkwrite(leaf);
  EntryOf(UpperTable(mm, kPudTable), pud_index(AddressOfAreaPage(first))) = pmd_val(leaf);
}

// One huge page in S0, which every mm uses.
void MapHugetlb(const Layout& layout) {
  const int first = (kRegionsMax - 1) * kPagesPerRegion;
  const uint16_t pfn = TakeHugetlbPage();
  MapWhole(pfn);
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

// Pages of the device, each by itself and idle at one reference, which is the device's.
void TakeDaxPages(int first) {
  const uint16_t pfn = TakeFrames(HPAGE_PMD_ORDER);
  WR_CHECK(pfn != 0);
  for (int i = 0; i < kPagesPerRegion; ++i) {
    page& frame = arena.mem_map[pfn + i];
    frame.compound_head = 0;
    frame.flags = 1ul << PG_uptodate;
    frame.mapping = WR_DAX_MAPPING;
    frame.index = first + i;
    frame._refcount.counter = 1;
    arena.content[pfn + i] = kInitialContent + first + i;
  }
  arena.dax_file.i_pages[0] = pfn;
}

// A mapping of these holds no reference.
void MapDax(const Layout& layout, int region, int mm) {
  const int first = region * kPagesPerRegion;
  if (arena.dax_file.i_pages[0] == 0) TakeDaxPages(first);
  pmd_t pmd = pmd_mkdevmap(pmd_mkdirty(pfn_pmd_huge(arena.dax_file.i_pages[0])));
  if (layout.pages[first] == PageState::kWritable) pmd = pmd_mkwrite(pmd);
  EntryOf(UpperTable(mm, kPmdTable), PmdIndexOf(region)) = pmd_val(pmd);
}

void BuildUpperTables(const Layout& layout, int mm) {
  const unsigned long address = AddressOfAreaPage(mm * kPagesMax);
  arena.mm[mm].id = mm;
  const int top = layout.levels == 3 ? kPudTable : kPgdTable;
  arena.mm[mm].pgd = reinterpret_cast<pgd_t*>(&arena.tables[UpperTable(mm, top)]);
  const auto link = [&](int level, int index, int below) {
    EntryOf(UpperTable(mm, level), index) = TableValue(UpperTable(mm, below));
  };
  link(kPudTable, pud_index(address), kPmdTable);
  if (layout.levels == 5) {
    link(kP4dTable, p4d_index(address), kPudTable);
    link(kPgdTable, pgd_index(address), kP4dTable);
  } else if (layout.levels == 4) {
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
  std::memset(&arena, 0, sizeof(arena));
  arena.file.mapping = WR_FILE_MAPPING;
  arena.hugetlb_file.mapping = WR_HUGETLB_MAPPING;
  arena.secretmem_file.mapping = WR_SECRETMEM_MAPPING;
  arena.tracked_file.mapping = WR_TRACKED_MAPPING;
  arena.dax_file.mapping = WR_DAX_MAPPING;
  ResetAllocator();
  BuildCompoundPages();
  for (int mm = 0; mm < kMmsMax; ++mm) BuildUpperTables(layout, mm);
  for (int mm = 0; mm < mms.mm_count; ++mm) {
    for (int region = 0; region < kRegionsMax; ++region) {
      if (layout.backing[region] == Backing::kHugetlb) continue;
      if (mm != 0 && FileOf(layout.backing[region]) == nullptr) continue;
      if (layout.backing[region] == Backing::kDax) {
        MapDax(layout, region, mm);
      } else if (layout.backing[region] == Backing::kHugetlbCont) {
        MapHugetlbCont(layout, mm);
      } else if (layout.backing[region] == Backing::kHugetlbPud) {
        MapHugetlbPud(layout, mm);
      } else if (layout.huge[region]) {
        MapHugeRegion(region, layout.pages[region * kPagesPerRegion] == PageState::kWritable);
      } else {
        MapByPtes(layout, region, mm);
      }
    }
  }
  if (HasHugetlb(layout)) MapHugetlb(layout);
  std::memcpy(&initial_arena, &arena, sizeof(arena));
  std::memcpy(initial_vmas, vmas, sizeof(vmas));
  initial_allocator = allocator;
  initial_layout = layout;
  initial_mms = mms;
  initial_valid = true;
  ++start_number;
  ForgetWays();
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
  WR_CHECK(layout.levels >= 3 && layout.levels <= 5);
  WR_CHECK(cpu_mms.mm_count >= 1 && cpu_mms.mm_count <= kMmsMax);
  profile = &active;
  mms = cpu_mms;
  area_of_run.pages = mms.mm_count * kPagesMax;
  if (initial_valid && layout == initial_layout && mms == initial_mms) {
    std::memcpy(&arena, &initial_arena, sizeof(arena));
    std::memcpy(vmas, initial_vmas, sizeof(vmas));
    allocator = initial_allocator;
  } else {
    levels = layout.levels;
    const auto has = [&layout](auto test) {
      return std::any_of(std::begin(layout.backing), std::end(layout.backing), test);
    };
    has_secretmem = has([](Backing backing) { return backing == Backing::kSecretmem; });
    has_files = has([](Backing backing) { return FileOf(backing) != nullptr; });
    hugetlb_size = HugetlbSize(layout);
    const bool own_pud = HasHugetlb(layout) || hugetlb_size == WR_HUGETLB_PUD;
    area_of_run.start = own_pud ? kAreaStartOfHugetlb : kAreaStart;
    BuildVmas(layout);
    BuildInitialState(layout);
  }
  ResetTlbs();
  ResetSwap();
  ResetTasks(cpu_mms);
  if (ActiveTree() != nullptr) BeginTree(cpu_mms);
}

void ForgetRaces() { RaceDetectorForget(&arena, sizeof(arena)); }

const Profile& ActiveProfile() { return *profile; }
mm_struct* MachineMm(int mm) { return &arena.mm[mm]; }
unsigned long AddressOfPage(int page) { return AddressOfAreaPage(page); }
uint32_t StartNumber() { return start_number; }
bool HasFiles() { return has_files; }

}  // namespace walkrace

using namespace walkrace;

extern "C" {

bool pgtable_l5_enabled(void) { return levels == 5; }
bool pgtable_pud_folded(void) { return levels == 3; }
bool pgtable_folds_at_run_time(void) { return profile->folds_at_run_time; }

const unsigned long* wr_behind_local(unsigned n) {
  WR_CHECK(n < kEntriesPerTable);
  return &arena.stack.entry[n];
}

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

void wr_huge_rmap(struct page* page, int change) {
  arena.entire_mapcount[page_to_pfn(page)] += change;
}

struct folio* wr_folio_of_held(const struct page* page) {
  TouchWords(&page->compound_head, 1, Touched::kRead);
  return reinterpret_cast<folio*>(&arena.mem_map[CountsOf(page_to_pfn(page)).head]);
}

uint64_t* wr_word(enum wr_word which) { return &arena.words[which]; }
struct kvm* wr_kvm_of(const mm_struct* mm) { return &arena.kvms[mm->id]; }
bool wr_kvm_is_registered(const mm_struct* mm) {
  TouchWords(&arena.kvms[mm->id].registered, 1, Touched::kRead);
  return arena.kvms[mm->id].registered != 0;
}
void wr_kvm_register(const mm_struct* mm) {
  TouchWords(&arena.kvms[mm->id].registered, 1, Touched::kWrite);
  arena.kvms[mm->id].registered = 1;
}

static_assert(WR_GUEST_PAGES == kPagesMax);
unsigned long* wr_spte_of(const mm_struct* mm, unsigned long address) {
  const int page = AreaPage(address);
  WR_CHECK(page >= 0);
  return &arena.kvms[mm->id].spte[page % kPagesMax];
}

address_space* wr_hugetlb_file(void) { return &arena.hugetlb_file; }
enum wr_hugetlb_size wr_hugetlb_size(void) { return hugetlb_size; }

atomic_t* wr_pmd_shares(const wr_table* table) {
  const auto index = table - arena.tables - kFirstHugetlbTable;
  WR_CHECK(index >= 0 && index < 2);
  return &arena.pmd_shares[index];
}

wr_table* wr_hugetlb_table(int n) { return &arena.tables[kFirstHugetlbTable + n]; }

address_space* wr_file(void) { return &arena.file; }
address_space* wr_secretmem_file(void) { return &arena.secretmem_file; }
address_space* wr_tracked_file(void) { return &arena.tracked_file; }
address_space* wr_dax_file(void) { return &arena.dax_file; }
bool wr_has_secretmem(void) { return has_secretmem; }
anon_vma* wr_root_anon_vma(void) { return &arena.root_anon_vma; }

mm_struct* wr_current_mm(void) { return &arena.mm[mms.of_cpu[MachineEngine().current()]]; }

mm_struct* wr_other_mm(mm_struct* mm) {
  return mms.mm_count == kMmsMax ? &arena.mm[1 - mm->id] : nullptr;
}

void wr_vma_changes(void) { TouchObject(kVmas, Touched::kWrite); }

vm_area_struct* find_vma(mm_struct* mm, unsigned long address) {
  TouchObject(kVmas, Touched::kRead);
  for (vm_area_struct& vma : vmas[mm->id]) {
    if (address >= vma.vm_start && address < vma.vm_end) return &vma;
  }
  return nullptr;
}

vm_area_struct* wr_next_vma(mm_struct* mm, vm_area_struct* vma) {
  TouchObject(kVmas, Touched::kRead);
  vm_area_struct* next = vma == nullptr ? vmas[mm->id] : vma + 1;
  return next == vmas[mm->id] + kRegionsMax ? nullptr : next;
}

vm_area_struct* wr_next_rmap(address_space* file, unsigned long index, vm_area_struct* vma) {
  TouchObject(kVmas, Touched::kRead);
  vm_area_struct* next = vma == nullptr ? &vmas[0][0] : vma + 1;
  for (; next != vmas_end && next->vm_mm->id < mms.mm_count; ++next) {
    const unsigned long pages = (next->vm_end - next->vm_start) >> PAGE_SHIFT;
    if (next->vm_file == file && !next->unlinked && index - next->vm_pgoff < pages) return next;
  }
  return nullptr;
}

struct wr_rmap_addresses wr_rmap_addresses_of(const struct page* page) {
  struct wr_rmap_addresses addresses = {{}, 0};
  address_space* file = nullptr;  // of anonymous memory
  TouchWords(&page->mapping, 1, Touched::kRead);
  TouchWords(&page->index, 1, Touched::kRead);
  for (address_space* one : {&arena.file, &arena.tracked_file, &arena.dax_file}) {
    if (one->mapping == page->mapping) file = one;
  }
  for (vm_area_struct* vma = wr_next_rmap(file, page->index, nullptr); vma != nullptr;
       vma = wr_next_rmap(file, page->index, vma)) {
    addresses.address[addresses.nr++] = vma_address(vma, page->index);
  }
  return addresses;
}

}  // extern "C"
