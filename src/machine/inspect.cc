#include "machine/inspect.h"

#include "base/check.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "machine/allocator.h"
#include "machine/arena.h"
#include "machine/machine.h"

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
      Set(&arena.content[pfn], ObjectKind::kContent, 0, pfn);
    }
    Set(&arena.mm.mmap_lock, ObjectKind::kLock, 1, kMmLock);
    Set(&arena.mm.page_table_lock, ObjectKind::kLock, 2, kMmLock);
    Set(&arena.mm.write_protect_seq, ObjectKind::kSequence, 0, 0);
    for (int i = 0; i < kEntriesPerTable; ++i) {
      Set(&arena.pmd_huge_pte[i], ObjectKind::kDeposit, i, kPmdTable);
    }
  }

  static constexpr uint16_t kMmLock = UINT16_MAX;

  static ObjectKind LevelOf(int table) {
    switch (table) {
      case kPgdTable:
        return ObjectKind::kPgd;
      case kP4dTable:
        return ObjectKind::kP4d;
      case kPudTable:
        return ObjectKind::kPud;
      case kPmdTable:
        return ObjectKind::kPmd;
      default:
        return ObjectKind::kPte;
    }
  }

  void Set(const void* address, ObjectKind kind, int index, int frame) {
    const size_t offset = static_cast<const char*>(address) - reinterpret_cast<const char*>(&arena);
    objects[offset / 8] = {kind, static_cast<uint8_t>(index), static_cast<uint16_t>(frame)};
  }
};

const ObjectTable object_table;

uint16_t HeadPfn(uint16_t pfn) {
  const unsigned long head = arena.mem_map[pfn].compound_head;
  return (head & 1) != 0 ? head >> 1 : pfn;
}

// The table that an entry points to, or -1.
int TableBelow(ObjectKind level, uint64_t value) {
  const EntryView view = DecodeEntry(level, value);
  return view.kind == EntryView::kTable ? view.frame : -1;
}

std::string RightsOf(bool writable) { return writable ? " rw" : " ro"; }

std::string NameOfLock(const Object& object) {
  if (object.frame != ObjectTable::kMmLock) return NameOfTable(object.frame) + ".ptl";
  return object.index == 1 ? "mmap_lock" : "pmd_lock";
}

std::string LockValue(const Object& object, uint64_t value) {
  if (value == 0) return "free";
  const bool is_mmap_lock = object.frame == ObjectTable::kMmLock && object.index == 1;
  if (!is_mmap_lock) return "CPU " + std::to_string(value - 1);
  if (value >= WR_RW_WRITER) return "writer";
  return std::to_string(value) + (value == 1 ? " reader" : " readers");
}

}  // namespace

int AreaPage(uint64_t address) {
  const uint64_t page = (address - kAreaStart) / kBytesPerPage;
  return page < kAreaPages ? static_cast<int>(page) : -1;
}

const Object& ObjectAt(LocationId location) {
  static constexpr Object kNone = {ObjectKind::kOther, 0, 0};
  return location < kLocations ? object_table.objects[location] : kNone;
}

EntryView DecodeEntry(ObjectKind level, uint64_t value) {
  if (value == 0) return {EntryView::kNone, false, 0};
  if ((value & (_PAGE_PRESENT | _PAGE_PROTNONE)) == 0) return {EntryView::kOther, false, 0};
  const uint64_t pfn = value >> WR_PFN_SHIFT;
  const bool writable = (value & _PAGE_RW) != 0;
  if (level == ObjectKind::kPte || (value & _PAGE_PSE) != 0) {
    if (!pfn_valid(pfn)) return {EntryView::kOther, false, 0};
    return {EntryView::kLeaf, writable, static_cast<uint16_t>(pfn)};
  }
  if (pfn < kTablePfnBase || pfn >= kTablePfnBase + kTablesMax) {
    return {EntryView::kOther, false, 0};
  }
  return {EntryView::kTable, writable, static_cast<uint16_t>(pfn - kTablePfnBase)};
}

Translation Translate(int page) {
  const unsigned long address = AddressOfPage(page);
  int table = TableBelow(ObjectKind::kPgd, EntryOf(kPgdTable, pgd_index(address)));
  if (pgtable_l5_enabled() && table >= 0) {
    table = TableBelow(ObjectKind::kP4d, EntryOf(table, p4d_index(address)));
  }
  if (table < 0) return {};
  table = TableBelow(ObjectKind::kPud, EntryOf(table, pud_index(address)));
  if (table < 0) return {};
  const EntryView pmd = DecodeEntry(ObjectKind::kPmd, EntryOf(table, pmd_index(address)));
  if (pmd.kind == EntryView::kLeaf) {
    const auto pfn = static_cast<uint16_t>(pmd.frame + pte_index(address));
    return {pfn, pmd.writable, true};
  }
  if (pmd.kind != EntryView::kTable) return {};
  const EntryView pte = DecodeEntry(ObjectKind::kPte, EntryOf(pmd.frame, pte_index(address)));
  if (pte.kind != EntryView::kLeaf) return {};
  return {pte.frame, pte.writable, false};
}

FolioCounts CountsOf(uint16_t pfn) {
  const uint16_t head = HeadPfn(pfn);
  const page& frame = arena.mem_map[head];
  const uint16_t pages = head >= kFirstHugeFrame ? HPAGE_PMD_NR : 1;
  return {head, pages, frame._refcount.counter, frame._pincount.counter};
}

int64_t MapcountOf(uint16_t pfn) { return arena.mem_map[pfn]._mapcount.counter; }
bool FrameIsFree(uint16_t pfn) { return allocator.frame_free[pfn]; }
uint64_t ContentOf(uint16_t pfn) { return arena.content[pfn]; }

std::string NameOfTable(int table_index) {
  switch (table_index) {
    case kPgdTable:
      return "pgd";
    case kP4dTable:
      return "p4d";
    case kPudTable:
      return "pud";
    case kPmdTable:
      return "pmd";
    default:
      return "T" + std::to_string(table_index - kFirstPteTable);
  }
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
      return "write_protect_seq";
    case ObjectKind::kDeposit:
      return "deposited" + index;
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
        return NameOfFrame(view.frame) + RightsOf(view.writable);
      case EntryView::kOther:
        return "poison";
    }
  }
  if (object.kind == ObjectKind::kLock) return LockValue(object, value);
  if (object.kind == ObjectKind::kDeposit) {
    return value < kTablePfnBase ? "none" : NameOfTable(static_cast<int>(value - kTablePfnBase));
  }
  if (object.kind == ObjectKind::kCompoundHead) {
    return (value & 1) != 0 ? NameOfFrame(static_cast<uint16_t>(value >> 1)) : "itself";
  }
  return std::to_string(static_cast<int64_t>(value));
}

}  // namespace walkrace
