#include "oracle/back_off_restores_oracle.h"

#include "oracle/mapping_history.h"
#include "oracle/note_fields.h"

namespace walkrace {
namespace {

std::string Say(const Mapping& mapping) {
  if (mapping.page.pfn == 0) return "nothing";
  return NameOfFrame(mapping.page.pfn) + (mapping.writable ? " rw" : " ro");
}

}  // namespace

void BackOffRestoresOracle::Begin() {
  for (uint32_t& begin : unmap_begin_) begin = kNoEvent;
}

void BackOffRestoresOracle::OnEvent(const Event& event, const Object& /*object*/, uint32_t index) {
  if (event.detail == WR_NOTE_UNMAP_BEGIN) {
    unmap_begin_[event.cpu] = index;
    return;
  }
  const uint32_t begin = unmap_begin_[event.cpu];
  unmap_begin_[event.cpu] = kNoEvent;
  if (event.detail == WR_NOTE_BACKED_OFF && begin != kNoEvent) Compare(event, begin, index);
}

void BackOffRestoresOracle::Compare(const Event& event, uint32_t unmap_begin, uint32_t index) {
  const RangeNote range = RangeNoteOf(event);
  for (int page = range.first; page < range.end; ++page) {
    const Mapping& now = mappings().Current(page);
    const Mapping& then = mappings().Before(page, unmap_begin);
    if (now.page == then.page && now.writable == then.writable) continue;
    const uint32_t change = mappings().LastChange(page);
    Report(event, change, index,
           "CPU %d backed off and leaves %s mapped at page %d, where it found %s", event.cpu,
           Say(now).c_str(), page, Say(then).c_str());
    return;
  }
}

}  // namespace walkrace
