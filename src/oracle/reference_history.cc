#include "oracle/reference_history.h"

#include "base/check.h"
#include "kernel/page_ref.h"
#include "oracle/note_fields.h"

namespace walkrace {
namespace {

constexpr uint32_t kKindFlags = FOLL_GET | FOLL_PIN;

}  // namespace

void ReferenceHistory::Begin(const Engine* engine) {
  engine_ = engine;
  for (CpuId cpu = 0; cpu < kCpusMax; ++cpu) {
    call_[cpu] = kNoEvent;
    held_[cpu].clear();
  }
  last_put_valid_ = false;
}

void ReferenceHistory::OnNote(const Event& note, uint32_t index, const MappingHistory& mappings) {
  switch (note.detail) {
    case WR_NOTE_GUP_BEGIN:
      call_[note.cpu] = index;
      break;
    case WR_NOTE_GUP_END:
      call_[note.cpu] = kNoEvent;
      break;
    case WR_NOTE_PAGE_RETURNED:
      Return(note, index, mappings);
      break;
    case WR_NOTE_PAGE_PUT:
      Put(note);
      break;
    default:
      break;
  }
}

// What a load saw that ran before the call began is what the call saw.
uint32_t ReferenceHistory::BeginOfCall(CpuId cpu) const {
  uint32_t begin = call_[cpu];
  if (engine_ == nullptr) return begin;
  for (const Engine::OldLoad& load : engine_->old_loads()) {
    const Event* const events = engine_->events();
    if (load.event < call_[cpu] || events[load.event].cpu != cpu) continue;
    while (begin > 0 && events[begin - 1].step > load.ran) --begin;
  }
  return begin;
}

void ReferenceHistory::Return(const Event& note, uint32_t index, const MappingHistory& mappings) {
  const PageNote fields = PageNoteOf(note);
  if (!fields.InArea() || !fields.IsFrame()) return;
  const auto pfn = static_cast<uint16_t>(fields.pfn);
  const uint32_t begin = call_[note.cpu] == kNoEvent ? index : BeginOfCall(note.cpu);
  WR_CHECK(held_[note.cpu].push_back({begin, index, mappings.AllocationOf(pfn), CountsOf(pfn).head,
                                      note.cpu, static_cast<uint8_t>(fields.page), fields.flags}));
}

void ReferenceHistory::Put(const Event& note) {
  const PageNote fields = PageNoteOf(note);
  List& held = held_[note.cpu];
  last_put_valid_ = false;
  for (Reference& reference : held) {
    if (reference.area_page != fields.page || reference.page.pfn != fields.pfn) continue;
    if (((reference.flags ^ fields.flags) & kKindFlags) != 0) continue;
    last_put_ = reference;
    last_put_valid_ = true;
    reference = held.back();
    held.pop_back();
    return;
  }
}

const Reference* ReferenceHistory::Find(CpuId cpu, int area_page, uint64_t pfn) const {
  const Reference* youngest = nullptr;
  for (const Reference& reference : held_[cpu]) {
    if (reference.area_page != area_page || reference.page.pfn != pfn) continue;
    if (youngest == nullptr || reference.gup_begin > youngest->gup_begin) youngest = &reference;
  }
  return youngest;
}

bool Reference::CountsAs(uint32_t counts) const {
  if (counts == WR_COUNTS_WRITES) return (flags & FOLL_WRITE) != 0;
  return counts != WR_COUNTS_PINS || (flags & FOLL_PIN) != 0;
}

const Reference* ReferenceHistory::FindOnFolio(uint16_t head, const MappingHistory& mappings,
                                               uint32_t counts) const {
  for (const List& held : held_) {
    for (const Reference& reference : held) {
      if (reference.head == head && mappings.IsCurrent(reference.page) &&
          reference.CountsAs(counts)) {
        return &reference;
      }
    }
  }
  return nullptr;
}

}  // namespace walkrace
