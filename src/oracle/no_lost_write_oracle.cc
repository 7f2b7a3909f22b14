#include "oracle/no_lost_write_oracle.h"

#include <cstdio>
#include <string>

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
  for (int n = 0; n < AreaPagesInUse(); ++n) {
    Page& page = pages_[n];
    page.value_count = 1;
    page.discards = 0;
    page.lazy = false;
    page.judged = true;
    page.discarded_until = 0;
    page.values[0] = {ContentAt(n), kNoEvent};
  }
}

void NoLostWriteOracle::OnEvent(const Event& event, const Object& object, uint32_t index) {
  if (event.detail == WR_NOTE_DISCARD_BEGIN || event.detail == WR_NOTE_DISCARD_END) {
    OnDiscard(event, index);
    return;
  }
  if (event.detail == WR_NOTE_LAZY_FREE_BEGIN || event.detail == WR_NOTE_LAZY_FREE_END) {
    OnLazyFree(event, index);
    return;
  }
  const int page = AreaPage(event.before);
  if (page < 0) return;
  if (event.detail == WR_NOTE_USER_READ) {
    OnRead(event, page, index);
  } else if (event.detail == WR_NOTE_USER_WRITE) {
    Write(pages_[page], event.after, index);
  } else {
    OnPinAccess(event, object, page, index);
  }
}

void NoLostWriteOracle::OnDiscard(const Event& event, uint32_t index) {
  const RangeNote range = RangeNoteOf(event);
  for (int n = range.first; n < range.end; ++n) {
    Page& page = pages_[n];
    if (event.detail == WR_NOTE_DISCARD_BEGIN) {
      ++page.discards;
      Add(page, 0, kNoEvent);
    } else if (page.discards > 0) {
      --page.discards;
      page.discarded_until = index;
    }
  }
}

void NoLostWriteOracle::OnLazyFree(const Event& event, uint32_t index) {
  const RangeNote range = RangeNoteOf(event);
  for (int n = range.first; n < range.end; ++n) {
    Page& page = pages_[n];
    if (event.detail == WR_NOTE_LAZY_FREE_BEGIN) {
      ++page.discards;
      page.lazy = true;
      Add(page, 0, kNoEvent);
    } else if (page.discards > 0) {
      --page.discards;
      // What was swapped out is gone at once: an older reference may be an orphan.
      page.discarded_until = index;
    }
  }
}

void NoLostWriteOracle::OnPinAccess(const Event& event, const Object& content, int page,
                                    uint32_t index) {
  const Reference* reference = references().Find(event.cpu, page, content.frame);
  if (reference == nullptr) return;
  Page& shadow = pages_[page];
  const bool writes = event.detail == WR_NOTE_PIN_WRITE;
  const Mapping& mapping = mappings().Current(page);
  // A copy of a merged page leaves those behind who only read it.
  if (!writes && mapping.page != reference->page && IsKsm(content.frame)) return;
  const bool detached = shadow.discards > 0 || shadow.discarded_until > reference->gup_begin;
  if (!detached || mapping.page == reference->page) {
    if (writes) {
      Write(shadow, event.after, index);
    } else {
      OnRead(event, page, index);
    }
  } else if (writes && mapping.page.pfn == 0) {
    // An orphan, or a page that a collapse will put back.
    Add(shadow, event.after, index);
  }
}

void NoLostWriteOracle::Write(Page& page, uint64_t value, uint32_t index) {
  if (page.discards > 0) {
    Add(page, value, index);
    return;
  }
  page.judged = true;
  page.lazy = false;
  page.value_count = 1;
  page.values[0] = {value, index};
}

void NoLostWriteOracle::Add(Page& page, uint64_t value, uint32_t write) {
  for (int i = 0; i < page.value_count; ++i) {
    if (page.values[i].value == value) return;
  }
  if (page.value_count == kValuesMax) {
    page.judged = false;
    return;
  }
  page.values[page.value_count++] = {value, write};
}

bool NoLostWriteOracle::Settle(Page& page, uint64_t value) {
  for (int i = 0; i < page.value_count; ++i) {
    if (page.values[i].value != value) continue;
    page.values[0] = page.values[i];
    page.value_count = 1;
    // Not zero yet: it may still become so.
    if (value == 0) page.lazy = false;
    if (page.lazy) page.values[page.value_count++] = {0, kNoEvent};
    return true;
  }
  return false;
}

uint32_t NoLostWriteOracle::LastWrite(const Page& page) {
  uint32_t last = kNoEvent;
  for (int i = 0; i < page.value_count; ++i) {
    const uint32_t write = page.values[i].write;
    if (write != kNoEvent && (last == kNoEvent || write > last)) last = write;
  }
  return last;
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

void NoLostWriteOracle::OnRead(const Event& event, int page, uint32_t index) {
  Page& shadow = pages_[page];
  if (shadow.discards > 0 || !shadow.judged || Settle(shadow, event.after)) return;
  const uint16_t frame = ObjectAt(event.location).frame;
  const Pair pair = Blame(page, frame, event.after, LastWrite(shadow), index);
  Report(event, pair.first, pair.second, "CPU %d reads %s at page %d, which must show %s%s",
         event.cpu, SayValue(event.after).c_str(), page, SayValue(shadow.values[0].value).c_str(),
         shadow.value_count > 1 ? ", or zero, or what was written since" : "");
}

void NoLostWriteOracle::End() {
  for (int n = 0; n < AreaPagesInUse(); ++n) {
    Page& page = pages_[n];
    const Mapping& mapping = mappings().Current(n);
    const uint64_t shown = ContentAt(n);
    if (!page.judged || Settle(page, shown)) continue;
    const std::string name = mapping.page.pfn == 0 ? "nothing" : NameOfFrame(mapping.page.pfn);
    const Pair pair = Blame(n, mapping.page.pfn, shown, LastWrite(page), kNoEvent);
    ReportAtEnd(pair.first, pair.second, "at the end page %d maps %s and shows %s; it must show %s",
                n, name.c_str(), SayValue(shown).c_str(), SayValue(page.values[0].value).c_str());
    return;
  }
}

}  // namespace walkrace
