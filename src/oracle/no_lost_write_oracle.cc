#include "oracle/no_lost_write_oracle.h"

#include <cstdio>
#include <string>

#include "base/check.h"
#include "kernel/page_ref.h"
#include "oracle/mapping_history.h"
#include "oracle/note_fields.h"
#include "oracle/reference_history.h"
#include "oracle/trace_search.h"

namespace walkrace {
namespace {

// The access that a note is about: the event before it.
uint32_t AccessOf(const Engine& engine, uint32_t note) {
  if (note == kNoEvent || note == 0) return note;
  const Event& before = engine.events()[note - 1];
  return before.location == engine.events()[note].location ? note - 1 : note;
}

// The note of the last write that left this value in the frame, or kNoEvent.
uint32_t FindWriteTo(const Engine& engine, uint16_t frame, uint64_t value) {
  return FindLast(engine, kNoEvent, [&](const Event& event) {
    return event.kind == EventKind::kNote && event.after == value &&
           (event.detail == WR_NOTE_USER_WRITE || event.detail == WR_NOTE_PIN_WRITE) &&
           ObjectAt(event.location).frame == frame;
  });
}

std::string SayValue(uint64_t value) {
  char text[24];
  // What nobody wrote: freed memory.
  const bool written = value <= UINT32_MAX;
  (void)std::snprintf(text, sizeof(text), written ? "%llu" : "%#llx",
                      static_cast<unsigned long long>(value));
  return text;
}

}  // namespace

void NoLostWriteOracle::Begin() {
  if (start_number_ != StartNumber()) KeepStart();
  const int pages = AreaPagesInUse();
  for (int n = 0; n < pages; ++n) pages_[n].Reset(start_values_[n]);
  for (int i = 0; i < kFilePages && HasFiles(); ++i) file_pages_[i].Reset(start_file_values_[i]);
  move_count_ = 0;
  forked_ = 0;
}

void NoLostWriteOracle::KeepStart() {
  start_number_ = StartNumber();
  for (int n = 0; n < AreaPagesInUse(); ++n) start_values_[n] = ContentAt(n);
  for (int i = 0; i < kFilePages; ++i) {
    const uint16_t pfn = FrameOfFilePage(i);
    start_file_values_[i] = pfn == 0 ? 0 : ContentOf(pfn);
  }
}

void NoLostWriteOracle::OnEvent(const Event& event, const Object& object, uint32_t index) {
  switch (event.detail) {
    case WR_NOTE_DISCARD_BEGIN:
    case WR_NOTE_DISCARD_END:
    case WR_NOTE_LAZY_FREE_BEGIN:
    case WR_NOTE_LAZY_FREE_END:
      return OnRange(event, index);
    case WR_NOTE_FILE_DISCARD_BEGIN:
    case WR_NOTE_FILE_DISCARD_END:
      return OnFileRange(event, index);
    case WR_NOTE_MOVE_BEGIN:
    case WR_NOTE_MOVE_END:
      return OnMove(event, index);
    case WR_NOTE_FORK_COPIED:
      return OnForkCopied(event);
    case WR_NOTE_MUTATOR_END:
      return OnForkEnd(event);
    default:
      break;
  }
  const int page = AreaPage(event.before);
  if (page < 0) return;
  if (event.detail == WR_NOTE_USER_READ) {
    OnRead(event, page, ShadowOf(page), index);
  } else if (event.detail == WR_NOTE_USER_WRITE) {
    OnUserWrite(event, object, page, index);
  } else {
    OnPinAccess(event, object, page, index);
  }
}

void NoLostWriteOracle::OnRange(const Event& event, uint32_t index) {
  const RangeNote range = RangeNoteOf(event);
  if (event.detail == WR_NOTE_DISCARD_BEGIN) discard_begin_[event.cpu] = index;
  for (int n = range.first; n < range.end; ++n) {
    if (event.detail == WR_NOTE_DISCARD_BEGIN) {
      pages_[n].BeginDiscard();
    } else if (event.detail == WR_NOTE_LAZY_FREE_BEGIN) {
      pages_[n].FreeLazily();
    } else {
      // Of a lazy free as well: what was swapped out is gone at once.
      pages_[n].EndDiscard(index);
      if (event.detail == WR_NOTE_DISCARD_END) pages_[n].ForgetBefore(discard_begin_[event.cpu]);
    }
  }
}

void NoLostWriteOracle::OnFileRange(const Event& event, uint32_t index) {
  for (uint64_t i = event.before; i < event.after && i < kFilePages; ++i) {
    if (event.detail == WR_NOTE_FILE_DISCARD_BEGIN) {
      file_pages_[i].BeginDiscard();
    } else {
      file_pages_[i].EndDiscard(index);
    }
  }
}

void NoLostWriteOracle::OnMove(const Event& event, uint32_t index) {
  const int from = AreaPage(event.before);
  const int to = AreaPage(event.after);
  if (from < 0 || to < 0) return;
  if (event.detail == WR_NOTE_MOVE_BEGIN) {
    for (int i = 0; i < kPagesPerRegion; ++i) {
      pages_[to + i] = pages_[from + i];
      pages_[to + i].set_discarded_until(index);  // what was there before
    }
    WR_CHECK(move_count_ < kMovesMax);
    moves_[move_count_++] = {index, kNoEvent, from, to};
    return;
  }
  for (int i = 0; i < kPagesPerRegion; ++i) pages_[from + i].Reset(0);
  for (int i = 0; i < move_count_; ++i) {
    if (moves_[i].from == from && moves_[i].end == kNoEvent) moves_[i].end = index;
  }
}

void NoLostWriteOracle::OnForkCopied(const Event& event) {
  const int child = AreaPage(event.after);
  if (child < 0) return;
  ShadowOf(child).CopyFrom(ShadowOf(AreaPage(event.before)), false);
  forked_ |= 1u << child;
  fork_cpu_ = event.cpu;
}

void NoLostWriteOracle::OnForkEnd(const Event& event) {
  if (event.cpu == fork_cpu_) forked_ = 0;
}

PossibleValues& NoLostWriteOracle::ShadowOf(int page) {
  const int file_page = FilePageOf(page);
  if (file_page >= 0) return file_pages_[file_page];
  for (int i = 0; i < move_count_; ++i) {
    const Move& move = moves_[i];
    if (move.end == kNoEvent && page >= move.from && page < move.from + kPagesPerRegion) {
      return pages_[page - move.from + move.to];
    }
  }
  return pages_[page];
}

int NoLostWriteOracle::PlaceOf(const Reference& reference) const {
  int page = reference.area_page;
  for (int i = 0; i < move_count_; ++i) {
    const Move& move = moves_[i];
    if (move.end < reference.gup_begin) continue;
    if (page < move.from || page >= move.from + kPagesPerRegion) continue;
    // The call may have met it at the old place after the move.
    if (move.end < reference.returned &&
        mappings().WasMapped(page, reference.page, false, move.end)) {
      continue;
    }
    page += move.to - move.from;
  }
  return page;
}

void NoLostWriteOracle::OnUserWrite(const Event& event, const Object& content, int page,
                                    uint32_t index) {
  ShadowOf(page).Write(event.after, index);
  for (uint32_t rest = forked_; rest != 0; rest &= rest - 1) {
    const int child = __builtin_ctz(rest);
    if (child == page) continue;
    const uint16_t mapped = mappings().Current(child).page.pfn;
    if (mapped == content.frame) {
      pages_[child].Write(event.after, index);
    } else if (mapped == 0) {
      // On its way to another frame.
      pages_[child].Open();
      pages_[child].Add(event.after, index);
    }
  }
}

void NoLostWriteOracle::OnSharedWrite(uint16_t frame, int own_page, uint64_t value,
                                      uint32_t index) {
  for (int n = 0; n < AreaPagesInUse(); ++n) {
    // A migration entry, or the swap cache, keeps the frame for whoever had it mapped.
    uint16_t mapped = mappings().Current(n).page.pfn;
    if (mapped == 0) mapped = FrameBehind(n);
    // Or the entry is clear for a moment, under its lock, and will have the frame again.
    const uint32_t ended = mappings().EndOfMapping(n, frame);
    if (mapped == 0 && ended != kNoEvent && ended == mappings().LastChange(n)) mapped = frame;
    if (mapped != frame && (n != own_page || mapped != 0)) continue;
    pages_[n].Open();
    pages_[n].Add(value, index);
  }
}

void NoLostWriteOracle::OnPinAccess(const Event& event, const Object& content, int page,
                                    uint32_t index) {
  const Reference* reference = references().Find(event.cpu, page, content.frame);
  if (reference == nullptr) return;
  const bool writes = event.detail == WR_NOTE_PIN_WRITE;
  if (const int file_page = FilePageIn(content.frame); file_page >= 0) {
    // In the page cache, it is seen at whatever address it is mapped.
    if (writes) {
      file_pages_[file_page].Write(event.after, index);
    } else {
      OnRead(event, page, file_pages_[file_page], index);
    }
    return;
  }
  if (!IsAnon(content.frame)) return;  // truncated
  page = PlaceOf(*reference);
  PossibleValues& shadow = pages_[page];
  const bool protects = (reference->flags & FOLL_PIN) != 0 || IsAnonExclusive(content.frame);
  if (!protects) {
    if (writes) OnSharedWrite(content.frame, page, event.after, index);
    return;
  }
  const Mapping& mapping = mappings().Current(page);
  if (!shadow.DiscardedSince(reference->gup_begin) || mapping.page == reference->page) {
    if (writes) {
      shadow.Write(event.after, index);
    } else {
      OnRead(event, page, shadow, index);
    }
  } else if (writes && mapping.page.pfn == 0) {
    // An orphan, or a page that a collapse will put back.
    shadow.Add(event.after, index);
  }
}

NoLostWriteOracle::Pair NoLostWriteOracle::Blame(int page, uint16_t frame, uint64_t shown,
                                                 uint32_t lost, uint32_t read) const {
  // Written over through an address that the frame had served before.
  const uint32_t intruder = FindWriteTo(engine(), frame, shown);
  if (intruder != kNoEvent) {
    const int other = AreaPage(engine().events()[intruder].before);
    if (other >= 0 && other != page) {
      return {mappings().EndOfMapping(other, frame), AccessOf(engine(), intruder)};
    }
  }
  // Read where the page is no more.
  if (read != kNoEvent && mappings().EndOfMapping(page, frame) != kNoEvent) {
    return {mappings().EndOfMapping(page, frame), AccessOf(engine(), read)};
  }
  const uint32_t second = AccessOf(engine(), lost == kNoEvent ? read : lost);
  // Written where the page was no more, or was about to leave.
  if (lost != kNoEvent) {
    const uint16_t written = ObjectAt(engine().events()[lost].location).frame;
    const uint32_t ended = mappings().EndOfMapping(page, written);
    if (ended != kNoEvent) return {ended, second};
  }
  return {mappings().LastChange(page), second};
}

void NoLostWriteOracle::OnRead(const Event& event, int page, PossibleValues& shadow,
                               uint32_t index) {
  if (!shadow.judged() || shadow.Settle(event.after)) return;
  const uint16_t frame = ObjectAt(event.location).frame;
  const Pair pair = Blame(page, frame, event.after, shadow.LastWrite(), index);
  Report(event, pair.first, pair.second, "CPU %d reads %s at page %d, which must show %s%s",
         event.cpu, SayValue(event.after).c_str(), page, SayValue(shadow.first()).c_str(),
         shadow.certain() ? "" : ", or zero, or what was written since");
}

void NoLostWriteOracle::End() {
  uint64_t contents[kPagesPerRegion];
  for (int n = 0; n < AreaPagesInUse(); ++n) {
    if (n % kPagesPerRegion == 0) ContentsOfRegion(n / kPagesPerRegion, contents);
    PossibleValues& page = ShadowOf(n);
    const uint64_t shown = contents[n % kPagesPerRegion];
    if (!page.judged_at_end() || page.Settle(shown)) continue;
    const Mapping& mapping = mappings().Current(n);
    const std::string name = mapping.page.pfn == 0 ? "nothing" : NameOfFrame(mapping.page.pfn);
    Pair pair = Blame(n, mapping.page.pfn, shown, page.LastWrite(), kNoEvent);
    // Nobody wrote: what survived a discard is shown.
    if (pair.second == kNoEvent && page.discarded_until() != 0) {
      pair.second = page.discarded_until();
    }
    ReportAtEnd(pair.first, pair.second, "at the end page %d maps %s and shows %s; it must show %s",
                n, name.c_str(), SayValue(shown).c_str(), SayValue(page.first()).c_str());
    return;
  }
}

}  // namespace walkrace
