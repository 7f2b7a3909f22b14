#include "trace/focus.h"

#include "kernel/notes.h"
#include "machine/inspect.h"

namespace walkrace {
namespace {

static_assert(kFramesMax <= 64 && kTablesMax <= 64);

uint64_t HeadBit(uint64_t pfn) {
  return pfn > 0 && pfn < kFramesMax ? uint64_t{1} << CountsOf(static_cast<uint16_t>(pfn)).head : 0;
}

uint64_t TableBit(uint64_t index) { return index < kTablesMax ? uint64_t{1} << index : 0; }

bool IsPageField(ObjectKind kind) {
  return kind >= ObjectKind::kRefcount && kind <= ObjectKind::kContent;
}

bool IsTableNote(uint8_t what) {
  return what >= WR_NOTE_TABLE_ALLOC && what <= WR_NOTE_TABLE_WITHDRAW;
}

}  // namespace

Focus::Focus(const TraceView& view) {
  const Violation& violation = view.violation;
  for (size_t i = 0; i < view.count; ++i) {
    if (MarkOf(view, i) != 0) AddEvent(view.events[i]);
  }
  if (locations_.empty() && frames_ == 0 && tables_ == 0 && violation.oracle != nullptr) {
    for (size_t i = 0; i < view.count; ++i) {
      const Event& event = view.events[i];
      if (event.step == violation.step && event.cpu == violation.cpu) AddEvent(event);
    }
  }
  for (const PendingEvent& wait : view.waits_for) {
    if (wait.site != nullptr && wait.location != kNoLocation) locations_.insert(wait.location);
  }
  everything_ = locations_.empty() && frames_ == 0 && tables_ == 0;
  // From the folio to the ptes that map it, and from their tables to the pmds; puds that are
  // leaves.
  AddWhatLeadsThere(view, ObjectKind::kPte);
  AddWhatLeadsThere(view, ObjectKind::kPmd);
  AddWhatLeadsThere(view, ObjectKind::kPud);
}

void Focus::AddEvent(const Event& event) {
  if (event.location == kNoLocation) return;
  const Object& object = ObjectAt(event.location);
  if (event.kind == EventKind::kNote && IsTableNote(event.detail)) {
    tables_ |= TableBit(event.before - kTablePfnBase);
    return;
  }
  locations_.insert(event.location);
  if (IsPageField(object.kind)) AddFrame(object.frame);
  if (!IsEntry(object.kind)) return;
  if (object.kind == ObjectKind::kPte) tables_ |= TableBit(object.frame);
  AddValue(object.kind, event.before);
  AddValue(object.kind, event.after);
}

void Focus::AddFrame(uint64_t pfn) { frames_ |= HeadBit(pfn); }

void Focus::AddValue(ObjectKind level, uint64_t value) {
  const EntryView entry = DecodeEntry(level, value);
  if (entry.kind == EntryView::kLeaf) AddFrame(entry.frame);
  if (entry.kind == EntryView::kTable && level == ObjectKind::kPmd)
    tables_ |= TableBit(entry.frame);
}

bool Focus::ValueLeadsThere(ObjectKind level, uint64_t value) const {
  const EntryView entry = DecodeEntry(level, value);
  if (entry.kind == EntryView::kLeaf) return (frames_ & HeadBit(entry.frame)) != 0;
  return entry.kind == EntryView::kTable && (tables_ & TableBit(entry.frame)) != 0;
}

void Focus::AddWhatLeadsThere(const TraceView& view, ObjectKind level) {
  for (size_t i = 0; i < view.count; ++i) {
    const Event& event = view.events[i];
    if (event.location == kNoLocation || event.kind == EventKind::kNote) continue;
    const Object& object = ObjectAt(event.location);
    if (object.kind != level) continue;
    if (!ValueLeadsThere(level, event.before) && !ValueLeadsThere(level, event.after)) continue;
    locations_.insert(event.location);
    if (level == ObjectKind::kPte) tables_ |= TableBit(object.frame);
  }
}

bool Focus::HasLocation(LocationId location) const {
  return everything_ || locations_.contains(location);
}

bool Focus::HasFrame(uint64_t pfn) const { return everything_ || (frames_ & HeadBit(pfn)) != 0; }

bool Focus::HasTable(uint64_t table_index) const {
  return everything_ || (tables_ & TableBit(table_index)) != 0;
}

bool Focus::Has(LocationId location) const {
  if (HasLocation(location)) return true;
  const Object& object = ObjectAt(location);
  return location != kNoLocation && IsPageField(object.kind) && HasFrame(object.frame);
}

}  // namespace walkrace
