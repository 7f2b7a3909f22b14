#include "oracle/back_off_restores_oracle.h"

#include "oracle/mapping_history.h"
#include "oracle/note_fields.h"
#include "oracle/trace_search.h"

namespace walkrace {
namespace {

std::string Say(const Mapping& mapping) {
  if (mapping.page.pfn == 0) return "nothing";
  return NameOfFrame(mapping.page.pfn) + (mapping.writable ? " rw" : " ro");
}

}  // namespace

void BackOffRestoresOracle::Begin() {
  for (uint32_t& begin : unmap_begin_) begin = kNoEvent;
  for (Replaced& replaced : replaced_) replaced.pages = 0;
}

void BackOffRestoresOracle::OnEvent(const Event& event, const Object& /*object*/, uint32_t index) {
  switch (event.detail) {
    case WR_NOTE_OP_BEGIN:
      replaced_[event.cpu].pages = 0;
      return;
    case WR_NOTE_UNMAP_BEGIN:
      unmap_begin_[event.cpu] = index;
      return;
    case WR_NOTE_FILE_REPLACE_BEGIN:
      OnReplaceBegin(event);
      return;
    case WR_NOTE_FILE_BACKED_OFF:
      CompareFile(event, index);
      return;
    default:
      break;
  }
  const uint32_t begin = unmap_begin_[event.cpu];
  unmap_begin_[event.cpu] = kNoEvent;
  if (event.detail == WR_NOTE_BACKED_OFF && begin != kNoEvent) Compare(event, begin, index);
}

void BackOffRestoresOracle::OnReplaceBegin(const Event& event) {
  Replaced& replaced = replaced_[event.cpu];
  for (uint64_t i = event.before; i < event.after && i < kCachePages; ++i) {
    replaced.pages |= 1u << i;
    replaced.then[i] = mappings().AllocationOf(FrameOfFilePage(static_cast<int>(i)));
  }
}

void BackOffRestoresOracle::CompareFile(const Event& event, uint32_t index) {
  const Replaced& replaced = replaced_[event.cpu];
  for (uint64_t i = event.before; i < event.after && i < kCachePages; ++i) {
    if ((replaced.pages >> i & 1) == 0) continue;
    const Allocation then = replaced.then[i];
    const Allocation now = mappings().AllocationOf(FrameOfFilePage(static_cast<int>(i)));
    if (now == then) continue;
    const uint32_t stored = FindLast(engine(), index, [&](const Event& other) {
      const Object& object = ObjectAt(other.location);
      return other.kind == EventKind::kStore && other.cpu == event.cpu &&
             object.kind == ObjectKind::kFileSlot && object.index == i;
    });
    const auto name = [](uint16_t pfn) { return pfn == 0 ? "nothing" : NameOfFrame(pfn); };
    Report(event, stored, index,
           "CPU %d backed off and leaves %s in the page cache as page %d of the file, where it "
           "found %s",
           event.cpu, name(now.pfn).c_str(), static_cast<int>(i), name(then.pfn).c_str());
    return;
  }
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
