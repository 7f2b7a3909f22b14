#include "oracle/checked_what_was_used_oracle.h"

#include "oracle/note_fields.h"
#include "oracle/trace_search.h"

namespace walkrace {

void CheckedWhatWasUsedOracle::Begin() {
  for (Walk& walk : walks_) walk = Walk();
  for (uint32_t& pages : differs_) pages = 0;
}

void CheckedWhatWasUsedOracle::OnEvent(const Event& event, const Object& object, uint32_t index) {
  if (event.kind == EventKind::kNote) {
    OnNote(event, object, index);
  } else if (object.kind == ObjectKind::kMapping) {
    OnReadOfMapping(event, index);
  } else if (!IsHalfOfEntry(event)) {
    OnRead(event, index);
  }
}

void CheckedWhatWasUsedOracle::OnRead(const Event& event, uint32_t index) {
  Walk& walk = walks_[event.cpu];
  for (Entry* entry : {&walk.pmd, &walk.pte}) {
    if (entry->location != event.location) continue;
    entry->used = event.before;
    entry->used_at = index;
  }
}

void CheckedWhatWasUsedOracle::OnReadOfMapping(const Event& event, uint32_t index) {
  const Walk& walk = walks_[event.cpu];
  if (walk.mapping != event.location || walk.tested_mapping == event.before) return;
  Report(event, FindWriteOf(engine(), event.location, event.before, index), index,
         "CPU %d goes by %s as %s, which it tested as %s", event.cpu,
         NameOf(event.location).c_str(), NameOfValue(event.location, event.before).c_str(),
         NameOfValue(event.location, walk.tested_mapping).c_str());
}

void CheckedWhatWasUsedOracle::OnNote(const Event& note, const Object& object, uint32_t index) {
  Walk& walk = walks_[note.cpu];
  switch (note.detail) {
    case WR_NOTE_GUP_BEGIN:
      walk = Walk();
      differs_[note.cpu] = 0;
      break;
    case WR_NOTE_GUP_END:
      walk.mapping = kNoLocation;
      break;
    case WR_NOTE_MAPPING_TESTED:
      walk.mapping = note.location;
      walk.tested_mapping = note.before;
      break;
    case WR_NOTE_ENTRY_CHECKED:
      // A pud is tested where it is a leaf, and takes the place of a pmd that is one.
      if (object.kind != ObjectKind::kPte) walk.pte = Entry();
      (object.kind != ObjectKind::kPte ? walk.pmd : walk.pte) = {
          note.location, object.kind, note.after, note.after, kNoEvent, false};
      break;
    case WR_NOTE_ENTRY_READ:
      OnRead(note, index);
      break;
    case WR_NOTE_PAGE_KEPT:
      OnKept(note, index);
      break;
    default: {
      const int page = PageNoteOf(note).page;
      if (page >= 0 && (differs_[note.cpu] >> page & 1) != 0) {
        ReportUse(note, kept_[note.cpu][page], page);
      }
      break;
    }
  }
}

void CheckedWhatWasUsedOracle::OnKept(const Event& note, uint32_t index) {
  walks_[note.cpu].mapping = kNoLocation;
  const PageNote fields = PageNoteOf(note);
  if (!fields.InArea()) return;
  differs_[note.cpu] &= ~(uint32_t{1} << fields.page);
  if (fields.pfn == 0) return;  // put back again: the slow path returns this page, if any does
  const Walk& walk = walks_[note.cpu];
  const bool huge = walk.pte.location == kNoLocation;
  const Entry& leaf = huge ? walk.pmd : walk.pte;
  if (leaf.location == kNoLocation) return;
  Entry& kept = kept_[note.cpu][fields.page];
  kept = walk.pmd.Differs() ? walk.pmd : leaf;
  if (!kept.Differs()) {
    const EntryView view = DecodeEntry(leaf.level, leaf.tested);
    const int offset = huge ? fields.page % kPagesPerRegion : 0;
    if (view.kind == EntryView::kLeaf && view.frame + offset == static_cast<int>(fields.pfn))
      return;
    kept.other_frame = true;
    kept.used_at = index;
  }
  differs_[note.cpu] |= uint32_t{1} << fields.page;
}

void CheckedWhatWasUsedOracle::ReportUse(const Event& at, const Entry& entry, int page) {
  if (entry.other_frame) {
    Report(at, kNoEvent, entry.used_at, "GUP returned page %d by %s, which it tested as %s", page,
           NameOf(entry.location).c_str(), NameOfValue(entry.location, entry.tested).c_str());
    return;
  }
  const uint32_t change = FindWriteOf(engine(), entry.location, entry.used, entry.used_at);
  Report(at, change, entry.used_at,
         "GUP returned page %d by %s, which it tested as %s and then used as %s", page,
         NameOf(entry.location).c_str(), NameOfValue(entry.location, entry.tested).c_str(),
         NameOfValue(entry.location, entry.used).c_str());
}

}  // namespace walkrace
