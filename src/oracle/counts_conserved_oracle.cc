#include "oracle/counts_conserved_oracle.h"

#include <cstring>

#include "kernel/page_ref.h"
#include "oracle/mapping_history.h"
#include "oracle/reference_history.h"
#include "oracle/trace_search.h"

namespace walkrace {
namespace {

static_assert(kFramesMax <= 64);
constexpr uint64_t FrameBit(uint64_t pfn) { return uint64_t{1} << pfn; }

}  // namespace

struct CountsConservedOracle::Expected {
  int32_t references[kFramesMax];  // of live references and mappings, by head
  int32_t pins[kFramesMax];        // by head; of large folios
  int32_t maps[kFramesMax];        // by frame
  int32_t folio_maps[kFramesMax];  // by head: mappings of any of its pages
};

void CountsConservedOracle::Begin() {
  touched_ = 0;
  fresh_ = 0;
  frozen_ = 0;
}

void CountsConservedOracle::OnEvent(const Event& event, const Object& object, uint32_t index) {
  if (event.kind != EventKind::kNote) {
    OnCount(event, object, index);
    return;
  }
  const uint64_t pfn = event.before;
  if (pfn >= kFramesMax) return;
  touched_ |= FrameBit(pfn);
  frozen_ &= ~FrameBit(pfn);
  if (event.detail == WR_NOTE_FOLIO_ALLOC) {
    fresh_ |= FrameBit(pfn);
    fresh_by_[pfn] = event.cpu;
  }
}

void CountsConservedOracle::OnCount(const Event& event, const Object& object, uint32_t index) {
  const auto before = static_cast<int64_t>(event.before);
  const auto after = static_cast<int64_t>(event.after);
  touched_ |= FrameBit(object.frame);
  if (after < 0 && after < before) {
    const uint32_t earlier = FindLast(engine(), index, [&](const Event& other) {
      return other.location == event.location && other.kind != EventKind::kNote &&
             static_cast<int64_t>(other.after - other.before) < 0;
    });
    Report(event, earlier, index, "CPU %d takes %s below zero, to %lld", event.cpu,
           NameOf(event.location).c_str(), static_cast<long long>(after));
    return;
  }
  if (object.kind != ObjectKind::kRefcount) return;
  if (after == 0 && before != 0 && event.kind == EventKind::kRmw &&
      event.detail == static_cast<uint8_t>(RmwKind::kCmpxchg)) {
    Freeze(object.frame, event.cpu);
  }
  if (before != 0 || after == 0) return;
  if ((frozen_ & FrameBit(object.frame)) != 0 && frozen_by_[object.frame] == event.cpu) {
    frozen_ &= ~FrameBit(object.frame);
    return;
  }
  if (event.kind == EventKind::kStore && (fresh_ & FrameBit(object.frame)) != 0 &&
      fresh_by_[object.frame] == event.cpu) {
    fresh_ &= ~FrameBit(object.frame);
    return;
  }
  Report(event, FindWriteOf(engine(), event.location, 0, index), index,
         "CPU %d takes a reference on %s, whose count is zero: it belongs to the allocator",
         event.cpu, NameOfFrame(object.frame).c_str());
}

// Whoever froze a folio's count raises it again, and those of the tails that it makes pages of
// their own.
void CountsConservedOracle::Freeze(uint16_t head, CpuId cpu) {
  const uint16_t end = head + CountsOf(head).pages;
  for (uint16_t pfn = head; pfn < end; ++pfn) {
    frozen_ |= FrameBit(pfn);
    touched_ |= FrameBit(pfn);
    frozen_by_[pfn] = cpu;
  }
}

uint64_t CountsConservedOracle::ChangedFrames() const {
  uint64_t changed = touched_;
  for (int page = 0; page < AreaPagesInUse(); ++page) {
    if (mappings().LastChange(page) == kNoEvent) continue;
    changed |= FrameBit(mappings().Before(page, 0).page.pfn);
    changed |= FrameBit(mappings().Current(page).page.pfn);
  }
  return changed & ~FrameBit(0);
}

void CountsConservedOracle::CountMappings(Expected* expected) const {
  for (int page = 0; page < AreaPagesInUse(); ++page) {
    const Mapping& mapping = mappings().Current(page);
    const uint16_t pfn = mapping.page.pfn;
    if (pfn == 0) continue;
    const uint16_t head = CountsOf(pfn).head;
    // A huge mapping is one entry: counted with its first page. So are the entries of a contiguous
    // set. A shared table has one for all.
    const bool as_one = mapping.huge || IsHugetlbPage(pfn);
    if (as_one && page % kEntriesPerTable != 0) continue;
    if (SharesTableOfMm0(page) || IsDevicePage(pfn)) continue;
    ++expected->references[head];
    ++expected->maps[as_one ? head : pfn];
    ++expected->folio_maps[head];
  }
}

void CountsConservedOracle::CountReferences(Expected* expected) const {
  for (CpuId cpu = 0; cpu < kCpusMax; ++cpu) {
    for (const Reference& reference : references().HeldBy(cpu)) {
      const bool pin = (reference.flags & FOLL_PIN) != 0;
      const bool large = CountsOf(reference.head).pages > 1;
      expected->references[reference.head] += pin && !large ? GUP_PIN_COUNTING_BIAS : 1;
      if (pin && large) ++expected->pins[reference.head];
    }
  }
}

void CountsConservedOracle::CountCaches(Expected* expected) {
  for (int i = 0; i < kFilePages && HasFiles(); ++i) {
    const uint16_t pfn = FrameOfFilePage(i);
    if (pfn == 0 || IsDevicePage(pfn)) continue;
    // The page cache holds a reference a page, hugetlb's one on the whole.
    const uint16_t head = CountsOf(pfn).head;
    if (i < kCachePages || head == pfn) ++expected->references[head];
  }
  for (uint16_t pfn = 1; pfn < kFramesMax && HasFiles(); ++pfn) {
    if (IsDevicePage(pfn)) ++expected->references[pfn];
  }
  for (int slot = 0; slot < kSwapSlots; ++slot) {
    const uint16_t pfn = FrameOfSwapSlot(slot);
    if (pfn != 0) ++expected->references[pfn];
  }
}

void CountsConservedOracle::End() {
  const uint64_t changed = ChangedFrames();
  if (changed == 0) return;
  Expected expected;
  std::memset(&expected, 0, sizeof(expected));
  CountMappings(&expected);
  CountReferences(&expected);
  CountCaches(&expected);
  uint64_t judged = 0;
  for (uint64_t rest = changed; rest != 0; rest &= rest - 1) {
    const uint16_t head = CountsOf(static_cast<uint16_t>(__builtin_ctzll(rest))).head;
    if ((judged & FrameBit(head)) != 0) continue;
    judged |= FrameBit(head);
    if (!JudgeFolio(head, expected)) return;
  }
}

bool CountsConservedOracle::JudgeFolio(uint16_t head, const Expected& expected) {
  const FolioCounts counts = CountsOf(head);
  const bool free = FrameIsFree(head);
  const int wanted = expected.references[head];
  if (counts.refcount == wanted && counts.pincount == expected.pins[head] &&
      free == (wanted == 0)) {
    for (uint16_t pfn = head; pfn < head + counts.pages; ++pfn) {
      if (MapcountOf(pfn) == expected.maps[pfn]) continue;
      ReportAtEnd(kNoEvent, kNoEvent, "at the end the map count of %s is %lld, with %d mappings",
                  NameOfFrame(pfn).c_str(), static_cast<long long>(MapcountOf(pfn)),
                  expected.maps[pfn]);
      return false;
    }
    return true;
  }
  const std::string name = NameOfFrame(head);
  if (free && wanted != 0) {
    ReportAtEnd(kNoEvent, kNoEvent, "at the end %s is free, with %d mappings and %d for references",
                name.c_str(), expected.folio_maps[head], wanted - expected.folio_maps[head]);
    return false;
  }
  ReportAtEnd(FindLeak(engine(), head), kNoEvent,
              "at the end %s counts %lld references (%lld pins): %d mappings and returned "
              "references account for %d (%d pins)",
              name.c_str(), static_cast<long long>(counts.refcount),
              static_cast<long long>(counts.pincount), expected.folio_maps[head], wanted,
              expected.pins[head]);
  return false;
}

}  // namespace walkrace
