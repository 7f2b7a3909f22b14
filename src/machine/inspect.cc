#include "machine/inspect.h"

#include "base/check.h"
#include "kernel/mm.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "machine/allocator.h"
#include "machine/arena.h"
#include "machine/machine.h"
#include "machine/tlb_state.h"
#include "machine/touched.h"

namespace walkrace {
namespace {

constexpr size_t kLocations = sizeof(Arena) / 8;

// Which object each granule of the arena is: made once, at start-up.
struct ObjectTable {
  Object objects[kLocations] = {};

  ObjectTable() {
    for (int table = 0; table < kTablesMax; ++table) {
      for (int i = 0; i < kEntriesPerTable; ++i) {
        Set(&arena.tables[table].entry[i], LevelOf(table), i, table);
      }
      Set(&arena.ptl[table], ObjectKind::kLock, 0, table);
    }
    for (int pfn = 0; pfn < kFramesMax; ++pfn) {
      const page& frame = arena.mem_map[pfn];
      Set(&frame.flags, ObjectKind::kPageFlags, 0, pfn);
      Set(&frame.compound_head, ObjectKind::kCompoundHead, 0, pfn);
      Set(&frame._refcount, ObjectKind::kRefcount, 0, pfn);
      Set(&frame._mapcount, ObjectKind::kMapcount, 0, pfn);
      Set(&frame._pincount, ObjectKind::kPincount, 0, pfn);
      Set(&frame.mapping, ObjectKind::kMapping, 0, pfn);
      Set(&arena.content[pfn], ObjectKind::kContent, 0, pfn);
    }
    for (int mm = 0; mm < kMmsMax; ++mm) {
      Set(&arena.mm[mm].mmap_lock, ObjectKind::kLock, kMmapLock, kNamedLock + mm);
      Set(&arena.mm[mm].page_table_lock, ObjectKind::kLock, kPmdLock, kNamedLock + mm);
      Set(&arena.mm[mm].write_protect_seq, ObjectKind::kSequence, 0, mm);
      for (int i = 0; i < kEntriesPerTable; ++i) {
        Set(&arena.pmd_huge_pte[mm][i], ObjectKind::kDeposit, i, mm);
      }
    }
    Set(&arena.file.i_mmap_rwsem, ObjectKind::kLock, kIMmapLock, kNamedLock);
    Set(&arena.file.invalidate_lock, ObjectKind::kLock, kInodeLock, kNamedLock);
    Set(&arena.root_anon_vma.rwsem, ObjectKind::kLock, kAnonVmaLock, kNamedLock);
    for (int i = 0; i < WR_FILE_PAGES; ++i) {
      Set(&arena.file.i_pages[i], ObjectKind::kFileSlot, i, 0);
      Set(&arena.secretmem_file.i_pages[i], ObjectKind::kFileSlot, i, 1);
      Set(&arena.tracked_file.i_pages[i], ObjectKind::kFileSlot, i, 2);
    }
    Set(&arena.secretmem_file.i_mmap_rwsem, ObjectKind::kLock, kSecretmemLock, kNamedLock);
    Set(&arena.secretmem_file.i_pages_lock, ObjectKind::kLock, kSecretmemPagesLock, kNamedLock);
    Set(&arena.tracked_file.i_mmap_rwsem, ObjectKind::kLock, kTrackedLock, kNamedLock);
    Set(&arena.tracked_file.i_pages_lock, ObjectKind::kLock, kTrackedPagesLock, kNamedLock);
    Set(&arena.hugetlb_file.i_mmap_rwsem, ObjectKind::kLock, kHugetlbLock, kNamedLock);
    Set(&arena.hugetlb_file.i_pages_lock, ObjectKind::kLock, kHugetlbPagesLock, kNamedLock);
    Set(&arena.hugetlb_file.i_pages[0], ObjectKind::kFileSlot, WR_FILE_PAGES, 0);
    Set(&arena.tracked_file.invalidate_lock, ObjectKind::kLock, kTrackedInvalidateLock, kNamedLock);
    Set(&arena.dax_file.i_pages[0], ObjectKind::kFileSlot, WR_FILE_PAGES, 3);
    Set(&arena.dax_file.i_mmap_rwsem, ObjectKind::kLock, kDaxLock, kNamedLock);
    Set(&arena.dax_file.invalidate_lock, ObjectKind::kLock, kDaxInvalidateLock, kNamedLock);
    for (int i = 0; i < 2; ++i) Set(&arena.pmd_shares[i], ObjectKind::kShares, i, 0);
    Set(&arena.file.i_pages_lock, ObjectKind::kLock, kIPagesLock, kNamedLock);
    for (int mm = 0; mm < kMmsMax; ++mm) {
      kvm& kvm = arena.kvms[mm];
      Set(&kvm.mmu_lock, ObjectKind::kLock, kMmuLock, kNamedLock + mm);
      for (int i = 0; i < WR_GUEST_PAGES; ++i) Set(&kvm.spte[i], ObjectKind::kShadow, i, mm);
      Set(&kvm.mmu_invalidate_seq, ObjectKind::kInvalidation, 0, mm);
      Set(&kvm.mmu_invalidate_in_progress, ObjectKind::kInvalidation, 1, mm);
    }
    for (int i = 0; i < WR_WORD_COUNT; ++i) Set(&arena.words[i], ObjectKind::kWord, i, 0);
    for (int i = 0; i < kEntriesPerTable; ++i) {
      Set(&arena.wild.entry[i], ObjectKind::kWild, i, 0);
      Set(&arena.stack.entry[i], ObjectKind::kStack, i, 0);
    }
    for (int i = 0; i < WR_SWAP_SLOTS; ++i) {
      Set(&arena.swap_map[i], ObjectKind::kSwapMap, i, 0);
      Set(&arena.swap_cache[i], ObjectKind::kSwapCache, i, 0);
    }
  }

