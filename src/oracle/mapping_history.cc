#include "oracle/mapping_history.h"

#include <cstring>

#include "base/check.h"
#include "oracle/oracle.h"

namespace walkrace {
namespace {

constexpr uint64_t kRegionBytes = kEntriesPerTable * kBytesPerPage;
// The pmd entry of the area's first region.
constexpr int kFirstPmd = kAreaStart / kRegionBytes % kEntriesPerTable;
// A pte's index is its page's number in the region; one pmd table serves the whole area of an mm.
static_assert(kAreaStart % kRegionBytes == 0 && kFirstPmd + kRegionsMax <= kEntriesPerTable);

Mapping MappingOf(const Translation& translation, uint32_t from_event, const uint16_t* generation) {
  if (translation.pfn == 0 || translation.pfn >= kFramesMax) return {from_event, {}, false, false};
  return {from_event,
          {translation.pfn, generation[translation.pfn]},
          translation.writable,
          translation.huge};
}

bool SameTranslation(const Mapping& a, const Mapping& b) {
  return a.page.pfn == b.page.pfn && a.writable == b.writable && a.huge == b.huge;
}

}  // namespace

void MappingHistory::Begin() {
  std::memset(generation_, 0, sizeof(generation_));
  pages_ = AreaPagesInUse();
  if (start_number_ == StartNumber()) {
    for (int page = 0; page < pages_; ++page) log_[page].truncate(1);
    return;
  }
  start_number_ = StartNumber();
  for (int page = 0; page < pages_; ++page) {
    log_[page].clear();
    WR_CHECK(log_[page].push_back(MappingOf(Translate(page), 0, generation_)));
  }
}

void MappingHistory::OnFolioAlloc(uint64_t pfn, uint64_t order) {
  WR_CHECK(pfn + (uint64_t{1} << order) <= kFramesMax);
  for (uint64_t i = 0; i < uint64_t{1} << order; ++i) ++generation_[pfn + i];
}

void MappingHistory::Update(int page, const Translation& translation, uint32_t index) {
  auto& log = log_[page];
  const Mapping now = MappingOf(translation, index, generation_);
  if (SameTranslation(now, log.back())) return;
  if (log.full()) {
    log.erase(0);
    start_number_ = 0;
  }
  WR_CHECK(log.push_back(now));
}

void MappingHistory::OnEntryWrite(const Object& entry, uint32_t index) {
  if (entry.kind == ObjectKind::kPte) {
    // Wherever its table is linked now, or nowhere: Translate knows.
    for (int page = entry.index; page < pages_; page += kEntriesPerTable) {
      Update(page, Translate(page), index);
    }
    return;
  }
  // With hugetlb an mm has a second pmd table, which it may share.
  if (entry.kind != ObjectKind::kPmd || AreaStart() != kAreaStart) {
    for (int region = 0; region < pages_ / kPagesPerRegion; ++region) UpdateRegion(region, index);
    return;
  }
  const int first = entry.index - kFirstPmd;
  if (first < 0 || first >= kRegionsMax) return;
  for (int region = first; region < pages_ / kPagesPerRegion; region += kRegionsMax) {
    UpdateRegion(region, index);
  }
}

void MappingHistory::UpdateRegion(int region, uint32_t index) {
  Translation now[kPagesPerRegion];
  TranslateRegion(region, now);
  for (int i = 0; i < kPagesPerRegion; ++i) Update(region * kPagesPerRegion + i, now[i], index);
}

bool MappingHistory::WasMapped(int page, Allocation what, bool for_writing, uint32_t since) const {
  const auto& log = log_[page];
  for (size_t i = log.size(); i-- > 0;) {
    const Mapping& mapping = log[i];
    if (mapping.page == what && (mapping.writable || !for_writing)) return true;
    if (mapping.from_event <= since) return false;  // the earlier ones had ended by then
  }
  return false;
}

bool MappingHistory::WasMappedAnew(int page, Allocation what, uint32_t since) const {
  const auto& log = log_[page];
  for (size_t i = log.size(); i > 0 && log[i - 1].from_event > since; --i) {
    if (log[i - 1].page == what) return true;
  }
  return false;
}

const Mapping& MappingHistory::Before(int page, uint32_t index) const {
  const auto& log = log_[page];
  size_t i = log.size() - 1;
  while (i > 0 && log[i].from_event >= index) --i;
  return log[i];
}

uint32_t MappingHistory::LastChange(int page) const {
  const auto& log = log_[page];
  return log.size() == 1 ? kNoEvent : log.back().from_event;
}

uint32_t MappingHistory::EndOfMapping(int page, uint16_t pfn) const {
  const auto& log = log_[page];
  for (size_t i = log.size(); i-- > 0;) {
    if (log[i].page.pfn != pfn) continue;
    return i + 1 == log.size() ? kNoEvent : log[i + 1].from_event;
  }
  return kNoEvent;
}

}  // namespace walkrace
