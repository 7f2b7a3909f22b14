#include "oracle/no_table_use_after_free_oracle.h"

#include <cstring>

#include "machine/machine.h"
#include "oracle/trace_search.h"

namespace walkrace {
namespace {

bool IsNoteOf(const Event& event, uint64_t table_pfn, uint64_t notes) {
  return event.kind == EventKind::kNote && (notes >> event.detail & 1) != 0 &&
         event.before == table_pfn;
}

// A read of an entry above pte level, by what it has in `before`.
bool IsReadOfLink(const Event& event) {
  const ObjectKind kind = ObjectAt(event.location).kind;
  if (!IsEntry(kind) || kind == ObjectKind::kPte || IsHalfOfEntry(event)) return false;
  return event.kind == EventKind::kLoad || event.kind == EventKind::kRmw ||
         (event.kind == EventKind::kNote && event.detail == WR_NOTE_ENTRY_READ);
}

constexpr uint64_t kCallBegins = MaskOf(WR_NOTE_OP_BEGIN, WR_NOTE_GUP_BEGIN);

// Whether this event shows its CPU the way to the table: an entry that it read, or the table that
// it was given.
bool LinksTo(const Event& event, uint16_t table) {
  if (IsNoteOf(event, kTablePfnBase + table, MaskOf(WR_NOTE_TABLE_ALLOC, WR_NOTE_TABLE_WITHDRAW))) {
    return true;
  }
  if (!IsReadOfLink(event)) return false;
  const Object& object = ObjectAt(event.location);
  const EntryView view = DecodeEntry(object.kind, event.before);
  return view.kind == EntryView::kTable && view.frame == table;
}

}  // namespace

void NoTableUseAfterFreeOracle::Begin() {
  deposit_writes_ = ActiveProfile().deposit_writes_table;
  std::memset(tables_, 0, sizeof(tables_));
  std::memset(seen_, 0, sizeof(seen_));
}

void NoTableUseAfterFreeOracle::OnEvent(const Event& event, const Object& object, uint32_t index) {
  if (event.kind == EventKind::kNote && event.detail == WR_NOTE_ENTRY_READ) {
    OnLink(event.cpu, object.kind, event.before);
  } else if (event.kind == EventKind::kNote) {
    OnNote(event);
  } else if (object.kind == ObjectKind::kStack) {
    Report(event, kNoEvent, index,
           "CPU %d takes %s for an entry: it has left the table for its copy", event.cpu,
           NameOf(event.location).c_str());
  } else if (object.kind == ObjectKind::kWild) {
    ReportWild(event, index);
  } else {
    if (event.kind != EventKind::kStore) OnRead(event, object, index);
    if (event.kind != EventKind::kLoad && object.kind != ObjectKind::kPte) {
      OnWrite(event, object, index);
    }
  }
}

void NoTableUseAfterFreeOracle::OnNote(const Event& note) {
  const uint64_t which = note.before - kTablePfnBase;
  if (which >= kTablesMax) return;
  Table& table = tables_[which];
  switch (note.detail) {
    case WR_NOTE_TABLE_ALLOC:
    case WR_NOTE_TABLE_WITHDRAW:
      table.state = State::kInUse;
      seen_[note.cpu][which] = ++table.life;
      break;
    case WR_NOTE_TABLE_FREE:
      table.state = State::kFree;
      break;
    case WR_NOTE_TABLE_DEPOSIT:
      table.state = State::kDeposited;
      break;
    default:
      break;
  }
}

void NoTableUseAfterFreeOracle::OnRead(const Event& event, const Object& entry, uint32_t index) {
  const Table& table = tables_[entry.frame];
  if (table.state == State::kFree) {
    ReportRead(event, entry, index, "is freed");
  } else if (table.state == State::kDeposited && deposit_writes_) {
    ReportRead(event, entry, index, "is deposited, which writes into it");
  } else if (seen_[event.cpu][entry.frame] != table.life) {
    ReportRead(event, entry, index, "was taken away since the link to it was read");
  }
  if (!IsHalfOfEntry(event)) OnLink(event.cpu, entry.kind, event.before);
}

void NoTableUseAfterFreeOracle::OnLink(CpuId cpu, ObjectKind level, uint64_t value) {
  if (level == ObjectKind::kPte) return;  // points to no table
  const EntryView link = DecodeEntry(level, value);
  if (link.kind == EntryView::kTable) seen_[cpu][link.frame] = tables_[link.frame].life;
}

// What the value was read from: had it been emptied after this, all would be well.
void NoTableUseAfterFreeOracle::OnWrite(const Event& event, const Object& entry, uint32_t index) {
  constexpr uint64_t kPresent = 1;
  if (DecodeEntry(entry.kind, event.after).kind != EntryView::kOther) return;
  if ((event.after & kPresent) == 0) return;
  const uint32_t emptied = FindLast(engine(), index, [&](const Event& other) {
    return other.cpu != event.cpu && other.after == 0 && other.before != 0 &&
           (other.kind == EventKind::kStore || other.kind == EventKind::kRmw) &&
           ObjectAt(other.location).kind == entry.kind;
  });
  Report(event, emptied, index, "CPU %d sets %s to a table that is none: physical page %#llx",
         event.cpu, NameOf(event.location).c_str(),
         static_cast<unsigned long long>(event.after / kBytesPerPage));
}

void NoTableUseAfterFreeOracle::ReportRead(const Event& at, const Object& entry, uint32_t index,
                                           const char* what) {
  const uint64_t pfn = kTablePfnBase + entry.frame;
  const uint32_t taken = FindLast(engine(), index, [&](const Event& event) {
    return IsNoteOf(event, pfn, MaskOf(WR_NOTE_TABLE_FREE, WR_NOTE_TABLE_DEPOSIT));
  });
  const uint32_t link = FindLink(at.cpu, entry.frame, index);
  Report(at, taken, link == kNoEvent ? index : link, "CPU %d reads %s, but table %s %s", at.cpu,
         NameOf(at.location).c_str(), NameOfTable(entry.frame).c_str(), what);
}

// The last entry above pte level that the CPU has read is the one that it followed.
void NoTableUseAfterFreeOracle::ReportWild(const Event& at, uint32_t index) {
  const uint32_t link = FindLast(engine(), index, [&](const Event& event) {
    return event.cpu == at.cpu && IsReadOfLink(event);
  });
  if (link == kNoEvent) {
    Report(at, kNoEvent, index, "CPU %d reads an entry of what is no table", at.cpu);
    return;
  }
  const Event& followed = engine().events()[link];
  uint32_t change = FindWriteOf(engine(), followed.location, followed.before, link);
  if (change == kNoEvent) {
    // Read in halves: no write left that value, and the last one tore it.
    change = FindLast(engine(), link, [&](const Event& event) {
      return event.location == followed.location && event.kind != EventKind::kNote &&
             event.before != event.after;
    });
  }
  Report(at, change, link, "CPU %d follows %s as the link to a table, but it read %s there", at.cpu,
         NameOf(followed.location).c_str(),
         NameOfValue(followed.location, followed.before).c_str());
}

uint32_t NoTableUseAfterFreeOracle::FindLink(CpuId cpu, uint16_t table, uint32_t end) const {
  uint32_t link = kNoEvent;
  for (uint32_t i = end; i-- > 0;) {
    const Event& event = engine().events()[i];
    if (event.cpu != cpu) continue;
    if (LinksTo(event, table)) {
      link = i;
    } else if (link != kNoEvent && event.kind == EventKind::kNote &&
               (kCallBegins >> event.detail & 1) != 0) {
      break;
    }
  }
  return link;
}

}  // namespace walkrace
