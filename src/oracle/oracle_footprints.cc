#include "oracle/oracle_footprints.h"

#include "kernel/mm_types.h"
#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "machine/machine.h"
#include "machine/touched.h"

namespace walkrace {
namespace {

// By area page.
constexpr uint32_t kMappingOf = kFirstObjectOfOracles;              // the history of what it maps
constexpr uint32_t kShadowOf = kFirstObjectOfOracles + 0x100;       // what it may show
constexpr uint32_t kReplacementAt = kFirstObjectOfOracles + 0x200;  // of what it mapped
// By page of a file.
constexpr uint32_t kFileShadowOf = kFirstObjectOfOracles + 0x300;
// By frame.
constexpr uint32_t kLifeOf = kFirstObjectOfOracles + 0x400;        // free or not, its generation
constexpr uint32_t kReferencesTo = kFirstObjectOfOracles + 0x500;  // returned ones; replacements
constexpr uint32_t kPutOf = kFirstObjectOfOracles + 0x600;         // references put back
constexpr uint32_t kKindOf = kFirstObjectOfOracles + 0x700;        // of the flags: exclusive, head
constexpr uint32_t kFrozen = kFirstObjectOfOracles + 0x800;  // who may raise the count from zero
// By table.
constexpr uint32_t kTableLife = kFirstObjectOfOracles + 0x900;
// One each.
constexpr uint32_t kMoves = kFirstObjectOfOracles + 0xa00;   // of regions, by mremap
constexpr uint32_t kForks = kFirstObjectOfOracles + 0xa01;   // that are not over
constexpr uint32_t kPutsAt = kFirstObjectOfOracles + 0xa02;  // their order with unmaps' begins
constexpr uint32_t kEndOfOracles = kFirstObjectOfOracles + 0xb00;
static_assert(kEndOfOracles > kMoves);

constexpr uint64_t kKindFlags = uint64_t{1} << PG_anon_exclusive | uint64_t{1} << PG_head;

void AddFrame(uint32_t objects, uint16_t pfn, Touched how, Footprint& footprint) {
  footprint.Add(objects + pfn, how);
  footprint.Add(objects + BlockOf(pfn).first, how);
}

// All frames that the folio of this one has, or ever had.
void AddBlock(uint32_t objects, uint16_t pfn, Touched how, Footprint& footprint) {
  const FrameBlock block = BlockOf(pfn);
  for (int i = 0; i < block.count; ++i) footprint.Add(objects + block.first + i, how);
}

void AddAll(uint32_t objects, int count, Touched how, Footprint& footprint) {
  for (int i = 0; i < count; ++i) footprint.Add(objects + i, how);
}

void AddRange(uint32_t objects, const RangeNote& range, Touched how, Footprint& footprint) {
  for (int page = range.first; page < range.end; ++page) footprint.Add(objects + page, how);
}

void AddPagesOf(const RangeNote& range, Touched how, Footprint& footprint) {
  if (HasFiles()) footprint.Add(kVmas, Touched::kRead);
  for (int page = range.first; page < range.end; ++page) {
    footprint.Add(kShadowOf + page, how);
    const int file_page = FilePageOf(page);
    if (file_page >= 0) footprint.Add(kFileShadowOf + file_page, how);
  }
}

}  // namespace

void OracleFootprints::AddEvent(const Event& event, uint32_t index, Footprint& footprint) {
  StepFootprints::AddEvent(event, index, footprint);
  switch (event.kind) {
    case EventKind::kLoad:
    case EventKind::kStore:
    case EventKind::kRmw:
      if (event.location != kNoLocation) {
        AddAccess(event, ObjectAt(event.location), index, footprint);
      }
      break;
    case EventKind::kTlb:
      if (event.detail == kTlbFill) AddFill(event, footprint);
      break;
    case EventKind::kNote:
    case EventKind::kIssue:
      AddNote(event, index, footprint);
      break;
    default:
      break;
  }
}

// --- Accesses -----------------------------------------------------------------------------------

void OracleFootprints::AddAccess(const Event& event, const Object& object, uint32_t index,
                                 Footprint& footprint) {
  if (IsEntry(object.kind)) {
    if (event.kind != EventKind::kStore) AddTable(object, event.before, footprint);
    if (event.kind != EventKind::kLoad && event.before != event.after) {
      AddEntryWrite(object, index, footprint);
    }
    return;
  }
  if (event.kind == EventKind::kLoad) return;
  switch (object.kind) {
    case ObjectKind::kRefcount:
      AddCount(event, object, footprint);
      break;
    case ObjectKind::kPageFlags:
      AddFlags(event, object.frame, footprint);
      break;
    default:
      break;
  }
}

// no-table-use-after-free, of an entry that was read.
void OracleFootprints::AddTable(const Object& entry, uint64_t value, Footprint& footprint) {
  footprint.Add(kTableLife + entry.frame, Touched::kRead);
  if (entry.kind == ObjectKind::kPte) return;
  const EntryView link = DecodeEntry(entry.kind, value);
  if (link.kind == EntryView::kTable) footprint.Add(kTableLife + link.frame, Touched::kRead);
}

// MappingHistory::Update.
void OracleFootprints::AddTranslation(int page, uint32_t index, Footprint& footprint) {
  AddWay(page, &footprint);
  if (oracles_.mappings().LastChange(page) != index) return;
  footprint.Add(kMappingOf + page, Touched::kWrite);
  const uint16_t pfn = oracles_.mappings().Current(page).page.pfn;
  if (pfn != 0) footprint.Add(kLifeOf + pfn, Touched::kRead);
}

void OracleFootprints::AddEntryWrite(const Object& object, uint32_t index, Footprint& footprint) {
  const int pages = AreaPagesInUse();
  const bool pte = object.kind == ObjectKind::kPte;
  for (int page = pte ? object.index : 0; page < pages; page += pte ? kEntriesPerTable : 1) {
    AddTranslation(page, index, footprint);
  }
}

// counts-conserved: who may raise a count from zero.
void OracleFootprints::AddCount(const Event& event, const Object& object, Footprint& footprint) {
  if (event.after == 0 && event.before != 0 &&
      event.detail == static_cast<uint8_t>(RmwKind::kCmpxchg)) {
    AddBlock(kFrozen, object.frame, Touched::kWrite, footprint);
    AddBlock(kKindOf, object.frame, Touched::kRead, footprint);
  } else if (event.before == 0 && event.after != 0) {
    footprint.Add(kFrozen + object.frame, Touched::kWrite);
  }
}

void OracleFootprints::AddFlags(const Event& event, uint16_t pfn, Footprint& footprint) {
  constexpr uint64_t kExclusive = uint64_t{1} << PG_anon_exclusive;
  if (((event.before ^ event.after) & kKindFlags) != 0) {
    footprint.Add(kKindOf + pfn, Touched::kWrite);
  }
  if (((event.before ^ event.after) & kExclusive) == 0) return;
  AddFrame(kReferencesTo, pfn, Touched::kWrite, footprint);
  AddAll(kMappingOf, AreaPagesInUse(), Touched::kRead, footprint);
}

// tlb-coherent.
void OracleFootprints::AddFill(const Event& event, Footprint& footprint) {
  const auto page = static_cast<int>(event.before);
  footprint.Add(kShadowOf + page, Touched::kRead);  // discards under way
  footprint.Add(kLifeOf + CachedTranslation(event.cpu, page).pfn, Touched::kRead);
  const int first = page / kPagesPerRegion * kPagesPerRegion;
  for (int other = first; other < first + kPagesPerRegion; ++other) {
    footprint.Add(kTlbOf + event.cpu * kAreaPages + other, Touched::kRead);
  }
}

// --- Notes --------------------------------------------------------------------------------------

void OracleFootprints::AddNote(const Event& note, uint32_t index, Footprint& footprint) {
  const PageNote page_note = PageNoteOf(note);
  const bool of_page = page_note.InArea() && page_note.IsFrame();
  switch (note.detail) {
    case WR_NOTE_GUP_BEGIN: {
      const int first = AreaPage(note.before);
      const auto count = static_cast<int>(note.after & UINT32_MAX);
      if (first >= 0) AddGupBegin({first, first + count}, footprint);
      break;
    }
    case WR_NOTE_PAGE_RETURNED:
      if (of_page) AddReturned(page_note, footprint);
      break;
    case WR_NOTE_PAGE_PUT:
      if (of_page) AddPut(page_note, footprint);
      break;
    case WR_NOTE_UNMAP_BEGIN:
      AddUnmapBegin(RangeNoteOf(note), footprint);
      break;
    case WR_NOTE_COUNT_CHECK:
      if (of_page) AddBlock(kPutOf, page_note.pfn, Touched::kRead, footprint);
      break;
    case WR_NOTE_PAGE_REPLACED:
      if (of_page) AddReplaced(note, page_note, index, footprint);
      break;
    case WR_NOTE_BACKED_OFF:
      AddRange(kMappingOf, RangeNoteOf(note), Touched::kRead, footprint);
      break;
    case WR_NOTE_MUTATOR_END:
      if (HasNote(WR_NOTE_FORK_COPIED, note.cpu, index)) footprint.Add(kForks, Touched::kWrite);
      break;
    case WR_NOTE_DISCARD_BEGIN:
    case WR_NOTE_DISCARD_END:
    case WR_NOTE_LAZY_FREE_BEGIN:
    case WR_NOTE_LAZY_FREE_END:
      AddPagesOf(RangeNoteOf(note), Touched::kWrite, footprint);
      break;
    case WR_NOTE_FILE_DISCARD_BEGIN:
    case WR_NOTE_FILE_DISCARD_END:
      AddAll(kFileShadowOf, kFilePages, Touched::kWrite, footprint);
      break;
    case WR_NOTE_FOLIO_ALLOC:
    case WR_NOTE_FOLIO_FREE:
      for (uint64_t i = 0; i < uint64_t{1} << note.after; ++i) {
        for (const uint32_t objects : {kLifeOf, kReferencesTo, kPutOf, kKindOf, kFrozen}) {
          footprint.Add(objects + static_cast<uint32_t>(note.before + i), Touched::kWrite);
        }
      }
      break;
    case WR_NOTE_TABLE_DEPOSIT:
    case WR_NOTE_TABLE_ALLOC:
    case WR_NOTE_TABLE_FREE:
    case WR_NOTE_TABLE_WITHDRAW: {
      const uint64_t table = note.before - kTablePfnBase;
      // Where a deposit writes nothing, nobody minds it.
      const bool changes =
          note.detail != WR_NOTE_TABLE_DEPOSIT || ActiveProfile().deposit_writes_table;
      if (table < kTablesMax) {
        footprint.Add(kTableLife + static_cast<uint32_t>(table),
                      changes ? Touched::kWrite : Touched::kRead);
      }
      break;
    }
    case WR_NOTE_ENTRY_READ:
      if (note.location != kNoLocation) {
        AddTable(ObjectAt(note.location), note.before, footprint);
      }
      break;
    case WR_NOTE_USER_READ:
    case WR_NOTE_USER_WRITE:
      if (AreaPage(note.before) >= 0) {
        AddUserAccess(note, AreaPage(note.before), ObjectAt(note.location).frame, footprint);
      }
      break;
    case WR_NOTE_PIN_READ:
    case WR_NOTE_PIN_WRITE:
      if (AreaPage(note.before) >= 0) {
        AddPinAccess(note, AreaPage(note.before), ObjectAt(note.location).frame, footprint);
      }
      break;
    case WR_NOTE_MOVE_BEGIN:
    case WR_NOTE_MOVE_END:
      footprint.Add(kMoves, Touched::kWrite);
      AddAll(kShadowOf, kAreaPages, Touched::kWrite, footprint);
      break;
    case WR_NOTE_FORK_COPIED:
      AddForkCopied(note, footprint);
      break;
    case WR_NOTE_FILE_REPLACE_BEGIN:
    case WR_NOTE_FILE_BACKED_OFF:
      AddFileSlots(&footprint);
      AddAll(kLifeOf, kFramesMax, Touched::kRead, footprint);
      break;
    default:
      break;  // of its own CPU alone
  }
}

// From here on counts what its pages map, whether they are replaced or discarded.
void OracleFootprints::AddGupBegin(const RangeNote& range, Footprint& footprint) {
  footprint.Add(kMoves, Touched::kRead);
  AddRange(kMappingOf, range, Touched::kRead, footprint);
  AddRange(kReplacementAt, range, Touched::kRead, footprint);
  AddPagesOf(range, Touched::kRead, footprint);
  // Where mremap may have moved them to.
  for (int page = range.first; page < range.end; ++page) {
    footprint.Add(kShadowOf + (page ^ kPagesPerRegion), Touched::kRead);
  }
}

void OracleFootprints::AddReturned(const PageNote& note, Footprint& footprint) {
  const auto pfn = static_cast<uint16_t>(note.pfn);
  footprint.Add(kMoves, Touched::kRead);
  footprint.Add(kMappingOf + note.page, Touched::kRead);
  AddFrame(kReferencesTo, pfn, Touched::kLeft, footprint);
  AddFrame(kLifeOf, pfn, Touched::kRead, footprint);
  AddFrame(kKindOf, pfn, Touched::kRead, footprint);
  AddFolio(pfn, &footprint);
}

void OracleFootprints::AddPut(const PageNote& note, Footprint& footprint) {
  const auto pfn = static_cast<uint16_t>(note.pfn);
  footprint.Add(kPutsAt, Touched::kLeft);
  AddFrame(kReferencesTo, pfn, Touched::kWrite, footprint);
  AddFrame(kPutOf, pfn, Touched::kWrite, footprint);
  AddFrame(kLifeOf, pfn, Touched::kRead, footprint);
}

// Where no check follows, this is the moment that a reference must have been put back before.
void OracleFootprints::AddUnmapBegin(const RangeNote& range, Footprint& footprint) {
  footprint.Add(kPutsAt, Touched::kRight);
  for (int page = range.first; page < range.end; ++page) {
    footprint.Add(kMappingOf + page, Touched::kRead);
    const uint16_t pfn = oracles_.mappings().Current(page).page.pfn;
    if (pfn != 0) footprint.Add(kKindOf + pfn, Touched::kRead);
  }
}

void OracleFootprints::AddReplaced(const Event& event, const PageNote& note, uint32_t index,
                                   Footprint& footprint) {
  const auto pfn = static_cast<uint16_t>(note.pfn);
  AddBlock(kReferencesTo, pfn, Touched::kWrite, footprint);
  AddBlock(kPutOf, pfn, Touched::kRead, footprint);
  AddBlock(kKindOf, pfn, Touched::kRead, footprint);
  AddBlock(kLifeOf, pfn, Touched::kRead, footprint);
  AddFolio(pfn, &footprint);
  footprint.Add(kReplacementAt + note.page, Touched::kWrite);
  // Of one frame at several pages the last one is the moment for all.
  for (uint32_t i = 0; i < index; ++i) {
    const Event& other = engine().events()[i];
    if (other.kind != EventKind::kNote || other.detail != WR_NOTE_PAGE_REPLACED) continue;
    if (other.location != event.location) continue;
    const PageNote fields = PageNoteOf(other);
    if (fields.InArea()) footprint.Add(kReplacementAt + fields.page, Touched::kWrite);
  }
  if (BlockOf(pfn).count > 1) AddAll(kMappingOf, AreaPagesInUse(), Touched::kRead, footprint);
}

void OracleFootprints::AddUserAccess(const Event& event, int page, uint16_t pfn,
                                     Footprint& footprint) {
  footprint.Add(kVmas, Touched::kRead);
  footprint.Add(kMoves, Touched::kRead);
  footprint.Add(kForks, Touched::kRead);
  AddPagesOf({page, page + 1}, Touched::kWrite, footprint);
  footprint.Add(kShadowOf + (page ^ kPagesPerRegion), Touched::kWrite);  // while it moves
  AddFrame(kLifeOf, pfn, Touched::kRead, footprint);
  footprint.Add(kTlbOf + event.cpu * kAreaPages + page, Touched::kRead);
  if (AreaPagesInUse() == kPagesMax || event.detail != WR_NOTE_USER_WRITE) return;
  // What a fork under way has copied.
  for (int child = 0; child < AreaPagesInUse(); ++child) {
    footprint.Add(kShadowOf + child, Touched::kWrite);
    footprint.Add(kMappingOf + child, Touched::kRead);
  }
}

void OracleFootprints::AddPinAccess(const Event& event, int page, uint16_t pfn,
                                    Footprint& footprint) {
  AddFileSlots(&footprint);
  AddFolio(pfn, &footprint);
  const int file_page = FilePageIn(pfn);
  if (file_page >= 0) footprint.Add(kFileShadowOf + file_page, Touched::kWrite);
  AddFrame(kKindOf, pfn, Touched::kRead, footprint);
  footprint.Add(kMoves, Touched::kRead);
  for (const int place : {page, page ^ kPagesPerRegion}) {
    footprint.Add(kShadowOf + place, Touched::kWrite);
    footprint.Add(kMappingOf + place, Touched::kRead);
  }
  const Reference* reference = oracles_.references().Find(event.cpu, page, pfn);
  if (reference == nullptr || (reference->flags & FOLL_PIN) != 0) return;
  // What is written through it may show wherever the frame is.
  for (int other = 0; other < AreaPagesInUse(); ++other) {
    footprint.Add(kShadowOf + other, Touched::kWrite);
    footprint.Add(kMappingOf + other, Touched::kRead);
    AddWay(other, &footprint);
  }
  AddSwapCache(&footprint);
}

void OracleFootprints::AddForkCopied(const Event& note, Footprint& footprint) {
  footprint.Add(kForks, Touched::kWrite);
  for (const uint64_t address : {note.before, note.after}) {
    const int page = AreaPage(address);
    if (page < 0) continue;
    AddPagesOf({page, page + 1}, Touched::kWrite, footprint);
    footprint.Add(kMappingOf + page, Touched::kRead);
    const uint16_t pfn = oracles_.mappings().Current(page).page.pfn;
    if (pfn != 0) AddFrame(kReferencesTo, pfn, Touched::kWrite, footprint);
  }
}

bool OracleFootprints::HasNote(uint8_t what, CpuId cpu, uint32_t end) const {
  for (uint32_t i = 0; i < end; ++i) {
    const Event& event = engine().events()[i];
    if (event.kind == EventKind::kNote && event.detail == what && event.cpu == cpu) return true;
  }
  return false;
}

}  // namespace walkrace