  // Locks that belong to no table: kNamedLock + mm.
  static constexpr uint16_t kNamedLock = 0x8000;
  enum NamedLock : uint8_t {
    kMmapLock,
    kPmdLock,
    kIMmapLock,
    kAnonVmaLock,
    kIPagesLock,
    kMmuLock,
    kHugetlbLock,
    kSecretmemLock,
    kSecretmemPagesLock,
    kTrackedLock,
    kTrackedPagesLock,
    kDaxLock,
    kDaxInvalidateLock,
    kTrackedInvalidateLock,
    kHugetlbPagesLock,
    kInodeLock
  };

  static ObjectKind LevelOf(int table) {
    if (table >= kFirstPteTable) return ObjectKind::kPte;
    if (table >= kFirstHugetlbTable) return ObjectKind::kPmd;
    switch (table % kUpperTables) {
      case kPgdTable:
        return ObjectKind::kPgd;
      case kP4dTable:
        return ObjectKind::kP4d;
      case kPudTable:
        return ObjectKind::kPud;
      default:
        return ObjectKind::kPmd;
    }
  }

  void Set(const void* address, ObjectKind kind, int index, int frame) {
    const size_t offset = static_cast<const char*>(address) - reinterpret_cast<const char*>(&arena);
    objects[offset / 8] = {kind, static_cast<uint8_t>(index), static_cast<uint16_t>(frame)};
  }
};

const ObjectTable object_table;

bool IsFrame(uint64_t pfn) { return pfn >= 1 && pfn < kFramesMax; }

uint16_t HeadPfn(uint16_t pfn) {
  const unsigned long head = arena.mem_map[pfn].compound_head;
  return (head & 1) != 0 ? head >> 1 : pfn;
}

inline EntryView Decode(ObjectKind level, uint64_t value) {
  if (value == 0) return {EntryView::kNone, false, 0};
  const uint64_t pfn = wr_pfn_of(value);
  const bool writable = (value & _PAGE_RW) != 0;
  if ((value & (_PAGE_PRESENT | _PAGE_PROTNONE)) == 0) {
    const auto frame = static_cast<uint16_t>(pfn);
    if ((value & _PAGE_SWP) == 0) return {EntryView::kOther, false, 0};
    if ((value & _PAGE_SWP_MIGRATION) == 0) return {EntryView::kSwap, false, frame};
    return {IsFrame(pfn) ? EntryView::kMigration : EntryView::kOther, writable, frame};
  }
  if (level == ObjectKind::kPte || (value & _PAGE_PSE) != 0) {
    if (!IsFrame(pfn)) return {EntryView::kOther, false, 0};
    return {EntryView::kLeaf, writable, static_cast<uint16_t>(pfn)};
  }
  if (pfn < kTablePfnBase || pfn >= kTablePfnBase + kTablesMax) {
    return {EntryView::kOther, false, 0};
  }
  return {EntryView::kTable, writable, static_cast<uint16_t>(pfn - kTablePfnBase)};
}

// The table that an entry points to, or -1.
int TableBelow(ObjectKind level, uint64_t value) {
  const EntryView view = Decode(level, value);
  return view.kind == EntryView::kTable ? view.frame : -1;
}

// The way of a walk down to the pmd entry of a region. It is the same as long as the entries on it
// are, and these hardly ever change: it is remembered with their values.
class Way {
 public:
  void Follow(int region) {
    for (int i = 0; i < count_; ++i) {
      if (*entries_[i] != values_[i]) count_ = 0;
    }
    if (count_ == 0) Walk(region * kPagesPerRegion);
  }

