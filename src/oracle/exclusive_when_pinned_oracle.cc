#include "oracle/exclusive_when_pinned_oracle.h"

#include "kernel/mm_types.h"
#include "kernel/page_ref.h"
#include "oracle/mapping_history.h"
#include "oracle/note_fields.h"
#include "oracle/reference_history.h"
#include "oracle/trace_search.h"

namespace walkrace {
namespace {

constexpr uint64_t kExclusive = uint64_t{1} << PG_anon_exclusive;

// Whether this event took the exclusiveness of some page away.
bool Clears(const Event& event) {
  return event.kind != EventKind::kNote && (event.before & ~event.after & kExclusive) != 0;
}

// The page whose flag speaks for this one: of a huge mapping, the head.
uint16_t FlagPageOf(const Reference& reference, const MappingHistory& mappings) {
  const Mapping& mapping = mappings.Current(reference.area_page);
  return mapping.huge && mapping.page == reference.page ? reference.head : reference.page.pfn;
}

bool IsPinOfAnon(const Reference& reference) {
  return (reference.flags & FOLL_PIN) != 0 && IsAnon(reference.page.pfn);
}

}  // namespace

void ExclusiveWhenPinnedOracle::OnEvent(const Event& event, const Object& object, uint32_t index) {
  if (event.kind == EventKind::kNote) {
    OnReturned(event);
  } else if (Clears(event)) {
    OnCleared(event, object.frame, index);
  }
}

void ExclusiveWhenPinnedOracle::OnReturned(const Event& event) {
  const PageNote fields = PageNoteOf(event);
  if (!fields.InArea() || !fields.IsFrame()) return;
  const Reference& reference = references().HeldBy(event.cpu).back();
  if (!IsPinOfAnon(reference)) return;
  const uint16_t flag_page = FlagPageOf(reference, mappings());
  if (IsAnonExclusive(flag_page)) return;
  const uint32_t cleared = FindLast(engine(), kNoEvent, [&](const Event& other) {
    if (!Clears(other)) return false;
    const Object& object = ObjectAt(other.location);
    return object.kind == ObjectKind::kPageFlags && object.frame == flag_page;
  });
  Report(event, cleared, FindTaking(engine(), reference),
         "GUP returned %s for page %d with a pin, which is not exclusive to its mm: the next write "
         "may copy away from the pin",
         NameOfFrame(reference.page.pfn).c_str(), reference.area_page);
}

void ExclusiveWhenPinnedOracle::OnCleared(const Event& event, uint16_t pfn, uint32_t index) {
  for (CpuId cpu = 0; cpu < kCpusMax; ++cpu) {
    for (const Reference& reference : references().HeldBy(cpu)) {
      if (!mappings().IsCurrent(reference.page) || !IsPinOfAnon(reference)) continue;
      if (FlagPageOf(reference, mappings()) != pfn) continue;
      Report(event, index, FindTaking(engine(), reference),
             "CPU %d makes %s shared while CPU %d holds the pin that GUP returned for page %d",
             event.cpu, NameOfFrame(reference.page.pfn).c_str(), cpu, reference.area_page);
      return;
    }
  }
}

}  // namespace walkrace
