// The fields of a note (kernel/notes.h) as oracles use them: addresses as pages of the area.
#ifndef WALKRACE_ORACLE_NOTE_FIELDS_H_
#define WALKRACE_ORACLE_NOTE_FIELDS_H_

#include "engine/event.h"
#include "machine/inspect.h"

namespace walkrace {

// Notes of an address and a pfn, with FOLL_* where they have them.
struct PageNote {
  int page;      // of the area, or -1 outside
  uint64_t pfn;  // as it was said: it may be no frame at all
  uint32_t flags;

  bool InArea() const { return page >= 0; }
  bool IsFrame() const { return pfn > 0 && pfn < kFramesMax; }
};

inline PageNote PageNoteOf(const Event& note) {
  return {AreaPage(note.before), note.after & UINT32_MAX, static_cast<uint32_t>(note.after >> 32)};
}

// Notes of a range of addresses: pages [first, end) of the area.
struct RangeNote {
  int first, end;
};

inline RangeNote RangeNoteOf(const Event& note) {
  const uint64_t area_start = AreaStart();
  const uint64_t area_end = area_start + kPagesMax * kBytesPerPage;
  const uint64_t mm = note.before >> kMmShift;
  if (mm >= kMmsMax) return {0, 0};
  const auto clip = [mm, area_start, area_end](uint64_t address) {
    address -= mm << kMmShift;
    return address < area_start ? area_start : address > area_end ? area_end : address;
  };
  const auto base = static_cast<int>(mm * kPagesMax);
  const uint64_t first = clip(note.before) - area_start;
  const uint64_t end = clip(note.after) - area_start + kBytesPerPage - 1;
  return {base + static_cast<int>(first / kBytesPerPage),
          base + static_cast<int>(end / kBytesPerPage)};
}

}  // namespace walkrace

#endif  // WALKRACE_ORACLE_NOTE_FIELDS_H_