  // Null where no table has such an entry.
  uint64_t* pud_entry() const { return pud_; }
  uint64_t* pmd_entry() const { return pmd_; }

  void Forget() { count_ = 0; }

 private:
  void Walk(int page) {
    const unsigned long address = AddressOfAreaPage(page);
    const int first = page / kPagesMax * kUpperTables;
    pud_ = pmd_ = nullptr;
    int table = first + kPudTable;
    if (!pgtable_pud_folded()) {
      table = Below(ObjectKind::kPgd, &EntryOf(first + kPgdTable, pgd_index(address)));
    }
    if (pgtable_l5_enabled() && table >= 0) {
      table = Below(ObjectKind::kP4d, &EntryOf(table, p4d_index(address)));
    }
    if (table < 0) return;
    pud_ = &EntryOf(table, pud_index(address));
    table = Below(ObjectKind::kPud, pud_);
    if (table >= 0) pmd_ = &EntryOf(table, pmd_index(address));
  }

  // Returns the table below, or -1.
  int Below(ObjectKind level, const uint64_t* entry) {
    entries_[count_] = entry;
    values_[count_] = *entry;
    return TableBelow(level, values_[count_++]);
  }

  static constexpr int kLevelsMax = 3;  // above the pmd

  int count_ = 0;
  const uint64_t* entries_[kLevelsMax] = {};
  uint64_t values_[kLevelsMax] = {};
  uint64_t* pud_ = nullptr;
  uint64_t* pmd_ = nullptr;
};

Way ways[kMmsMax * kRegionsMax];

struct Leaf {
  EntryView view;
  bool huge;
  bool software_only;  // the hardware takes a fault
  bool clean;          // a write must first set the dirty bit
  uint64_t* entry;
};

// What stands above the ptes of a region, as memory has it now: the entry in its pmd table, or
// where the pud's links to none, that.
struct Upper {
  EntryView view;
  ObjectKind level;
  uint64_t value;
  uint64_t* entry;  // null: not even a pud's
};

inline Upper UpperOf(int region) {
  Way& way = ways[region];
  way.Follow(region);
  if (way.pud_entry() == nullptr) return {{}, ObjectKind::kPud, 0, nullptr};
  const ObjectKind level = way.pmd_entry() == nullptr ? ObjectKind::kPud : ObjectKind::kPmd;
  uint64_t* const entry = level == ObjectKind::kPud ? way.pud_entry() : way.pmd_entry();
  return {Decode(level, *entry), level, *entry, entry};
}

// The entry that translates an area page of the region, as memory has it now; a huge one's frame
// is the page's.
inline Leaf LeafIn(const Upper& upper, int page) {
  constexpr Leaf kNothing = {{EntryView::kNone, false, 0}, false, false, false, nullptr};
  constexpr uint64_t kSoftwareOnly = _PAGE_PROTNONE | _PAGE_INVALID;
  if (upper.entry == nullptr) return kNothing;
  // A region begins where a pte table does.
  const int index = page % kPagesPerRegion;
  if (upper.view.kind == EntryView::kTable && upper.level == ObjectKind::kPmd) {
    uint64_t& pte = EntryOf(upper.view.frame, index);
    return {Decode(ObjectKind::kPte, pte), false, ((upper.value | pte) & kSoftwareOnly) != 0,
            (pte & _PAGE_DIRTY) == 0, &pte};
  }
  EntryView view = upper.view;
  view.frame +=
      upper.level == ObjectKind::kPmd ? index : (AddressOfAreaPage(page) & ~PUD_MASK) >> PAGE_SHIFT;
  return {view, true, (upper.value & kSoftwareOnly) != 0, (upper.value & _PAGE_DIRTY) == 0,
          upper.entry};
}

inline Leaf LeafOf(int page) { return LeafIn(UpperOf(page / kPagesPerRegion), page); }

inline Translation TranslationBy(const Leaf& leaf) {
  if (leaf.view.kind != EntryView::kLeaf) return {};
  return {leaf.view.frame, leaf.view.writable, leaf.huge};
}

uint64_t ContentBehind(const EntryView& view, int page) {
  switch (view.kind) {
    case EntryView::kLeaf:
    case EntryView::kMigration:
      return arena.content[view.frame];
    case EntryView::kSwap:
      if (view.frame >= WR_SWAP_SLOTS) return 0;
      // What the swap cache has is what the next fault maps, and may be newer.
      if (arena.swap_cache[view.frame] != 0) return arena.content[arena.swap_cache[view.frame]];
      return arena.swap_content[view.frame];
    default:
      break;
  }
  const int file_page = FilePageOf(page);
  if (file_page < 0) return 0;
  const uint16_t pfn = FrameOfFilePage(file_page);
  if (pfn != 0) return arena.content[pfn];
  return file_page < WR_FILE_PAGES ? arena.file.i_disk[file_page] : 0;  // no other is reclaimed
}

LocationId LocationIn(const uint64_t* entry) {
  return static_cast<LocationId>(entry - reinterpret_cast<const uint64_t*>(&arena));
}

constexpr const char* kWordNames[] = {
#define WR_WORD_NAME(identifier, name) name,
    WR_WORDS(WR_WORD_NAME)
#undef WR_WORD_NAME
};

std::string RightsOf(bool writable) { return writable ? " rw" : " ro"; }

// What belongs to mm 0 has no prefix.
std::string OfMm(int mm) { return mm == 0 ? "" : "mm" + std::to_string(mm) + "."; }

bool IsNamedLock(const Object& object) { return object.frame >= ObjectTable::kNamedLock; }

std::string NameOfLock(const Object& object) {
  if (!IsNamedLock(object)) return NameOfTable(object.frame) + ".ptl";
  static constexpr const char* kNames[] = {"mmap_lock",
                                           "pmd_lock",
                                           "i_mmap_rwsem",
                                           "anon_vma_lock",
                                           "i_pages_lock",
                                           "mmu_lock",
                                           "hugetlb.i_mmap_rwsem",
                                           "secretmem.i_mmap_rwsem",
                                           "secretmem.i_pages_lock",
                                           "tracked.i_mmap_rwsem",
                                           "tracked.i_pages_lock",
                                           "dax.i_mmap_rwsem",
                                           "dax.invalidate_lock",
                                           "tracked.invalidate_lock",
                                           "hugetlb.i_pages_lock",
                                           "inode_lock"};
  return OfMm(object.frame - ObjectTable::kNamedLock) + kNames[object.index];
}

std::string LockValue(const Object& object, uint64_t value) {
  if (value == 0) return "free";
  const bool spin = !IsNamedLock(object) || object.index == ObjectTable::kPmdLock ||
                    object.index == ObjectTable::kIPagesLock ||
                    object.index == ObjectTable::kSecretmemPagesLock ||
                    object.index == ObjectTable::kTrackedPagesLock ||
                    object.index == ObjectTable::kHugetlbPagesLock ||
                    object.index == ObjectTable::kMmuLock;
  if (spin) return "CPU " + std::to_string(value - 1);
  if (value >= WR_RW_WRITER) return "writer";
  return std::to_string(value) + (value == 1 ? " reader" : " readers");
}

}  // namespace

const Object* const object_by_location = object_table.objects;
const LocationId object_count = kLocations;

EntryView DecodeEntry(ObjectKind level, uint64_t value) { return Decode(level, value); }

void ForgetWays() {
  for (Way& way : ways) way.Forget();
}

WalkedEntries EntriesOnTheWay(int page) {
  WalkedEntries entries;
  const auto look = [&entries](ObjectKind level, const uint64_t* entry) {
    entries.location[entries.count++] = LocationIn(entry);
    return TableBelow(level, *entry);
  };
  const unsigned long address = AddressOfAreaPage(page);
  const int first = page / kPagesMax * kUpperTables;
  int table = first + kPudTable;
  if (!pgtable_pud_folded()) {
    table = look(ObjectKind::kPgd, &EntryOf(first + kPgdTable, pgd_index(address)));
  }
  if (pgtable_l5_enabled() && table >= 0) {
    table = look(ObjectKind::kP4d, &EntryOf(table, p4d_index(address)));
  }
  if (table >= 0) table = look(ObjectKind::kPud, &EntryOf(table, pud_index(address)));
  if (table >= 0) table = look(ObjectKind::kPmd, &EntryOf(table, pmd_index(address)));
  if (table >= 0) {
    entries.location[entries.count++] = LocationIn(&EntryOf(table, page % kPagesPerRegion));
  }
  return entries;
}

Translation Translate(int page) { return TranslationBy(LeafOf(page)); }

void TranslateRegion(int region, Translation (&pages)[kPagesPerRegion]) {
  const Upper upper = UpperOf(region);
  for (int i = 0; i < kPagesPerRegion; ++i) {
    pages[i] = TranslationBy(LeafIn(upper, region * kPagesPerRegion + i));
  }
}

Translation TranslateByHardware(int page) {
  const Leaf leaf = LeafOf(page);
  return leaf.software_only ? Translation() : TranslationBy(leaf);
}

bool IsCleanForHardware(int page) { return LeafOf(page).clean; }

void SetDirtyByHardware(int page) {
  const Leaf leaf = LeafOf(page);
  if (leaf.view.kind != EntryView::kLeaf) return;
  *leaf.entry |= _PAGE_DIRTY;
  TouchWords(leaf.entry, 1, Touched::kWrite);
}

FolioCounts CountsOf(uint16_t pfn) {
  const uint16_t head = HeadPfn(pfn);
  const page& frame = arena.mem_map[head];
  const uint16_t pages = (frame.flags & 1ul << PG_head) != 0 ? HPAGE_PMD_NR : 1;
  return {head, pages, frame._refcount.counter, frame._pincount.counter};
}

int64_t MapcountOf(uint16_t pfn) { return arena.mem_map[pfn]._mapcount.counter; }
bool FrameIsFree(uint16_t pfn) { return allocator.frame_free[pfn]; }
uint64_t ContentOf(uint16_t pfn) { return arena.content[pfn]; }

static_assert(kSwapSlots == WR_SWAP_SLOTS);
uint16_t FrameOfSwapSlot(int slot) { return static_cast<uint16_t>(arena.swap_cache[slot]); }

uint16_t FrameBehind(int page) {
  const EntryView view = LeafOf(page).view;
  if (view.kind == EntryView::kMigration) return view.frame;
  if (view.kind == EntryView::kSwap && view.frame < kSwapSlots) return FrameOfSwapSlot(view.frame);
  return 0;
}

bool IsAnonExclusive(uint16_t pfn) {
  return (arena.mem_map[pfn].flags & 1ul << PG_anon_exclusive) != 0;
}
Pinnable PinnableOf(uint16_t pfn) {
  switch (arena.mem_map[HeadPfn(pfn)].mapping) {
    case WR_SECRETMEM_MAPPING:
      return Pinnable::kNever;
    case WR_TRACKED_MAPPING:
    case WR_DAX_MAPPING:
      return Pinnable::kNotForLong;
    default:
      return Pinnable::kYes;
  }
}
bool IsHugetlbPage(uint16_t pfn) {
  return arena.mem_map[HeadPfn(pfn)].mapping == WR_HUGETLB_MAPPING;
}
bool IsDevicePage(uint16_t pfn) { return arena.mem_map[pfn].mapping == WR_DAX_MAPPING; }
bool IsAnon(uint16_t pfn) { return (arena.mem_map[HeadPfn(pfn)].mapping & PAGE_MAPPING_ANON) != 0; }

uint64_t ContentAt(int page) { return ContentBehind(LeafOf(page).view, page); }

void ContentsOfRegion(int region, uint64_t (&contents)[kPagesPerRegion]) {
  const Upper upper = UpperOf(region);
  for (int i = 0; i < kPagesPerRegion; ++i) {
    const int page = region * kPagesPerRegion + i;
    contents[i] = ContentBehind(LeafIn(upper, page).view, page);
  }
}

static_assert(kFilePages == WR_FILE_PAGES + kPagesPerRegion);

bool SharesTableOfMm0(int page) {
  if (page < kPagesMax) return false;
  const auto pud_of = [](int of) {
    return EntryOf(of / kPagesMax * kUpperTables + kPudTable, pud_index(AddressOfAreaPage(of)));
  };
  const uint64_t pud = pud_of(page);
  return TableBelow(ObjectKind::kPud, pud) >= 0 && pud == pud_of(page % kPagesMax);
}

int FilePageOf(int page) {
  if (!HasFiles()) return -1;
  const unsigned long address = AddressOfAreaPage(page);
  const vm_area_struct* vma = find_vma(&arena.mm[page / kPagesMax], address);
  if (vma == nullptr || vma->vm_file == nullptr) return -1;
  const unsigned long index = linear_page_index(vma, address);
  if (vma->vm_file == &arena.hugetlb_file || vma->vm_file == &arena.dax_file) {
    return static_cast<int>(WR_FILE_PAGES + index % kPagesPerRegion);
  }
  return index < WR_FILE_PAGES ? static_cast<int>(index) : -1;
}

int FilePageIn(uint16_t pfn) {
  if (pfn == 0 || !HasFiles()) return -1;
  for (int i = 0; i < kFilePages; ++i) {
    if (FrameOfFilePage(i) == pfn) return i;
  }
  return -1;
}

uint16_t FrameOfFilePage(int file_page) {
  if (file_page < WR_FILE_PAGES) {
    // A region has one file, whatever address it has moved to: one of them at most has this page.
    for (const address_space* file : {&arena.file, &arena.secretmem_file, &arena.tracked_file}) {
      const auto pfn = static_cast<uint16_t>(file->i_pages[file_page]);
      // Of a large folio each slot has the head.
      if (pfn != 0) return CountsOf(pfn).pages == 1 ? pfn : pfn + file_page % kPagesPerRegion;
    }
    return 0;
  }
  // One region at most has such a page.
  const unsigned long huge = arena.hugetlb_file.i_pages[0] | arena.dax_file.i_pages[0];
  const auto head = static_cast<uint16_t>(huge);
  return head == 0 ? 0 : head + (file_page - WR_FILE_PAGES);
}

std::string NameOfTable(int table_index) {
  static constexpr const char* kUpper[] = {"pgd", "p4d", "pud", "pmd"};
  if (table_index >= kFirstHugetlbTable && table_index < kFirstPteTable) {
    return "S" + std::to_string(table_index - kFirstHugetlbTable);
  }
  if (table_index < kFirstPteTable) {
    return OfMm(table_index / kUpperTables) + kUpper[table_index % kUpperTables];
  }
  return "T" + std::to_string(table_index - kFirstPteTable);
}

std::string NameOfFrame(uint16_t pfn) {
  if (pfn < kFirstHugeFrame) return "folio" + std::to_string(pfn);
  const int first = kFirstHugeFrame + (pfn - kFirstHugeFrame) / HPAGE_PMD_NR * HPAGE_PMD_NR;
  const std::string folio = "folio" + std::to_string(first);
  return pfn == first ? folio : folio + "+" + std::to_string(pfn - first);
}

std::string NameOf(LocationId location) {
  const Object& object = ObjectAt(location);
  const std::string index = "[" + std::to_string(object.index) + "]";
  switch (object.kind) {
    case ObjectKind::kPgd:
    case ObjectKind::kP4d:
    case ObjectKind::kPud:
    case ObjectKind::kPmd:
      return NameOfTable(object.frame) + index;
    case ObjectKind::kPte:
      return NameOfTable(object.frame) + ".pte" + index;
    case ObjectKind::kRefcount:
      return NameOfFrame(object.frame) + ".refcount";
    case ObjectKind::kMapcount:
      return NameOfFrame(object.frame) + ".mapcount";
    case ObjectKind::kPincount:
      return NameOfFrame(object.frame) + ".pincount";
    case ObjectKind::kPageFlags:
      return NameOfFrame(object.frame) + ".flags";
    case ObjectKind::kCompoundHead:
      return NameOfFrame(object.frame) + ".compound_head";
    case ObjectKind::kContent:
      return NameOfFrame(object.frame) + ".content";
    case ObjectKind::kLock:
      return NameOfLock(object);
    case ObjectKind::kSequence:
      return OfMm(object.frame) + "write_protect_seq";
    case ObjectKind::kDeposit:
      return OfMm(object.frame) + "deposited" + index;
    case ObjectKind::kMapping:
      return NameOfFrame(object.frame) + ".mapping";
    case ObjectKind::kFileSlot:
      if (object.index == WR_FILE_PAGES) return object.frame == 0 ? "hugetlb.page" : "dax.page";
      return (object.frame == 0   ? "file"
              : object.frame == 1 ? "secretmem"
                                  : "tracked") +
             (".pages" + index);
    case ObjectKind::kShares:
      return "S" + std::to_string(object.index) + ".shares";
    case ObjectKind::kShadow:
      return OfMm(object.frame) + "spte" + index;
    case ObjectKind::kInvalidation:
      return OfMm(object.frame) +
             (object.index == 0 ? "mmu_invalidate_seq" : "mmu_invalidate_in_progress");
    case ObjectKind::kWord:
      return kWordNames[object.index];
    case ObjectKind::kStack:
      return "stack" + index;
    case ObjectKind::kWild:
      return "no-table" + index;
    case ObjectKind::kSwapMap:
      return "swap_map" + index;
    case ObjectKind::kSwapCache:
      return "swap_cache" + index;
    case ObjectKind::kOther:
    case ObjectKind::kKindCount:
      break;
  }
  return location == kNoLocation ? "" : "location " + std::to_string(location);
}

std::string NameOfValue(LocationId location, uint64_t value) {
  const Object& object = ObjectAt(location);
  if (IsEntry(object.kind)) {
    const EntryView view = DecodeEntry(object.kind, value);
    switch (view.kind) {
      case EntryView::kNone:
        return "none";
      case EntryView::kTable:
        return NameOfTable(view.frame);
      case EntryView::kLeaf:
        return NameOfFrame(view.frame) + RightsOf(view.writable) +
               ((value & _PAGE_PROTNONE) != 0 ? " protnone" : "");
      case EntryView::kMigration:
        return "migration of " + NameOfFrame(view.frame) + RightsOf(view.writable);
      case EntryView::kSwap:
        return "swap slot " + std::to_string(view.frame);
      case EntryView::kOther:
        // Under pmdp_invalidate.
        if ((value & _PAGE_PSE) != 0 && pfn_valid(wr_pfn_of(value))) {
          return NameOfFrame(wr_pfn_of(value)) + RightsOf((value & _PAGE_RW) != 0) + " invalid";
        }
        return (value & _PAGE_PRESENT) != 0 ? "pfn " + std::to_string(wr_pfn_of(value)) : "poison";
    }
  }
  if (object.kind == ObjectKind::kLock) return LockValue(object, value);
  if (object.kind == ObjectKind::kDeposit) {
    return value < kTablePfnBase ? "none" : NameOfTable(static_cast<int>(value - kTablePfnBase));
  }
  if (object.kind == ObjectKind::kCompoundHead) {
    return (value & 1) != 0 ? NameOfFrame(static_cast<uint16_t>(value >> 1)) : "itself";
  }
  if (object.kind == ObjectKind::kFileSlot || object.kind == ObjectKind::kSwapCache) {
    return value == 0 ? "none" : NameOfFrame(static_cast<uint16_t>(value));
  }
  if (object.kind == ObjectKind::kMapping) {
    switch (value) {
      case 0:
        return "none";
      case WR_SECRETMEM_MAPPING:
        return "secretmem";
      case WR_TRACKED_MAPPING:
        return "tracked file";
      case WR_DAX_MAPPING:
        return "dax file";
      default:
        return (value & PAGE_MAPPING_ANON) != 0 ? "anon" : "file";
    }
  }
  return std::to_string(static_cast<int64_t>(value));
}

}  // namespace walkrace
