#include "oracle/no_stale_page_oracle.h"

#include "kernel/page_ref.h"
#include "oracle/mapping_history.h"
#include "oracle/note_fields.h"
#include "oracle/reference_history.h"
#include "oracle/trace_search.h"

namespace walkrace {

void NoStalePageOracle::Begin() {
  for (uint64_t& raised : raised_) raised = 0;
}

void NoStalePageOracle::OnEvent(const Event& event, const Object& object, uint32_t index) {
  if (event.kind != EventKind::kNote) {
    if (static_cast<int64_t>(event.after - event.before) > 0) {
      raised_[event.cpu] |= uint64_t{1} << object.frame;
    }
  } else if (event.detail == WR_NOTE_GUP_BEGIN) {
    raised_[event.cpu] = 0;
  } else {
    OnReturned(event, index);
  }
}

void NoStalePageOracle::OnReturned(const Event& event, uint32_t index) {
  const PageNote fields = PageNoteOf(event);
  if (!fields.InArea()) return;
  if (!fields.IsFrame()) {
    Report(event, kNoEvent, index, "GUP returned pfn %#llx for page %d: no such frame",
           static_cast<unsigned long long>(fields.pfn), fields.page);
    return;
  }
  const Reference& reference = references().HeldBy(event.cpu).back();
  const bool for_writing = (fields.flags & FOLL_WRITE) != 0;
  if (FrameIsFree(reference.page.pfn) ||
      !mappings().WasMapped(fields.page, reference.page, for_writing, reference.gup_begin)) {
    ReportStale(event, reference);
    return;
  }
  if ((raised_[event.cpu] >> reference.head & 1) == 0) {
    Report(event, kNoEvent, index, "GUP returned %s for page %d without a reference on %s",
           NameOfFrame(reference.page.pfn).c_str(), fields.page,
           NameOfFrame(reference.head).c_str());
  }
}

// Where mremap moved the page's table during the call, or an mm let go of a table that it shared,
// that is what made both re-reads pass.
uint32_t NoStalePageOracle::FindMove(const Reference& reference) const {
  const int region = reference.area_page / kPagesPerRegion;
  const uint32_t unlinked = FindLast(engine(), reference.returned, [&](const Event& event) {
    return &event - engine().events() > reference.gup_begin &&
           (event.kind == EventKind::kStore || event.kind == EventKind::kRmw) && event.after == 0 &&
           ObjectAt(event.location).kind == ObjectKind::kPud;
  });
  if (unlinked != kNoEvent) return unlinked;
  return FindLast(engine(), reference.returned, [&](const Event& event) {
    return event.kind == EventKind::kNote && event.detail == WR_NOTE_MOVE_BEGIN &&
           &event - engine().events() > reference.gup_begin &&
           (AreaPage(event.before) / kPagesPerRegion == region ||
            AreaPage(event.after) / kPagesPerRegion == region);
  });
}

void NoStalePageOracle::ReportStale(const Event& at, const Reference& reference) {
  const int page = reference.area_page;
  const uint16_t pfn = reference.page.pfn;
  const std::string name = NameOfFrame(pfn);
  const uint32_t taking = FindTaking(engine(), reference);
  uint32_t ended = mappings().EndOfMapping(page, pfn);
  if (FrameIsFree(pfn)) {
    Report(at, ended, taking, "GUP returned %s for page %d, which is free", name.c_str(), page);
    return;
  }
  if (mappings().WasMapped(page, reference.page, false, reference.gup_begin)) {
    Report(at, ended, taking, "GUP returned %s for page %d for writing, which was mapped read-only",
           name.c_str(), page);
    return;
  }
  if (const uint32_t move = FindMove(reference); move != kNoEvent) ended = move;
  // Never mapped there in any life of the frame: what made it somebody else's?
  if (ended == kNoEvent) {
    ended = FindLast(engine(), reference.returned, [&](const Event& event) {
      return event.kind == EventKind::kNote && event.detail == WR_NOTE_FOLIO_ALLOC &&
             event.before == reference.head;
    });
  }
  const uint16_t now = mappings().Current(page).page.pfn;
  const std::string now_name = now == 0 ? "nothing" : NameOfFrame(now);
  Report(at, ended, taking,
         "GUP returned %s for page %d, which this mm did not map there during the call (now: %s)",
         name.c_str(), page, now_name.c_str());
}

}  // namespace walkrace
