#include "oracle/trace_search.h"

#include "kernel/page_ref.h"
#include "oracle/note_fields.h"

namespace walkrace {
namespace {

bool IsRefcountOf(const Event& event, uint16_t head) {
  if (event.kind != EventKind::kRmw && event.kind != EventKind::kLoad) return false;
  const Object& object = ObjectAt(event.location);
  return object.kind == ObjectKind::kRefcount && object.frame == head;
}

bool IsNote(const Event& event, wr_note_kind what) {
  return event.kind == EventKind::kNote && event.detail == what;
}

int64_t ChangeBy(const Event& event) { return static_cast<int64_t>(event.after - event.before); }

// The references of one GUP call to one folio, event by event.
struct CallOnFolio {
  int64_t held = 0;           // taken and not put back in this call
  uint32_t taken = kNoEvent;  // where the present holding began

  void OnChange(int64_t change, uint32_t index) {
    if (change > 0 && held <= 0) taken = index;
    held += change;
    if (held <= 0) taken = kNoEvent;
  }
};

int64_t CountOfReference(uint32_t flags, uint16_t folio_pages) {
  return (flags & FOLL_PIN) != 0 && folio_pages == 1 ? GUP_PIN_COUNTING_BIAS : 1;
}

// What the CPU's last call that ended with a reference too many had taken.
uint32_t FindLeakOf(const Engine& engine, CpuId cpu, uint16_t head) {
  CallOnFolio call;
  bool in_call = false;
  uint32_t leak = kNoEvent;
  const uint16_t pages = CountsOf(head).pages;
  for (uint32_t i = 0; i < engine.event_count(); ++i) {
    const Event& event = engine.events()[i];
    if (event.cpu != cpu) continue;
    if (IsNote(event, WR_NOTE_GUP_BEGIN)) {
      call = CallOnFolio();
      in_call = true;
    } else if (IsNote(event, WR_NOTE_GUP_END)) {
      if (call.held > 0) leak = call.taken;
      in_call = false;
    } else if (in_call && IsNote(event, WR_NOTE_PAGE_RETURNED)) {
      const PageNote fields = PageNoteOf(event);
      if (fields.IsFrame() && CountsOf(static_cast<uint16_t>(fields.pfn)).head == head) {
        call.held -= CountOfReference(fields.flags, pages);
      }
    } else if (in_call && event.kind == EventKind::kRmw && IsRefcountOf(event, head)) {
      call.OnChange(ChangeBy(event), i);
    }
  }
  return leak;
}

}  // namespace

uint32_t FindTaking(const Engine& engine, const Reference& reference) {
  CallOnFolio call;
  uint32_t taken = kNoEvent;
  for (uint32_t i = reference.gup_begin; i < reference.returned; ++i) {
    const Event& event = engine.events()[i];
    if (event.cpu != reference.cpu || event.kind != EventKind::kRmw) continue;
    if (!IsRefcountOf(event, reference.head)) continue;
    call.OnChange(ChangeBy(event), i);
    taken = call.taken;
  }
  return taken == kNoEvent ? reference.returned : taken;
}

uint32_t FindLook(const Engine& engine, uint32_t check, uint16_t head) {
  if (check >= engine.event_count()) return check;
  const Event& note = engine.events()[check];
  if (!IsNote(note, WR_NOTE_COUNT_CHECK)) return check;
  const uint32_t look = FindLast(engine, check, [&](const Event& event) {
    return event.cpu == note.cpu && IsRefcountOf(event, head);
  });
  return look == kNoEvent ? check : look;
}

uint32_t FindWriteOf(const Engine& engine, LocationId location, uint64_t value, uint32_t end) {
  return FindLast(engine, end, [&](const Event& event) {
    return (event.kind == EventKind::kRmw || event.kind == EventKind::kStore) &&
           event.location == location && event.before != value && event.after == value;
  });
}

uint32_t FindLeak(const Engine& engine, uint16_t head) {
  // Earlier lives of the frame do not count.
  const uint32_t alloc =
      FindLast(engine, static_cast<uint32_t>(engine.event_count()), [&](const Event& event) {
        return IsNote(event, WR_NOTE_FOLIO_ALLOC) && event.before == head;
      });
  uint32_t last = kNoEvent;
  for (CpuId cpu = 0; cpu < kCpusMax; ++cpu) {
    const uint32_t leak = FindLeakOf(engine, cpu, head);
    if (leak == kNoEvent || (alloc != kNoEvent && leak < alloc)) continue;
    if (last == kNoEvent || leak > last) last = leak;
  }
  return last;
}

}  // namespace walkrace
