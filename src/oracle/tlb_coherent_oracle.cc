#include "oracle/tlb_coherent_oracle.h"

#include <cstring>

#include "oracle/mapping_history.h"
#include "oracle/trace_search.h"

namespace walkrace {

void TlbCoherentOracle::Begin() {
  std::memset(generation_, 0, sizeof(generation_));
  for (RangeNote& range : discard_) range = {0, 0};
}

void TlbCoherentOracle::OnEvent(const Event& event, const Object& object, uint32_t index) {
  if (event.kind == EventKind::kTlb) {
    OnFill(event, index);
  } else if (event.detail == WR_NOTE_DISCARD_BEGIN) {
    discard_[event.cpu] = RangeNoteOf(event);
  } else if (event.detail == WR_NOTE_DISCARD_END) {
    discard_[event.cpu] = {0, 0};
  } else {
    OnUse(event, object.frame, index);
  }
}

bool TlbCoherentOracle::IsBeingDiscarded(int page) const {
  for (const RangeNote& range : discard_) {
    if (page >= range.first && page < range.end) return true;
  }
  return false;
}

// A huge entry serves its whole region, a small one its page: two kinds in one region overlap.
void TlbCoherentOracle::OnFill(const Event& event, uint32_t index) {
  const int page = static_cast<int>(event.before);
  const Translation filled = CachedTranslation(event.cpu, page);
  generation_[event.cpu][page] = mappings().GenerationOf(filled.pfn);
  // Between a huge page's zap and the flush that mmu_gather has put off, a fault may map a base
  // page: Linux has that window, and the hardware hits the huge entry meanwhile.
  if (IsBeingDiscarded(page)) return;
  const int first = page / kPagesPerRegion * kPagesPerRegion;
  for (int other = first; other < first + kPagesPerRegion; ++other) {
    const Translation held = CachedTranslation(event.cpu, other);
    if (held.pfn == 0 || held.huge == filled.huge) continue;
    Report(event, mappings().LastChange(page), index,
           "CPU %d's TLB takes in a %s translation of page %d (%s), and holds a %s one of page %d "
           "(%s) still",
           event.cpu, filled.huge ? "huge" : "small", page, NameOfFrame(filled.pfn).c_str(),
           held.huge ? "huge" : "small", other, NameOfFrame(held.pfn).c_str());
    return;
  }
}

void TlbCoherentOracle::OnUse(const Event& event, uint16_t pfn, uint32_t index) {
  const int page = AreaPage(event.before);
  // What came by another way than this CPU's TLB, a guest's access say, is not judged here.
  if (page < 0 || CachedTranslation(event.cpu, page).pfn != pfn) return;
  const bool free = FrameIsFree(pfn);
  if (!free && mappings().GenerationOf(pfn) == generation_[event.cpu][page]) return;
  const uint32_t freed = FindLast(engine(), index, [pfn](const Event& other) {
    return other.kind == EventKind::kNote && other.detail == WR_NOTE_FOLIO_FREE &&
           pfn - other.before < uint64_t{1} << other.after;
  });
  Report(event, freed, index, "CPU %d uses a translation of page %d to %s, which %s", event.cpu,
         page, NameOfFrame(pfn).c_str(), free ? "is free" : "was freed and is somebody else's now");
}

}  // namespace walkrace
