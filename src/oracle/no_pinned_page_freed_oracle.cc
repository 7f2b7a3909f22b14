#include "oracle/no_pinned_page_freed_oracle.h"

#include "kernel/mm_types.h"
#include "oracle/mapping_history.h"
#include "oracle/note_fields.h"
#include "oracle/trace_search.h"

namespace walkrace {
namespace {

static_assert(kFramesMax <= 64 && kAreaPages <= 32);

constexpr uint64_t FrameBit(uint64_t pfn) { return uint64_t{1} << pfn; }

// What a check had to count, or a replacement stands on.
uint32_t CountsOfNote(const PageNote& note) {
  return note.flags < WR_COUNTS_KINDS ? note.flags : static_cast<uint32_t>(WR_COUNTS_ANY);
}

}  // namespace

void NoPinnedPageFreedOracle::Begin() {
  for (CpuId cpu = 0; cpu < kCpusMax; ++cpu) Forget(cpu);
  replaced_ = 0;
  shared_ = 0;
  for (uint64_t& put : put_) put = 0;
}

void NoPinnedPageFreedOracle::Forget(CpuId cpu) {
  mutators_[cpu].unmap_begin = kNoEvent;
  mutators_[cpu].was_exclusive = 0;
  for (uint32_t& checked : mutators_[cpu].checked) checked = 0;
}

void NoPinnedPageFreedOracle::OnForkCopied(const Event& event) {
  const int parent = AreaPage(event.before);
  const int child = AreaPage(event.after);
  if (parent < 0 || child < 0) return;
  const Allocation page = mappings().Current(child).page;
  if (page.pfn != 0 && page == mappings().Current(parent).page) shared_ |= FrameBit(page.pfn);
}

void NoPinnedPageFreedOracle::OnEvent(const Event& event, const Object& object, uint32_t index) {
  if (event.kind != EventKind::kNote) {
    constexpr uint64_t kExclusive = uint64_t{1} << PG_anon_exclusive;
    if ((event.after & kExclusive) != 0) shared_ &= ~FrameBit(object.frame);
    return;
  }
  switch (event.detail) {
    case WR_NOTE_UNMAP_BEGIN:
      // Checks made before it stay: that is the very defect of a check that came too early.
      OnUnmapBegin(event, index);
      break;
    case WR_NOTE_OP_BEGIN:
    case WR_NOTE_BACKED_OFF:
    case WR_NOTE_MUTATOR_END:
      Forget(event.cpu);
      break;
    case WR_NOTE_COUNT_CHECK:
      OnCheck(event, index);
      break;
    case WR_NOTE_PAGE_REPLACED:
      OnReplaced(event, index);
      break;
    case WR_NOTE_PAGE_RETURNED:
      OnReturned(event);
      break;
    case WR_NOTE_PAGE_PUT:
      OnPut(index);
      break;
    case WR_NOTE_FOLIO_ALLOC: {
      // A new life of these frames: the history has checked that they exist.
      const uint64_t frames = (FrameBit(uint64_t{1} << event.after) - 1) << event.before;
      replaced_ &= ~frames;
      shared_ &= ~frames;
      for (uint64_t& put : put_) put &= ~frames;
      break;
    }
    case WR_NOTE_FORK_COPIED:
      OnForkCopied(event);
      break;
    case WR_NOTE_FOLIO_FREE:
      OnFree(event, object, index);
      break;
    default:
      break;
  }
}

void NoPinnedPageFreedOracle::OnUnmapBegin(const Event& event, uint32_t index) {
  Mutator& mutator = mutators_[event.cpu];
  mutator.unmap_begin = index;
  const RangeNote range = RangeNoteOf(event);
  for (int n = range.first; n < range.end; ++n) {
    const uint16_t pfn = mappings().Current(n).page.pfn;
    if (pfn != 0 && IsAnonExclusive(pfn)) mutator.was_exclusive |= 1u << n;
  }
}

void NoPinnedPageFreedOracle::OnCheck(const Event& event, uint32_t index) {
  const PageNote fields = PageNoteOf(event);
  if (!fields.InArea() || !fields.IsFrame()) return;
  Mutator& mutator = mutators_[event.cpu];
  const uint32_t counts = CountsOfNote(fields);
  mutator.checked[counts] |= 1u << fields.page;
  mutator.check[counts][fields.page] = {index, static_cast<uint16_t>(fields.pfn)};
}

// The count is the frame's, at whatever address it was looked at: mremap may have moved it since.
// No check at all: missed at the moment when the mutator began.
uint32_t NoPinnedPageFreedOracle::CheckOf(const Mutator& mutator, uint32_t counts, uint16_t pfn,
                                          uint32_t index) {
  uint32_t last = kNoEvent;
  for (uint32_t rest = mutator.checked[counts]; rest != 0; rest &= rest - 1) {
    const Mutator::Check& check = mutator.check[counts][__builtin_ctz(rest)];
    if (check.pfn == pfn && (last == kNoEvent || check.event > last)) last = check.event;
  }
  if (last != kNoEvent) return last;
  return mutator.unmap_begin == kNoEvent ? index : mutator.unmap_begin;
}

void NoPinnedPageFreedOracle::OnReplaced(const Event& event, uint32_t index) {
  const PageNote fields = PageNoteOf(event);
  if (!fields.InArea() || !fields.IsFrame()) return;
  const auto pfn = static_cast<uint16_t>(fields.pfn);
  const uint16_t head = CountsOf(pfn).head;
  const Mutator& mutator = mutators_[event.cpu];
  // Migration and KSM take the flag away before they replace the page.
  const bool exclusive = (mutator.was_exclusive >> fields.page & 1) != 0 || IsAnonExclusive(pfn);
  const bool shared = (shared_ & FrameBit(pfn)) != 0 || (IsAnon(pfn) && !exclusive);
  const uint32_t noted = CountsOfNote(fields);
  const uint32_t missed_at = CheckOf(mutator, noted, pfn, index);
  const uint32_t counts = shared ? static_cast<uint32_t>(WR_COUNTS_PINS) : noted;
  const Replacement replacement = {
      index,  missed_at, mappings().GenerationOf(pfn), event.cpu, static_cast<uint8_t>(fields.page),
      counts, 0,         mutator.unmap_begin};
  // One page at several addresses: all of them are replaced.
  uint32_t area_pages = 1u << fields.page;
  const Replacement& earlier = replacements_[pfn];
  if ((replaced_ & FrameBit(pfn)) != 0 && earlier.generation == replacement.generation &&
      earlier.cpu == event.cpu && earlier.unmap_begin == mutator.unmap_begin) {
    area_pages |= earlier.area_pages;
  }
  replaced_ |= FrameBit(pfn);
  replacements_[pfn] = replacement;
  replacements_[pfn].area_pages = area_pages;
  if (const Reference* held = FindHeld(pfn, head, counts); held != nullptr) {
    ReportMissed(event, replacement, *held, "holds");
  } else if (const Put* put = FindPut(pfn, head, counts, missed_at); put != nullptr) {
    ReportMissed(event, replacement, put->reference, "held until after the check");
  }
}

// Where a large folio's pages are taken away one by one, a reference to another page that is still
// mapped in its place may have come after the check: that page has a check of its own to come.
bool NoPinnedPageFreedOracle::IsOfAnotherPage(const Reference& reference, uint16_t pfn) const {
  return reference.page.pfn != pfn &&
         mappings().Current(reference.area_page).page == reference.page;
}

const Reference* NoPinnedPageFreedOracle::FindHeld(uint16_t pfn, uint16_t head,
                                                   uint32_t counts) const {
  for (CpuId cpu = 0; cpu < kCpusMax; ++cpu) {
    for (const Reference& reference : references().HeldBy(cpu)) {
      if (reference.head == head && mappings().IsCurrent(reference.page) &&
          reference.CountsAs(counts) && !IsOfAnotherPage(reference, pfn)) {
        return &reference;
      }
    }
  }
  return nullptr;
}

const NoPinnedPageFreedOracle::Put* NoPinnedPageFreedOracle::FindPut(uint16_t pfn, uint16_t head,
                                                                     uint32_t counts,
                                                                     uint32_t after) const {
  const uint16_t end = head + CountsOf(head).pages;
  for (uint16_t frame = head; frame < end; ++frame) {
    const Put& put = puts_[counts][frame];
    if ((put_[counts] & FrameBit(frame)) == 0 || put.event <= after) continue;
    if (!IsOfAnotherPage(put.reference, pfn)) return &put;
  }
  return nullptr;
}

void NoPinnedPageFreedOracle::OnReturned(const Event& event) {
  const PageNote fields = PageNoteOf(event);
  if (!fields.InArea() || !fields.IsFrame() || (replaced_ & FrameBit(fields.pfn)) == 0) return;
  const Replacement& replacement = replacements_[fields.pfn];
  const Reference& reference = references().HeldBy(event.cpu).back();
  // A call that began after the replacement is another matter: whether the page was mapped.
  if (replacement.generation != reference.page.generation ||
      (replacement.area_pages >> reference.area_page & 1) == 0 ||
      reference.gup_begin > replacement.event || !reference.CountsAs(replacement.counts) ||
      // Back in its place since: swapped in again from the swap cache.
      mappings().WasMappedAnew(reference.area_page, reference.page, replacement.event)) {
    return;
  }
  ReportMissed(event, replacement, reference, "was returned after that");
}

void NoPinnedPageFreedOracle::OnPut(uint32_t index) {
  const Reference* put = references().LastPut();
  if (put == nullptr || !mappings().IsCurrent(put->page)) return;
  for (uint32_t counts = 0; counts < WR_COUNTS_KINDS; ++counts) {
    if (!put->CountsAs(counts)) continue;
    put_[counts] |= FrameBit(put->page.pfn);
    puts_[counts][put->page.pfn] = {index, *put};
  }
}

void NoPinnedPageFreedOracle::OnFree(const Event& event, const Object& object, uint32_t index) {
  const auto head = static_cast<uint16_t>(event.before);
  const Reference* held = references().FindOnFolio(head, mappings());
  if (held == nullptr) return;
  uint32_t dropped = index;
  if (object.kind == ObjectKind::kRefcount) {
    dropped = FindWriteOf(engine(), event.location, 0, index);
  }
  Report(event, dropped == kNoEvent ? index : dropped, FindTaking(engine(), *held),
         "CPU %d frees %s while CPU %d holds the reference that GUP returned for page %d",
         event.cpu, NameOfFrame(head).c_str(), held->cpu, held->area_page);
}

void NoPinnedPageFreedOracle::ReportMissed(const Event& at, const Replacement& replacement,
                                           const Reference& reference,
                                           const char* what_became_of_it) {
  const std::string name = NameOfFrame(reference.page.pfn);
  Report(at, FindLook(engine(), replacement.check, reference.head), FindTaking(engine(), reference),
         "CPU %d replaced page %d (%s) on a check of the counts that missed the reference of CPU "
         "%d's GUP call: it %s",
         replacement.cpu, replacement.area_page, name.c_str(), reference.cpu, what_became_of_it);
}

}  // namespace walkrace
