#include "oracle/no_forbidden_page_oracle.h"

#include "kernel/page_ref.h"
#include "oracle/mapping_history.h"
#include "oracle/note_fields.h"
#include "oracle/reference_history.h"
#include "oracle/trace_search.h"

namespace walkrace {
namespace {

constexpr uint32_t kLongTermWrite = FOLL_PIN | FOLL_LONGTERM | FOLL_WRITE;

// What the page is that this call must not have, or null.
const char* Forbidden(const Reference& reference) {
  switch (PinnableOf(reference.page.pfn)) {
    case Pinnable::kNever:
      return "is secretmem";
    case Pinnable::kNotForLong:
      if ((reference.flags & kLongTermWrite) != kLongTermWrite) return nullptr;
      return "belongs to a file with dirty tracking, for a long-term pin for writing";
    case Pinnable::kYes:
      break;
  }
  return nullptr;
}

}  // namespace

void NoForbiddenPageOracle::OnEvent(const Event& event, const Object& /*object*/,
                                    uint32_t /*index*/) {
  const PageNote fields = PageNoteOf(event);
  if (!fields.InArea() || !fields.IsFrame()) return;
  const Reference& reference = references().HeldBy(event.cpu).back();
  const char* what = Forbidden(reference);
  if (what == nullptr) return;
  const uint32_t taking = FindTaking(engine(), reference);
  // Nobody has what is not mapped yet.
  const uint32_t mapped = mappings().Before(reference.area_page, taking).from_event;
  Report(event, mapped == 0 ? kNoEvent : mapped, taking, "GUP returned %s for page %d, which %s",
         NameOfFrame(reference.page.pfn).c_str(), reference.area_page, what);
}

}  // namespace walkrace
